"""firelane-central as a person uses it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
import yaml

from central.__main__ import main
from central.blobs import Blobs
from central.database import connect, migrate
from central.firelane_verify import main as verify
from central.lookup import Lookup
from central.views import CaseFilter
from edge.wire.replies import Need, Receipt
from edge.wire.signing import open_envelope
from edge.wire.topics import central_state_topic
from tests import mosquitto
from tests.courier import Courier
from tests.device import SimulatedDevice
from tests.office import wanted

LIMIT_S = 60.0
PASSWORD = "correct horse battery"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[mosquitto.Broker]:
    prepared = mosquitto.prepared(tmp_path / "broker")
    yield prepared
    prepared.kill()


@pytest.fixture
def config(tmp_path: Path, broker: mosquitto.Broker) -> Path:
    return write_config(tmp_path / "central.yaml", broker)


def write_config(path: Path, broker: mosquitto.Broker) -> Path:
    identity = broker.central()
    document = {
        "database_url": "sqlite:///data/central.db",
        "evidence_dir": "evidence",
        "signing_key": str(identity.signing_key),
        "broker": {
            "host": broker.host,
            "port": broker.port or 8883,
            "ca": str(identity.ca),
            "cert": str(identity.certificate),
            "key": str(identity.key),
        },
        "web": {"port": 0},
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def register(config: Path, broker: mosquitto.Broker, name: str) -> mosquitto.Identity:
    identity = broker.device(name)
    arguments = ["add-device", "-c", str(config), name, "--site", "望江花园"]
    assert main([*arguments, "--key", str(identity.signing_public)]) == 0
    return identity


def test_a_registered_device_is_listed_with_its_site(
    config: Path, broker: mosquitto.Broker
) -> None:
    register(config, broker, "gate-1")

    (row,) = lookup(config).devices()
    assert (row.id, row.site, row.state) == ("gate-1", "望江花园", "never")


def test_a_user_is_added_with_a_password_from_stdin(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO(f"{PASSWORD}\n"))

    code = main(["add-user", "-c", str(config), "wang", "--role", "officer", "--password-stdin"])

    assert (code, capsys.readouterr().out) == (0, "wang may sign in as officer\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["add-device", "Gate 1", "--site", "s", "--key", "KEY"], "device id must match"),
        (["add-device", "gate-1", "--site", " ", "--key", "KEY"], "site must have 1 to 64"),
        (["add-device", "gate-1", "--site", "s", "--key", "none.pem"], "cannot be read"),
        (["add-device", "gate-1", "--site", "s", "--key", "CONFIG"], "must be a public key"),
        (["add-key", "gate-9", "--key", "KEY"], "no device 'gate-9' is registered"),
        (["switch-device", "gate-9", "off"], "no device 'gate-9' is registered"),
        (["export", "2026-000001", "-o", "x.zip"], "there is no case '2026-000001'"),
    ],
)
def test_bad_input_is_answered_with_one_sentence_and_changes_nothing(
    config: Path,
    broker: mosquitto.Broker,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    key = str(broker.device("gate-1").signing_public)
    given = [{"KEY": key, "CONFIG": str(config)}.get(word, word) for word in arguments]

    code = main([given[0], "-c", str(config), *given[1:]])

    told = capsys.readouterr().err
    assert code == 2
    assert sentence in told
    assert told.count("\n") == 1
    assert lookup(config).devices() == ()


def test_a_weak_password_is_refused(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO("short\n"))

    code = main(["add-user", "-c", str(config), "wang", "--role", "officer", "--password-stdin"])

    assert code == 2
    assert "password" in capsys.readouterr().err


def test_a_device_is_not_registered_twice(
    config: Path, broker: mosquitto.Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    identity = register(config, broker, "gate-1")
    arguments = ["add-device", "-c", str(config), "gate-1", "--site", "s"]

    code = main([*arguments, "--key", str(identity.signing_public)])

    assert (code, capsys.readouterr().err) == (2, "device 'gate-1' is registered already\n")


@pytest.mark.broker
def test_a_running_server_takes_a_packet_exports_it_and_ends_cleanly(
    tmp_path: Path, broker: mosquitto.Broker
) -> None:
    broker.start()
    config = write_config(tmp_path / "central.yaml", broker)
    identity = register(config, broker, "gate-1")
    device = SimulatedDevice(id="gate-1")
    device.signer = identity.signer
    packet = device.arrival()
    keys = broker.central().signer
    trusted = {keys.key_id: keys.key.public_key()}

    server = subprocess.Popen([sys.executable, "-m", "central", "run", "-c", str(config)])
    try:
        with Courier.connected(broker, identity) as courier:
            courier.receive(
                lambda topic, said: topic == central_state_topic() and b"online" in said
            )
            courier.send(packet.topic, packet.envelope)
            need = Need.model_validate_json(
                open_envelope(courier.receive(), trusted, Need.PAYLOAD_TYPE).payload
            )
            for topic, chunk in wanted(packet, [need]):
                courier.send(topic, chunk)
            open_envelope(courier.receive(), trusted, Receipt.PAYLOAD_TYPE)
        server.send_signal(signal.SIGTERM)
        code = server.wait(LIMIT_S)
    finally:
        server.kill()

    case = lookup(config).cases(CaseFilter()).rows[0]
    exported = tmp_path / "packet.zip"
    assert code == 0
    assert main(["export", "-c", str(config), case.number, "-o", str(exported)]) == 0
    assert verify([str(exported), "--trust", str(broker.central().signing_public)]) == 0


def lookup(config: Path) -> Lookup:
    folder = config.parent
    engine = connect(f"sqlite:///{folder}/data/central.db")
    migrate(engine)
    return Lookup(engine, Blobs(folder / "evidence"))


def test_a_lost_authenticator_is_taken_away_and_an_unknown_name_refused(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(PASSWORD + "\n"))
    main(["add-user", "-c", str(config), "wang", "--role", "officer", "--password-stdin"])
    done = main(["reset-code", "-c", str(config), "Wang"])
    refused = main(["reset-code", "-c", str(config), "nobody"])

    said = capsys.readouterr()
    assert (done, refused) == (0, 2)
    assert "wang enrols a new authenticator" in said.out
    assert "no user has the name 'nobody'" in said.err
