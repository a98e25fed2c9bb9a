"""One round of retention: everything that is due, a part of it each time."""

from sqlalchemy import Engine

from central.blobs import Blobs
from central.database import reading
from central.keeping.erasing import Eraser, rules
from central.keeping.leftovers import drop_unfinished, erase_logs
from central.publications import Publications


def run(engine: Engine, blobs: Blobs, utc_ms: int) -> int:
    """How many things went."""
    with reading(engine) as db:
        due = rules(db, utc_ms)
    done = Publications(engine, blobs).run(due.get("published"), utc_ms)
    done += Eraser(engine, blobs).run(utc_ms)
    if "logs" in due:
        done += erase_logs(engine, due["logs"], utc_ms)
    if "unfinished" in due:
        done += drop_unfinished(engine, blobs, due["unfinished"], utc_ms)
    return done
