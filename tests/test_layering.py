"""The rules that keep the code small and its halves apart."""

import ast
import subprocess
from pathlib import Path

import pytest

import edge

ROOT = Path(__file__).parents[1]
LINES_PER_FILE = 400
ONE_FILE_ON_PURPOSE = {"central/firelane_verify.py": 720}
"""Third parties take the verifier as one file and read it whole."""
LINES_PER_FUNCTION = 60
"""Forty is the aim; sixty is where a function is refused."""

_SHELL = {
    "asyncio",
    "http",
    "logging",
    "os",
    "pathlib",
    "queue",
    "random",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib",
}
PURE = [
    "edge/geometry.py",
    "edge/lanes.py",
    "edge/tracking.py",
    "edge/identity.py",
    "edge/looks.py",
    "edge/stay_events.py",
    "edge/stay_moves.py",
    "edge/stay_snapshot.py",
    "edge/stays.py",
    "edge/standing.py",
    "edge/sight.py",
    "edge/newcomers.py",
    "edge/open_stay.py",
    "edge/findings.py",
    "edge/plates.py",
    "edge/evidence.py",
    "edge/delivery_rules.py",
    "edge/link_log.py",
    "edge/replies.py",
    "central/verification.py",
    "central/access.py",
    "central/cases.py",
    "central/case_moves.py",
    "central/chain.py",
    "central/plates.py",
    "central/checks.py",
    "central/policy.py",
    "central/stays.py",
]


def tracked(pattern: str) -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def python_files() -> list[Path]:
    return [path for path in tracked("*.py") if "migrations/versions" not in str(path)]


def imported(path: Path) -> set[str]:
    """Absolute names of all modules that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_edge_is_imported_from_this_checkout() -> None:
    assert edge.__file__ == str(ROOT / "edge" / "__init__.py")


def test_importing_the_edge_package_imports_nothing() -> None:
    assert (ROOT / "edge" / "__init__.py").read_bytes() == b""


def test_central_imports_only_the_wire_contract_from_edge() -> None:
    found = {
        (path.name, name)
        for path in tracked("central/*.py")
        for name in imported(path)
        if name.split(".")[0] == "edge" and name.split(".")[:2] != ["edge", "wire"]
    }

    assert found == set()


@pytest.mark.parametrize("name", PURE)
def test_rules_know_no_clock_and_touch_nothing(name: str) -> None:
    path = ROOT / name
    if not path.is_file():
        pytest.skip(f"{name} is not written yet")

    assert {module.split(".")[0] for module in imported(path)} & _SHELL == set()


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in python_files()
        if (lines := path.read_text(encoding="utf-8").count("\n"))
        > ONE_FILE_ON_PURPOSE.get(str(path.relative_to(ROOT)), LINES_PER_FILE)
    }

    assert long == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {}
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LINES_PER_FUNCTION:
                    long[f"{path.relative_to(ROOT)}:{node.lineno}"] = lines

    assert long == {}


def test_no_assertion_is_written_so_that_it_cannot_fail() -> None:
    """`assert a == b if c else d` asserts `d` where c is false; a tuple is always true."""
    vain = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in python_files()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.IfExp | ast.Tuple)
    ]

    assert vain == []
