"""Work that comes round."""

from threading import Event, Thread

import pytest
from sqlalchemy import Engine

from central.jobs import Job, Jobs
from tests.office import TurnedClock
from tests.waiting import until


def test_a_job_comes_round_when_its_time_is_over(engine: Engine) -> None:
    clock = TurnedClock()
    done: list[int] = []
    jobs = Jobs([Job("often", 10, done.append)], engine, clock, "worker-1")
    began = clock.now_utc_ms

    for _ in range(3):
        jobs.round()
        clock.now_utc_ms += 5_000

    assert done == [began, began + 10_000]


def test_what_is_woken_does_not_wait(engine: Engine) -> None:
    clock, stop = TurnedClock(), Event()
    done: list[int] = []
    jobs = Jobs([Job("seldom", 3600, done.append)], engine, clock, "worker-1")
    thread = Thread(target=jobs.run, args=(stop,))
    thread.start()
    try:
        assert until(lambda: len(done) == 1)
        jobs.wake()
        assert until(lambda: len(done) == 2)
    finally:
        stop.set()
        jobs.wake()
        thread.join(30)
    assert not thread.is_alive()


def test_of_two_workers_one_runs_a_job(engine: Engine) -> None:
    clock = TurnedClock()
    done: list[str] = []
    workers = [
        Jobs([Job("one", 10, lambda _, name=name: done.append(name))], engine, clock, name)  # type: ignore[misc]
        for name in ("worker-1", "worker-2")
    ]

    for worker in workers:
        worker.round()
    clock.now_utc_ms += 61_000  # the first worker is gone
    workers[1].round()

    assert done == ["worker-1", "worker-2"]


def test_what_the_world_does_to_a_job_stops_no_other(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    clock = TurnedClock()
    done: list[int] = []

    def fail(_now: int) -> None:
        raise ConnectionError("gateway away")

    jobs = Jobs([Job("fails", 1, fail), Job("works", 1, done.append)], engine, clock, "worker-1")
    jobs.round()

    assert len(done) == 1
    assert "job fails failed and comes round again: gateway away" in caplog.text


def test_our_own_bug_in_a_job_is_not_swallowed(engine: Engine) -> None:
    def fail(_now: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Jobs([Job("bug", 1, fail)], engine, TurnedClock(), "worker-1").round()
