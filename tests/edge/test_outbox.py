"""The outbox: what was recorded is there after anything, and leaves only with a receipt."""

import errno
import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge import database
from edge.outbox import SetAside
from edge.stay_memory import ReceivedNotice
from edge.storage import DiskFull, StorageFault
from edge.wire.records import GENESIS, RecordKind
from edge.wire.replies import Notice, Receipt, SeqRange, Tombstone
from edge.wire.signing import open_envelope
from tests.packets import (
    BOOT,
    KEYS,
    UTC_MS,
    Box,
    Told,
    exhibit,
    jpeg,
    moment,
    opened,
    put,
    sealed,
    uuid,
)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = opened(tmp_path)
    yield made
    made.database.close()


def receipt_for(box: Box, seq: int) -> Receipt:
    packet = box.outbox.waiting(seq - 1, 1)[0]
    return Receipt(
        v=1,
        device="gate-1",
        record_id=packet.record_id,
        record_sha256=packet.record_sha256,
        seq=seq,
        stored_utc_ms=UTC_MS,
        log_index=seq,
    )


def test_records_are_numbered_without_gaps_and_name_the_one_before(box: Box) -> None:
    made = [put(box.outbox, box.vault, number, [jpeg(number)]) for number in (1, 2, 3)]

    seqs = [each.record.seq for each in made]
    prevs = [each.record.prev for each in made]
    hashes = [open_envelope(each.envelope, KEYS).sha256 for each in made]
    assert seqs == [1, 2, 3]
    assert prevs == [GENESIS, hashes[0], hashes[1]]
    assert box.outbox.head() == (3, hashes[2])


def test_what_was_recorded_is_there_after_a_restart_with_its_exact_bytes(box: Box) -> None:
    made = put(box.outbox, box.vault, 1, [jpeg(1), jpeg(2)])
    box.database.close()

    again = opened(box.folder)

    packet = again.outbox.waiting(0, 10)[0]
    assert packet.record_id == made.record.record_id
    assert packet.exhibits == {each.sha256: 1000 for each in made.record.exhibits}
    assert again.outbox.envelope(1) == made.envelope
    assert again.fault == ""


def test_the_same_event_again_makes_no_second_record(box: Box) -> None:
    put(box.outbox, box.vault, 1, [])
    told = Told(2, stay=1)

    second = box.outbox.put("", lambda seq, prev: sealed(told, seq, prev))
    departed = Told(3, RecordKind.DEPARTURE, stay=1)
    third = box.outbox.put("", lambda seq, prev: sealed(departed, seq, prev))

    assert second is None
    assert third is not None
    assert third.record.seq == 2


def test_a_second_overstay_counts_from_its_own_notice(box: Box) -> None:
    overstay = Told(1, RecordKind.OVERSTAY, stay=1)

    first = box.outbox.put("", lambda seq, prev: sealed(overstay, seq, prev))
    reminded = Told(2, RecordKind.OVERSTAY, stay=1)
    second = box.outbox.put("notice-1", lambda seq, prev: sealed(reminded, seq, prev))
    third = box.outbox.put("notice-1", lambda seq, prev: sealed(reminded, seq, prev))

    assert [first is None, second is None, third is None] == [False, False, True]


def test_a_failed_commit_leaves_number_and_chain_as_they_were(box: Box) -> None:
    def fail(_seq: int, _prev: str) -> object:
        raise OSError(errno.ENOSPC, "no space")

    with pytest.raises(DiskFull):
        box.outbox.put("", fail)  # type: ignore[arg-type]

    assert put(box.outbox, box.vault, 1, []).record.seq == 1


def test_a_receipt_lets_exactly_its_packet_go(box: Box) -> None:
    put(box.outbox, box.vault, 1, [jpeg(1)])
    put(box.outbox, box.vault, 2, [jpeg(2)])

    assert box.outbox.receipted([(receipt_for(box, 1), b"signed")], UTC_MS) == [1]

    assert [packet.seq for packet in box.outbox.waiting(0, 10)] == [2]
    assert box.outbox.envelope(1) is not None


def test_a_receipt_for_other_bytes_lets_nothing_go(box: Box) -> None:
    put(box.outbox, box.vault, 1, [])
    wrong = receipt_for(box, 1).model_copy(update={"record_sha256": "0" * 64})
    stranger = receipt_for(box, 1).model_copy(update={"record_id": uuid(99)})
    misnumbered = receipt_for(box, 1).model_copy(update={"seq": 2})

    found = [box.outbox.receipted([(each, b"")], UTC_MS) for each in (wrong, stranger, misnumbered)]

    assert found == [[], [], []]
    assert len(box.outbox.waiting(0, 10)) == 1


