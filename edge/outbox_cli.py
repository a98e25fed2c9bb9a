"""`firelane-edge outbox`: what the device has recorded, what waits, and what was set aside and why.

Reads beside the running daemon and changes nothing. sqlite-utils is used here and not in the
daemon, where importing it costs 38 MB of memory.
"""

import argparse
import json
import os
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from edge.config import load

STATES = ("waiting", "receipted", "aside", "pruned")
_QUERY = """
SELECT seq, kind, state, stay_id, made_utc_ms, settled_utc_ms, code, text,
       length(envelope)
       + (SELECT coalesce(sum(size), 0) FROM exhibit WHERE exhibit.seq = record.seq) AS size
FROM record WHERE state IN (SELECT value FROM json_each(:states)) ORDER BY seq DESC LIMIT :limit
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-c", "--config", type=Path, required=True, metavar="FILE")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="sets")
    parser.add_argument(
        "--state", action="append", choices=STATES, help="only these; may be repeated"
    )
    parser.add_argument("--limit", type=int, default=50, help="at most so many, newest first")
    parser.add_argument("--json", action="store_true", help="one JSON line a record")


def show(options: argparse.Namespace) -> int:
    """Exit code 1 when there is no outbox, or it cannot be read. One sentence says why."""
    config = load(options.config, os.environ, options.sets)
    assert config.storage is not None, "load() checks for what the daemon needs"
    path = config.storage.dir / "outbox.sqlite3"
    try:
        rows = records(path, options.state or list(STATES), options.limit)
    except (OSError, sqlite3.Error) as error:
        print(f"cannot read the outbox {path}: {error}", file=sys.stderr)
        return 1
    for row in rows:
        print(json.dumps(row, ensure_ascii=False) if options.json else line(row))
    if not rows:
        print("nothing there", file=sys.stderr)
    return 0


def records(path: Path, states: list[str], limit: int) -> list[dict[str, object]]:
    """Records in these states, newest first. Raises FileNotFoundError or sqlite3.Error."""
    from sqlite_utils import Database

    if not path.is_file():
        raise FileNotFoundError("there is none yet")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        found = Database(connection).query(
            _QUERY, {"states": json.dumps(states), "limit": max(0, limit)}
        )
        return [dict(row) for row in found]


def line(row: dict[str, object]) -> str:
    """A record as a line for people."""
    made = datetime.fromtimestamp(int(str(row["made_utc_ms"])) / 1000, UTC)
    size_kb = int(str(row["size"] or 0)) // 1000
    why = f"  {row['code']}: {row['text']}" if row["code"] else ""
    return (
        f"{row['seq']:>6}  {made:%Y-%m-%d %H:%M:%S}Z  {row['kind']:<9} {row['state']:<9} "
        f"{size_kb:>6} kB  stay {row['stay_id']}{why}"
    )
