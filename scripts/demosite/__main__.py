"""`scripts/demo`: start a whole site, tell what happens, end it cleanly."""

import fcntl
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from scripts.demosite import plan
from scripts.demosite.clerk import Clerk
from scripts.demosite.options import Options, parse
from scripts.demosite.processes import DemoError, Processes
from scripts.demosite.site import Site, start, start_clean
from scripts.demosite.watch import Watch, summary

_LOOK_S = 0.5


def main() -> int:
    options = parse(sys.argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell may have had SIGINT ignored
        signal.signal(number, _interrupted)
    began_s = time.monotonic()
    try:
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
        print(f"\n  staff page  {site.web}\n  account     {plan.ACCOUNT}")
        print(f"  password    {site.password}")
        print(f"  telephones  {site.phone}\n  register    {site.register}\n")
        print(f"  looking at  {scene.source}\n  with        {scene.model}")
        print(f"  logs        {layout.run / 'logs'}\n", flush=True)
        return _follow(options, site, processes, began_s)


def _follow(options: Options, site: Site, processes: Processes, began_s: float) -> int:
    """Tell what arrives until Ctrl-C, or, with --once, until a case stands."""
    watch = Watch(site.lookup(), needs_reminder=options.source is None)
    # People read other clips; the demo's own plate is known.
    clerks = [Clerk(site, name) for name in plan.CLERKS if options.source is None]
    limit_s = time.monotonic() + options.limit_s
    while True:
        processes.check()
        for sentence in watch.news():
            print(f"{time.monotonic() - began_s:6.1f} s  {sentence}", flush=True)
        for clerk in clerks:
            done = clerk.work()
            if done:
                print(f"{time.monotonic() - began_s:6.1f} s  {done}", flush=True)
        case = watch.complete() if options.once else None
        if case is not None:
            print(f"\n{summary(case)}\n  packet: {site.prove(case.row.number)}")
            print(f"  after {time.monotonic() - began_s:.1f} s", flush=True)
            return 0
        if options.once and time.monotonic() > limit_s:
            raise DemoError(
                f"no case stood at central within {options.limit_s:.0f} s; "
                f"see the logs in {processes.logs}"
            )
        if not options.once and sys.stdout.isatty():
            print(f"\r{time.monotonic() - began_s:6.1f} s  watching (Ctrl-C ends)", end="\r")
        time.sleep(_LOOK_S)


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