def test_pruning_removes_receipted_packets_only_and_keeps_shared_images(box: Box) -> None:
    shared = jpeg(7)
    put(box.outbox, box.vault, 1, [jpeg(1), shared])
    put(box.outbox, box.vault, 2, [jpeg(2), shared])
    put(box.outbox, box.vault, 3, [])
    box.outbox.receipted([(receipt_for(box, 1), b"")], UTC_MS)

    early = box.outbox.prune(UTC_MS)
    late = box.outbox.prune(UTC_MS + 1)

    gone = hashlib.sha256(jpeg(1)).hexdigest()
    assert (early, late) == (0, 1)
    assert gone not in set(box.vault.names())
    assert len(list(box.vault.names())) == 2
    assert box.vault.records() == [2, 3]
    assert box.outbox.envelope(1) is None
    assert [packet.seq for packet in box.outbox.waiting(0, 10)] == [2, 3]


def test_a_refused_packet_is_set_aside_and_shown(box: Box) -> None:
    made = put(box.outbox, box.vault, 1, [])
    put(box.outbox, box.vault, 2, [])
    name = hashlib.sha256(made.envelope).hexdigest()

    seq = box.outbox.refused(name, "message-invalid", "lane: too many points", UTC_MS)

    assert seq == 1
    assert box.outbox.all_set_aside() == [
        SetAside(1, made.record.record_id, "message-invalid", "lane: too many points")
    ]
    assert [packet.seq for packet in box.outbox.waiting(0, 10)] == [2]
    assert box.outbox.refused("0" * 64, "x", "unknown", UTC_MS) is None


def test_resend_answers_for_every_number_asked(box: Box) -> None:
    for number in (1, 2, 3, 4):
        put(box.outbox, box.vault, number, [jpeg(number)])
    hashes = {packet.seq: packet.record_sha256 for packet in box.outbox.waiting(0, 10)}
    box.outbox.receipted([(receipt_for(box, 1), b"")], UTC_MS)
    box.outbox.prune(UTC_MS + 1)
    box.outbox.receipted([(receipt_for(box, 2), b"")], UTC_MS)
    box.outbox.receipted([(receipt_for(box, 3), b"")], UTC_MS)
    box.vault.drop(hashlib.sha256(jpeg(3)).hexdigest())

    tombstones = box.outbox.resend(SeqRange(first=1, last=5))

    assert tombstones == [
        Tombstone(seq=1, record_sha256=hashes[1], reason="pruned-after-receipt"),
        Tombstone(seq=3, record_sha256=hashes[3], reason="damaged"),
        Tombstone(seq=5, record_sha256=None, reason="never-made"),
    ]
    assert [packet.seq for packet in box.outbox.waiting(0, 10)] == [2, 4]


@pytest.mark.parametrize("where", ["header", "middle"])
def test_a_damaged_database_is_set_aside_and_rebuilt_from_the_signed_files(
    box: Box, where: str
) -> None:
    made = [put(box.outbox, box.vault, number, [jpeg(number)]) for number in range(1, 30)]
    box.database.close()
    path = box.folder / "outbox.sqlite3"
    content = bytearray(path.read_bytes())
    begin = 0 if where == "header" else 4096
    content[begin : begin + 8192] = bytes(8192)
    path.write_bytes(content)

    again = opened(box.folder)

    assert again.fault.startswith("the outbox")
    assert [packet.record_id for packet in again.outbox.waiting(0, 100)] == [
        each.record.record_id for each in made
    ]
    assert [again.outbox.envelope(seq) for seq in range(1, 30)] == [e.envelope for e in made]
    assert again.outbox.head() == (29, open_envelope(made[-1].envelope, KEYS).sha256)
    assert len(list(box.folder.glob("outbox.damaged-*"))) >= 1
    assert len(list(again.vault.names())) == 29


def test_a_damaged_record_file_spoils_only_itself(box: Box) -> None:
    for number in (1, 2, 3):
        put(box.outbox, box.vault, number, [jpeg(number)])
    box.database.close()
    (box.folder / "outbox.sqlite3").write_bytes(b"no database")
    for suffix in ("-wal", "-shm"):
        (box.folder / f"outbox.sqlite3{suffix}").unlink(missing_ok=True)
    file = box.folder / "records" / "000000000002.dsse"
    file.write_bytes(file.read_bytes().replace(b'"sig":"', b'"sig":"AAAA'))

    again = opened(box.folder)

    assert again.damaged == [2]
    assert [packet.seq for packet in again.outbox.waiting(0, 10)] == [1, 3]
    assert len(list(again.vault.names())) == 3


