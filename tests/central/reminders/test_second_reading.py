"""The second reader: a program of its own, that may be away, hang, or talk nonsense."""

import sys
from pathlib import Path

import pytest

from central import second_reading
from central.second_reading import MachineReading, ReaderDown, WorkerReader

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv-reader" / "bin" / "python"
CROPS = ROOT.parent / "shared" / "data" / "plates"
GOOD = '{"plate": "浙B12345", "colour": "blue", "confidence_pm": 950}'


def worker(
    folder: Path, answer: str, start: str = "print('\"ready\"', flush=True)"
) -> WorkerReader:
    """A program that answers each line with `answer`, a Python statement over `line`."""
    path = folder / "worker.py"
    path.write_text(f"import os, sys, time\n{start}\nfor line in sys.stdin:\n    {answer}\n")
    return WorkerReader(Path(sys.executable), [sys.executable, str(path)])


def test_a_picture_goes_in_and_a_reading_comes_out(tmp_path: Path) -> None:
    reader = worker(tmp_path, f"print('{GOOD}', flush=True)")
    try:
        found = reader.read(tmp_path / "a.jpg")
    finally:
        reader.close()

    assert found == MachineReading(plate="浙B12345", colour="blue", confidence_pm=950)
    assert found.sure == ("浙B12345", "blue", 950)
    assert MachineReading(plate="浙B12345", colour="blue", confidence_pm=799).sure[0] is None


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("time.sleep(60)", "no answer within 1 s"),
        ("os._exit(3)", "it ended"),
        ("print('{', flush=True)", "it answered nonsense"),
        ("print('{\"plate\": 7}', flush=True)", "it answered nonsense"),
    ],
)
def test_a_program_that_fails_is_ended_and_the_next_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, why: str
) -> None:
    monkeypatch.setattr(second_reading, "ANSWER_S", 1.0)
    mended = tmp_path / "mended"
    statement = f"print('{GOOD}', flush=True) if os.path.exists('{mended}') else {answer}"
    reader = worker(tmp_path, statement)
    try:
        with pytest.raises(ReaderDown, match=why):
            reader.read(tmp_path / "a.jpg")
        mended.touch()
        assert reader.read(tmp_path / "a.jpg").plate == "浙B12345"
    finally:
        reader.close()


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReaderDown, match="No such file"):
        WorkerReader(tmp_path / "python").read(tmp_path / "a.jpg")


def test_a_program_that_does_not_start_is_told(tmp_path: Path) -> None:
    reader = worker(tmp_path, "pass", "print('\"hello\"', flush=True)")
    with pytest.raises(ReaderDown, match="it did not start"):
        reader.read(tmp_path / "a.jpg")
    with pytest.raises(ReaderDown, match="does not start: it did not start"):
        reader.start()


@pytest.mark.shared
@pytest.mark.skipif(not PYTHON.is_file(), reason="scripts/install reader was not run")
@pytest.mark.skipif(not CROPS.is_dir(), reason="the shared pictures are not beside the checkout")
def test_the_real_reader_reads_a_real_plate(tmp_path: Path) -> None:
    reader = WorkerReader(PYTHON)
    try:
        found = reader.read(CROPS / "lprnet_crops" / "lpr_0007.jpg")
        none = reader.read(tmp_path / "no-such.jpg")
    finally:
        reader.close()

    assert (found.plate, found.colour) == ("浙BR7S63", "blue")
    assert none == MachineReading(plate=None, colour=None, confidence_pm=0)
