"""How long issuing and printing a decision take, warm: the first print of a process loads Pango,
fonts and template, and is not counted."""

import tempfile
import time
from pathlib import Path

from central.database import connect, migrate
from central.documents.press import Press, check_fonts
from scripts.benchmarks.table import Row
from tests.case_files import CaseFile, add_pack
from tests.device import SimulatedDevice
from tests.office import Office

ISSUE_LIMIT_S, PRINT_LIMIT_S = 0.2, 0.5


def rows(runs: int) -> list[Row]:
    """Seconds to issue a decision with its act, and to print, keep and log its PDF."""
    issued, printed = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = connect(f"sqlite:///{folder}/central.db")
        migrate(engine)
        office = Office.open(engine, folder)
        add_pack(office)
        check_fonts()
        device, press = office.register(SimulatedDevice()), Press(engine, office.blobs)
        for _ in range(1 + runs):
            file = CaseFile.opened(office, device)
            file.to_heard()
            begun = time.perf_counter()
            decision = file.decide()
            issued.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            press.pdf(decision.sha256, office.clock.utc_ms())
            printed.append(time.perf_counter() - begun)
        engine.dispose()
    return [
        Row("a decision issued, with its number and the act", "s", issued[1:], ISSUE_LIMIT_S),
        Row("PDF of a decision, warm: printed, kept, logged", "s", printed[1:], PRINT_LIMIT_S),
    ]
