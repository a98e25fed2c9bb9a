"""What must outlive a power cut besides the records: open stays, exhibits taken, notices come in.

Written only when something changes, never per frame: an SD card bears about 10 KB per commit.
"""

from dataclasses import dataclass
from uuid import UUID

from edge.database import Database
from edge.outbox_check import DAMAGED, digest
from edge.trace import point
from edge.wire.fields import Moment
from edge.wire.records import Exhibit
from edge.wire.replies import Notice


@dataclass(frozen=True, slots=True)
class ReceivedNotice:
    """A notice and when it came, on the monotonic clock of the boot named."""

    notice: Notice
    mono_ns: int
    boot: str


class StayMemory:
    """All methods may be called from any thread and raise StorageFault."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_stays(self, camera: str, body: bytes) -> None:
        """Replace the rules' snapshot of a camera's open stays."""
        with self._database.transaction("save open stays") as connection:
            connection.execute(
                "INSERT OR REPLACE INTO snapshot (camera, body, digest) VALUES (?, ?, ?)",
                (camera, body, digest(camera, body)),
            )
        point("stays_saved", camera)

    def load_stays(self, camera: str) -> bytes | None:
        """The latest snapshot of a camera's open stays; None before the first."""
        with self._database.reading() as connection:
            query = "SELECT body FROM snapshot WHERE camera = ?"
            row = connection.execute(query, (camera,)).fetchone()
        return None if row is None else row["body"]

    def stays_damaged(self, camera: str) -> bool:
        """Whether the disk changed the latest snapshot: what it says is to be believed no more."""
        with self._database.reading() as connection:
            query = "SELECT 1 FROM snapshot WHERE camera = ? AND digest = ?"
            return connection.execute(query, (camera, DAMAGED)).fetchone() is not None

    def take(self, stay: UUID, exhibits: list[Exhibit]) -> None:
        """Remember exhibits, already in the vault, for the next record of their stay."""
        rows = [(str(stay), each.sha256, each.model_dump_json()) for each in exhibits]
        with self._database.transaction("remember exhibits") as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO taken (stay_id, sha256, body, digest) VALUES (?, ?, ?, ?)",
                [(*row, digest(*row)) for row in rows],
            )
        point("exhibits_remembered", str(stay))

    def taken(self, stay: UUID) -> list[Exhibit]:
        """The exhibits of a stay that no record names yet, in the order they were taken."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT body FROM taken WHERE stay_id = ?", (str(stay),))
            found = [Exhibit.model_validate_json(row["body"]) for row in rows]
        return sorted(found, key=lambda each: (each.taken.utc_ms, each.view))

    def begin(self, stay: UUID, moment: Moment) -> Moment:
        """When a stay began: what was said first holds, whatever is said later."""
        query = "SELECT begin FROM stay WHERE stay_id = ?"
        with self._database.reading() as connection:
            row = connection.execute(query, (str(stay),)).fetchone()
        if row is not None:
            return Moment.model_validate_json(row["begin"])
        row = str(stay), moment.model_dump_json()
        with self._database.transaction("remember a beginning") as connection:
            connection.execute(
                "INSERT OR IGNORE INTO stay (stay_id, begin, digest) VALUES (?, ?, ?)",
                (*row, digest(*row)),
            )
        return moment

    def forget(self, stay: UUID) -> None:
        """A stay has ended: nothing about it is needed beyond its records."""
        with self._database.transaction("forget a stay") as connection:
            connection.execute("DELETE FROM stay WHERE stay_id = ?", (str(stay),))
            connection.execute("DELETE FROM taken WHERE stay_id = ?", (str(stay),))

    def notice_came(self, received: ReceivedNotice) -> bool:
        """Keep a notice until the rules have taken it in; False where it is known already."""
        notice = received.notice
        row = str(notice.notice_id), notice.to_bytes(), received.mono_ns, received.boot, 0
        with self._database.transaction("keep a notice") as connection:
            changed = connection.execute(
                "INSERT OR IGNORE INTO notice (notice_id, body, mono_ns, boot, done, digest)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (*row, digest(*row)),
            ).rowcount
        point("notice_kept", str(notice.notice_id))
        return changed == 1

    def notices(self) -> list[ReceivedNotice]:
        """Notices that the rules have not taken in, in the order they were sent."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT body, mono_ns, boot FROM notice WHERE done = 0")
            found = [
                ReceivedNotice(Notice.model_validate_json(row["body"]), row["mono_ns"], row["boot"])
                for row in rows
            ]
        return sorted(found, key=lambda each: each.notice.sent_utc_ms)

    def notice(self, notice_id: UUID) -> Notice | None:
        """A notice that came, taken in or not."""
        with self._database.reading() as connection:
            query = "SELECT body FROM notice WHERE notice_id = ?"
            row = connection.execute(query, (str(notice_id),)).fetchone()
        return None if row is None else Notice.model_validate_json(row["body"])

    def notice_done(self, notice_id: UUID) -> None:
        """The rules have it, and the snapshot that says so is saved."""
        with self._database.transaction("finish a notice") as connection:
            query = "SELECT notice_id, body, mono_ns, boot FROM notice WHERE notice_id = ?"
            row = connection.execute(query, (str(notice_id),)).fetchone()
            if row is not None:
                told = digest(*row, 1), str(notice_id)
                connection.execute(
                    "UPDATE notice SET done = 1, digest = ? WHERE notice_id = ?", told
                )
