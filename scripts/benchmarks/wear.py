"""How many bytes the device writes to its disk: per packet, and on a day on which nothing happens.

Counted by the kernel for the process that writes (/proc/self/io, write_bytes: pages on their way
to the disk), in a process of its own so that nobody else's writes count. What the file system adds
for its journal is not in it. Needs a folder on a real disk.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.benchmarks.table import Row, table

PACKETS = 30
IMAGE_BYTES = 250_000
SAVES = 200
SNAPSHOT_BYTES = 4_000
"""Of two open stays with their pictures of the place."""
SAVES_A_DAY = 24 * 3600 / 30
"""A post saves its open stays every half minute while there are any."""
TENDS_A_DAY = 24 * 60
LIMIT_MB = 200.0


def measure(runs: int) -> str:
    packets, saves, tends = [], [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(dir=".") as name:
            command = [sys.executable, "-m", "scripts.benchmarks.wear", name]
            told = subprocess.run(
                command, check=True, capture_output=True, text=True
            ).stdout.split()
        packet, save, tend = (float(word) for word in told[-3:])
        packets.append(packet / 1e6)
        saves.append(save * SAVES_A_DAY / 1e6)
        tends.append(tend * TENDS_A_DAY / 1e6)
    exhibits = IMAGE_BYTES * 1.2 / 1e6
    return table(
        [
            Row(
                f"written per packet with {exhibits:.2f} MB of exhibits",
                "MB",
                packets,
                2 * exhibits,
            ),
            Row("written on a day without a vehicle, one camera", "MB", tends, LIMIT_MB),
            Row("written on a day with a vehicle standing all day", "MB", saves, LIMIT_MB),
        ]
    )


def written() -> int:
    for line in Path("/proc/self/io").read_text().splitlines():
        if line.startswith("write_bytes:"):
            return int(line.split()[1])
    raise OSError("/proc/self/io does not count bytes written")


def count(folder: Path) -> tuple[float, float, float]:
    """Bytes written per packet (receipt and pruning left out), per save, per look around."""
    from edge.clock import SystemClock
    from edge.delivery import Delivery, DeliverySettings
    from edge.host import HostPaths
    from scripts import certificates
    from tests.device_process import record

    certificates.init(folder / "pki")
    certificates.device(folder / "pki", "gate-1", certificates.DAYS)
    settings = DeliverySettings("gate-1", folder / "box", folder / "pki" / "gate-1.signing.pem")
    delivery = Delivery(settings, SystemClock(), HostPaths())
    delivery.tend()
    record(delivery, 1, IMAGE_BYTES)
    begin = written()
    for number in range(2, PACKETS + 2):
        record(delivery, number, IMAGE_BYTES)
    packet = (written() - begin) / PACKETS
    begin = written()
    for number in range(SAVES):
        body = number.to_bytes(4, "big") * (SNAPSHOT_BYTES // 4)
        delivery.memory.save_stays("front", body)
    save = (written() - begin) / SAVES
    begin = written()
    for _ in range(SAVES):
        delivery.tend()
        delivery.outbox.figures(0)
    tend = (written() - begin) / SAVES
    delivery.close()
    return packet, save, tend


if __name__ == "__main__":
    print(*count(Path(sys.argv[1])))