def test_a_record_whose_commit_was_cut_is_taken_in_at_the_next_start(box: Box) -> None:
    put(box.outbox, box.vault, 1, [])
    seq, head = box.outbox.head()
    box.vault.keep_record(2, sealed(Told(2), seq + 1, head).envelope)
    box.database.close()

    again = opened(box.folder)

    assert again.outbox.head()[0] == 2
    assert [packet.seq for packet in again.outbox.waiting(0, 10)] == [1, 2]


def test_exhibits_that_nothing_names_are_removed_at_start(box: Box) -> None:
    put(box.outbox, box.vault, 1, [jpeg(1)])
    taken = box.vault.keep(jpeg(2))
    box.memory.take(uuid(5), [exhibit(jpeg(2), occasion="notice")])
    orphan = box.vault.keep(jpeg(3))
    box.database.close()

    again = opened(box.folder)

    assert taken.sha256 in set(again.vault.names())
    assert orphan.sha256 not in set(again.vault.names())


def test_a_full_database_says_so_and_goes_on_once_there_is_room(box: Box) -> None:
    with box.database.reading() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")

    def fill() -> None:
        for number in range(1, 100):
            put(box.outbox, box.vault, number, [])

    with pytest.raises(DiskFull, match="database or disk is full"):
        fill()
    depth = box.outbox.figures(UTC_MS).depth
    with box.database.reading() as connection:
        connection.execute("PRAGMA max_page_count = 10000")

    put(box.outbox, box.vault, 500, [])
    assert box.outbox.figures(UTC_MS).depth == depth + 1


def test_the_database_is_synced_at_every_commit(box: Box) -> None:
    with box.database.reading() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_figures_tell_what_waits_and_for_how_long(box: Box) -> None:
    one = put(box.outbox, box.vault, 1, [jpeg(1)])
    two = put(box.outbox, box.vault, 2, [])
    box.outbox.receipted([(receipt_for(box, 1), b"")], UTC_MS + 5)

    figures = box.outbox.figures(UTC_MS + 10)

    assert figures.depth == 1
    assert figures.oldest_utc_ms == two.record.made.utc_ms
    assert figures.size_bytes == len(two.envelope)
    assert figures.receipted_24h == 1
    assert figures.last_receipt_utc_ms == UTC_MS + 5
    assert figures.seq == 2
    assert one.record.seq == 1


def test_open_stays_exhibits_taken_and_beginnings_outlive_a_restart(box: Box) -> None:
    box.memory.save_stays("front", b"one")
    box.memory.save_stays("front", b"two")
    first = box.memory.begin(uuid(5), moment(0))
    box.memory.take(uuid(5), [exhibit(jpeg(2), occasion="notice")])
    box.database.close()

    again = opened(box.folder)

    assert again.memory.load_stays("front") == b"two"
    assert again.memory.load_stays("back") is None
    assert again.memory.begin(uuid(5), moment(9_000)) == first
    assert again.memory.taken(uuid(5)) == [exhibit(jpeg(2), occasion="notice")]


def test_a_notice_is_kept_until_the_rules_have_it_and_then_never_again(box: Box) -> None:
    notice = Notice(
        v=1,
        device="gate-1",
        notice_id=uuid(7),
        stay_id=uuid(5),
        reminded_utc_ms=UTC_MS,
        sent_utc_ms=UTC_MS + 100,
        grace_ms=900_000,
    )
    received = ReceivedNotice(notice, 10**12, str(BOOT))

    first = box.memory.notice_came(received)
    kept = box.memory.notices()
    box.memory.notice_done(notice.notice_id)
    again = box.memory.notice_came(received)

    assert (first, again) == (True, False)
    assert kept == [received]
    assert box.memory.notices() == []


def test_a_database_of_a_newer_program_is_not_misread(box: Box) -> None:
    box.database.close()
    with sqlite3.connect(box.folder / "outbox.sqlite3") as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('firelane-outbox', 'later', '2031-01-01')"
        )
    connection.close()

    again = opened(box.folder)

    assert again.fault == "the outbox is of a newer program: it has taken the step later"


def test_a_schema_step_cut_off_in_the_middle_is_taken_whole_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = tmp_path / "half.sql"
    half.write_text("CREATE TABLE record (seq INTEGER);\nCREATE TABLE record (seq INTEGER);\n")
    monkeypatch.setattr(database, "SCHEMA", half)
    with pytest.raises(StorageFault):
        database.open_database(tmp_path / "outbox.sqlite3", 0)
    monkeypatch.undo()

    again, fault = database.open_database(tmp_path / "outbox.sqlite3", 0)

    assert fault == ""
    with again.reading() as connection:
        assert connection.execute("SELECT count(*) FROM exhibit").fetchone()[0] == 0
    again.close()
