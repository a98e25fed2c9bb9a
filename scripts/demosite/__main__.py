"""`scripts/demo`: start a whole site, tell what happens, end it cleanly."""

import fcntl
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from scripts.demosite import plan
from scripts.demosite.options import Options, parse
from scripts.demosite.people import code_now
from scripts.demosite.processes import DemoError, Processes
from scripts.demosite.site import Site, start, start_clean
from scripts.demosite.telling import Telling
from scripts.demosite.watch import Watch, summary
from scripts.demosite.welcome import ended, welcome

_LOOK_S = 0.5


def main() -> int:
    options = parse(sys.argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell may have had SIGINT ignored
        signal.signal(number, _interrupted)
    began_s = time.monotonic()
    try:
        if options.code:
            return _tell_code(plan.Layout(options.home), options.code)
        with _only_one(options.home):
            return _run(options, began_s)
    except KeyboardInterrupt:
        print("\nended; nothing is left running")
        return 130
    except DemoError as error:
        print(f"scripts/demo: {error}", file=sys.stderr)
        return 1


def _run(options: Options, began_s: float) -> int:
    layout = plan.Layout(options.home)
    scene = plan.scene(options.source, options.lane, options.model)
    start_clean(layout)
    with Processes(layout.run / "logs") as processes:
        site = start(layout, scene, processes)
        print(welcome(site, scene), flush=True)
        if not options.stories or options.source is not None:
            return _follow(options, site, processes, None, began_s)
        telling = Telling(site)
        try:
            telling.start()
            return _follow(options, site, processes, telling, began_s)
        finally:
            telling.stop()


def _follow(
    options: Options, site: Site, processes: Processes, telling: Telling | None, began_s: float
) -> int:
    """Tell what arrives until Ctrl-C, or, with --once, until every case stands as it should."""
    watch = Watch(site.lookup(), plan.DEVICE, needs_reminder=telling is not None)
    limit_s = time.monotonic() + options.limit_s
    invited = False
    while True:
        processes.check()
        for sentence in [*watch.news(), *(telling.news() if telling else ())]:
            print(f"{time.monotonic() - began_s:6.1f} s  {sentence}", flush=True)
        if telling:
            telling.type_live(watch.waiting())
        over = telling is None or telling.over
        if over and not invited:
            print(ended(telling.told if telling else (), site), flush=True)
            invited = True
        case = watch.complete() if options.once and over else None
        if case is not None:
            print(f"\n{summary(case)}\n  packet: {site.prove(case.row.number)}")
            for one in telling.told if telling else ():
                row = site.row(one.case_id) if one.case_id else None
                if row is not None:
                    print(f"  {one.story.tells}: {site.prove(row.number)}")
            print(f"  after {time.monotonic() - began_s:.1f} s", flush=True)
            return 1 if telling and any(one.fault for one in telling.told) else 0
        if options.once and time.monotonic() > limit_s:
            raise DemoError(
                f"not every case stood at central within {options.limit_s:.0f} s; "
                f"see the logs in {processes.logs}"
            )
        if not options.once and sys.stdout.isatty():
            print(f"\r{time.monotonic() - began_s:6.1f} s  watching (Ctrl-C ends)", end="\r")
        time.sleep(_LOOK_S)


def _tell_code(layout: plan.Layout, name: str) -> int:
    """The one-time code of a demo account, which its authenticator would show."""
    try:
        secrets: dict[str, str] = json.loads(layout.accounts.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DemoError(f"no demo runs in {layout.home}: start scripts/demo first") from None
    if name not in secrets:
        raise DemoError(f"{name!r} has no authenticator; there are {', '.join(secrets)}")
    code, left_s = code_now(secrets[name])
    print(f"{code}  (for {left_s} s more)")
    return 0


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Two demos in one folder would take each other's data away."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(
                f"another demo runs in {home}; end it, or give another folder with --home"
            ) from None
        yield


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
