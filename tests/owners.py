"""Owners of vehicles with the link from the message in hand.

owner = Owner.of(staff, case_id)
with owner.browser() as client:
    owner.enter(client)
    page = client.get(owner.path)
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from httpx import Client, Response
from PIL import Image

from central import acting, owner_links
from central.cases import State
from central.owner import parties
from tests.case_files import CaseFile
from tests.staff import Staff, token

VIN = "LSVAA4182E2184847"
ANSWER = "184847"
ID_TAIL = "011234"
"""Of the party that tests.case_files names."""
_FORM = re.compile(r'name="form" value="([^"]+)"')
Files = Sequence[tuple[str, tuple[str, bytes, str]]]


@dataclass
class Owner:
    """A link, and what its holder knows."""

    staff: Staff
    case_id: UUID
    token: str
    answer: str = ANSWER

    @classmethod
    def of(cls, staff: Staff, case_id: UUID, party_id: UUID | None = None) -> "Owner":
        """A new link to the case: for the holder, or for a party (whose answer is set apart)."""
        now = staff.office.clock.utc_ms()
        with staff.office.engine.begin() as db:
            if party_id is None:
                owner_links.remember_check(db, case_id, "vin", VIN)
            made = owner_links.mint(db, case_id, now, party_id)
        return cls(staff, case_id, made)

    @property
    def path(self) -> str:
        return owner_links.path(self.token)

    @contextmanager
    def browser(self) -> Iterator[Client]:
        """A telephone that has not opened the link yet."""
        with self.staff.visitor() as client:
            yield client

    def check(self, client: Client, answer: str | None = None) -> Response:
        """What the check's form does."""
        csrf = token(client.get(self.path))
        sent = {"csrf": csrf, "answer": self.answer if answer is None else answer, "then": ""}
        return client.post(f"{self.path}/check", data=sent)

    def enter(self, client: Client) -> None:
        answered = self.check(client)
        assert answered.status_code == 303, answered.text

    @contextmanager
    def inside(self) -> Iterator[Client]:
        """A telephone that passed the check."""
        with self.browser() as client:
            self.enter(client)
            yield client

    def form(self, client: Client, name: str) -> dict[str, str]:
        """The hidden fields of a form."""
        page = client.get(f"{self.path}/{name}")
        found = _FORM.search(page.text)
        assert found is not None, page.text
        return {"csrf": token(page), "form": found.group(1)}

    def send(
        self,
        client: Client,
        name: str,
        fields: Mapping[str, str],
        files: Files = (),
    ) -> Response:
        """Open a form, fill it and send it."""
        filled = {**self.form(client, name), **fields}
        path = f"{self.path}/{name}"
        return client.post(path, data=filled, files=files or None)


def party_of(file: CaseFile) -> UUID:
    with file.office.engine.connect() as db:
        found = parties.of_case(db, file.case_id)
    assert found is not None
    return found.id


def partys(staff: Staff, file: CaseFile) -> Owner:
    """The link of the case's party."""
    owner = Owner.of(staff, file.case_id, party_of(file))
    owner.answer = ID_TAIL
    return owner


def state_of(file: CaseFile) -> State:
    with file.office.engine.connect() as db:
        return acting.standing(db, file.case_id).main


def jpeg(width: int = 64, height: int = 48) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(written, "JPEG")
    return written.getvalue()
