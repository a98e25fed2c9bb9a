"""Which work comes round in a running server. `server.py` runs each list in a thread of its own."""

from collections.abc import Sequence

from sqlalchemy import Engine

from central.jobs import Job
from central.webhooks import Webhooks


def office_jobs(engine: Engine) -> Sequence[Job]:
    """What may wait for a few seconds, one job after another."""
    return (Job("webhooks", 5, Webhooks(engine).run),)
