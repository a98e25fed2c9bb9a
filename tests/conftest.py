"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# No test times the machine. A change is judged on the same examples each time; the search for new
# ones goes on wherever people work.
settings.register_profile("people", deadline=None)
settings.register_profile("gate", deadline=None, derandomize=True)
settings.load_profile("gate" if os.environ.get("CI") else "people")

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
_SHARED = Path(os.environ.get("FIRELANE_SHARED_DATA", _BESIDE))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: at the end no worker waits for another's long test."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of pictures, clips and models beside the checkout. Needs the `shared` mark."""
    if not _SHARED.is_dir():
        pytest.skip("needs ../shared/data, which is not beside this checkout")
    return _SHARED


@pytest.fixture(scope="session")
def ssd_model(shared_data: Path) -> Path:
    """A full-uint8 COCO SSD with post-processing, and its label map beside it."""
    return shared_data / "models" / "coco_ssd_mobilenet_v1_quant" / "detect.tflite"
