"""What the configuration file may say, and how its faults are told."""

from pathlib import Path

import pytest

from central.config import Config, load
from central.config_file import ConfigError, load_model

EXAMPLE = Path(__file__).parents[2] / "configs" / "central.yaml"
GOOD = """\
database_url: sqlite:///central.db
evidence_dir: evidence
signing_key: key.pem
broker:
  host: localhost
  ca: key.pem
  cert: key.pem
  key: key.pem
"""


def faults(folder: Path, text: str, env: dict[str, str] | None = None) -> list[str]:
    """The faults that are told of a file, without its folder."""
    path = folder / "central.yaml"
    path.write_text(text, encoding="utf-8")
    (folder / "key.pem").touch()
    with pytest.raises(ConfigError) as refused:
        load(path, env or {})
    return [fault.replace(f"{folder}/", "") for fault in refused.value.faults]


def good(folder: Path, env: dict[str, str] | None = None) -> Config:
    path = folder / "central.yaml"
    path.write_text(GOOD, encoding="utf-8")
    (folder / "key.pem").touch()
    return load(path, env or {})


def test_the_example_is_in_force_as_it_stands() -> None:
    config = load_model(Config, EXAMPLE, {}, "FIRELANE_CENTRAL")

    assert config.web.address(8080) == "https://firelane.example"
    assert str(config.evidence_dir) == "/var/lib/firelane-central/evidence"


def test_paths_are_counted_from_the_files_own_folder(tmp_path: Path) -> None:
    config = good(tmp_path)

    assert config.evidence_dir == tmp_path / "evidence"
    assert config.database_url.get_secret_value() == f"sqlite:///{tmp_path}/central.db"


def test_every_fault_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = GOOD.replace("broker:", "broker:\n  port: 70000\n  hots: x").replace(
        "evidence_dir: evidence", "timezone: Mars/Olympus"
    )

    assert faults(tmp_path, text) == [
        "central.yaml:1: evidence_dir: is missing",
        "central.yaml:2: timezone: must be a time zone such as Asia/Shanghai, got 'Mars/Olympus'",
        "central.yaml:5: broker.port: must be less than or equal to 65535, got 70000",
        "central.yaml:6: broker.hots: unknown key; did you mean host? "
        "allowed: host, port, ca, cert, key, keepalive_s",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "central.yaml:1: database_url: is missing"),
        ("- one", "central.yaml:1: must hold keys and values, got ['one']"),
        (
            "a: [",
            "central.yaml:1: is not YAML: expected the node content, but found '<stream end>'",
        ),
        (GOOD + "timezone: 8\n", "central.yaml:9: timezone: must be a valid string, got 8"),
        (GOOD + "evidence_dir: x\n", "central.yaml:9: evidence_dir: stands there twice"),
        (GOOD.replace("sqlite:///central.db", "mysql://h/d"), "database must be sqlite:///FILE"),
        (GOOD.replace("sqlite:///central.db", "sqlite://"), "an SQLite database must be a file"),
        (GOOD.replace("cert: key.pem", "cert: no.pem"), "broker.cert: no such file: no.pem"),
        (GOOD + "web: {base_url: 'ftp://x'}\n", "web.base_url: must be http://… or https://…"),
    ],
)
def test_each_fault_has_its_sentence(tmp_path: Path, text: str, fault: str) -> None:
    assert fault in "\n".join(faults(tmp_path, text))


def test_the_environment_overrides_the_file_and_is_named_in_faults(tmp_path: Path) -> None:
    env = {"FIRELANE_CENTRAL__WEB__PORT": "9000"}

    assert good(tmp_path, env).web.port == 9000
    assert faults(tmp_path, GOOD, {"FIRELANE_CENTRAL__WEB__PORT": "x"}) == [
        "environment FIRELANE_CENTRAL__WEB__PORT: web.port: must be a valid integer, got 'x'"
    ]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(tmp_path / "none.yaml", {})


def test_the_databases_password_is_never_shown(tmp_path: Path) -> None:
    env = {"FIRELANE_CENTRAL__DATABASE_URL": "postgresql://u:secret@db.example/firelane"}
    config = good(tmp_path, env)
    bad = faults(tmp_path, GOOD, {"FIRELANE_CENTRAL__DATABASE_URL": "mysql://u:secret@h/d"})

    assert "u:***@db.example" in config.effective()
    assert "secret" not in config.effective() + repr(config) + "".join(bad)
