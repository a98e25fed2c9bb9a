"""The five stories in a running site: each in a thread, told as they go, and how they ended."""

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

from scripts.demosite import plan
from scripts.demosite.album import Album
from scripts.demosite.boxes import Box
from scripts.demosite.people import PEOPLE, Clerk
from scripts.demosite.processes import DemoError
from scripts.demosite.site import Site
from scripts.demosite.stories import STORIES, Ended, Story, Town

_ACTING = ("officer", "head", "legal", "service", "finance")
"""Roles whose people do something here, and enrol an authenticator for it."""
_BOX_OF = dict(zip((story.name for story in STORIES), list(plan.BOXES)[1:], strict=True))


@dataclass(frozen=True, slots=True)
class Told:
    """How a story ended: the id of its case, or what went wrong."""

    story: Story
    case_id: str
    fault: str = ""


@dataclass
class Telling:
    """`start` it, ask for `news`, `stop` it before the site ends."""

    site: Site
    told: list[Told] = field(default_factory=list)
    _news: "SimpleQueue[str]" = field(default_factory=SimpleQueue)
    _threads: list[threading.Thread] = field(default_factory=list)
    _boxes: dict[str, Box] = field(default_factory=dict)

    def start(self) -> None:
        """Boxes go online, people sign in and enrol their authenticators. Raises DemoError."""
        album = Album.open(plan.ALBUM)
        layout = self.site.layout
        for name, device in _BOX_OF.items():
            folder = layout.run / device
            box = Box(device, album, self.site.times, folder, layout.pki, self.site.broker_port)
            box.start()
            self._boxes[name] = box
        self.town = Town(
            web=self.site.web,
            phone=self.site.phone,
            cashier=self.site.cashier,
            lookup=self.site.lookup(),
            boxes=self._boxes,
            clerks=self._clerks(layout.accounts),
            say=self._news.put,
        )
        for story in STORIES:
            thread = threading.Thread(target=self._tell, args=(story,), name=story.name)
            self._threads.append(thread)
            thread.start()

    def news(self) -> list[str]:
        found = []
        while True:
            try:
                found.append(self._news.get_nowait())
            except Empty:
                return found

    @property
    def over(self) -> bool:
        return len(self.told) == len(STORIES)

    def type_live(self, cases: Iterable[str]) -> None:
        """People type the plate of the vehicle in the clip, where the machines do not agree."""
        for case_id in cases:
            for name in plan.CLERKS:
                if self.town.desk.acquire(blocking=False):
                    try:
                        self.town.clerks[name].type_plate(case_id, plan.STANDING)
                    finally:
                        self.town.desk.release()

    def stop(self) -> None:
        if self._threads:  # else it is ended before the first story began
            self.town.stop.set()
        for thread in self._threads:
            thread.join(60)
        for box in self._boxes.values():
            box.stop()

    def _clerks(self, accounts: Path) -> dict[str, Clerk]:
        clerks = {}
        for person in PEOPLE:
            clerk = Clerk(self.site.web, person, self.site.password)
            if person.role in _ACTING or person.name in plan.CLERKS:
                clerk.sign_in()
                clerks[person.name] = clerk
            if person.role in _ACTING:
                clerk.enrol()
        known = {name: one.secret for name, one in clerks.items() if one.secret}
        accounts.write_text(json.dumps(known))
        accounts.chmod(0o600)
        return clerks

    def _tell(self, story: Story) -> None:
        try:
            self.told.append(Told(story, story.run(self.town)))
        except Ended:
            pass
        except DemoError as error:
            self._news.put(f"the story “{story.tells}” went wrong: {error}")
            self.told.append(Told(story, "", str(error)))
        except Exception as error:  # our bug: tell it with the rest, and end with a fault
            self._news.put(f"the story “{story.tells}” died: {error!r}")
            self.told.append(Told(story, "", repr(error)))
            raise
