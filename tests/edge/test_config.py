import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from edge.config import CameraConfig, Config, load
from edge.config_file import ConfigError

EXAMPLE = Path("configs/edge.yaml")
WHOLE = """\
device: {id: box-1}
broker: {host: h, ca: ca.pem, cert: c.pem, key: k.pem}
keys: {signing_key: s.pem, central_keys: [p.pem]}
storage: {dir: var}
cameras:
  - id: gate
    source: rtsp://cam/1
    lanes:
      - id: a
        polygon: [[0, 0], [100, 0], [100, 100]]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "edge.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(
    folder: Path, text: str, sets: Sequence[str] = (), env: dict[str, str] | None = None
) -> list[str]:
    path = written(folder, text)
    with pytest.raises(ConfigError) as caught:
        load(path, env or {}, sets)
    return [fault.replace(f"{path}", "edge.yaml") for fault in caught.value.faults]


def test_the_commented_example_loads_and_names_every_key() -> None:
    config = load(EXAMPLE, {})

    text = EXAMPLE.read_text(encoding="utf-8")
    assert config.device is not None
    assert config.device.id == "gate-east-01"
    for name in Config.model_fields:
        assert re.search(rf"^{name}:", text, re.M), name
    for section in (*config.__dict__.values(), *config.cameras):
        for key in getattr(type(section), "model_fields", {}):
            assert re.search(rf"^ *(- |# )?{key}:", text, re.M), key


def test_the_example_shows_the_defaults() -> None:
    config = load(EXAMPLE, {})

    assert config.stays == Config().stays
    assert config.view == Config().view
    assert config.policy == Config().policy


def test_an_unknown_key_is_named_with_its_line_and_the_key_that_was_meant(tmp_path: Path) -> None:
    assert faults(tmp_path, WHOLE + "stays: {setle_s: 4}\n") == [
        "edge.yaml:11: stays.setle_s: unknown key; did you mean settle_s? "
        "allowed: settle_s, confirm_s, grace_s, max_gap_s, scan_s, enter, leave"
    ]


def test_two_faults_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = WHOLE.replace("host: h", "host: h, port: 99999") + "stays:\n  grace_s: ten\n"

    assert faults(tmp_path, text) == [
        "edge.yaml:2: broker.port: must be less than or equal to 65535, got 99999",
        "edge.yaml:12: stays.grace_s: must be a valid number, got 'ten'",
    ]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("stays: {settle_s: -5}", "stays.settle_s: must be greater than 0, got -5"),
        ("stays: {settle_s: yes}", "stays.settle_s: must be a valid number, got True"),
        ("stays: {settle_s: .inf}", "stays.settle_s: must be"),
        ("stays: {enter: 0.1, leave: 0.2}", "stays: leave must be below enter (0.1), got 0.2"),
        ("stays: {settle_s: 90}", "stays: confirm_s must be at least settle_s (90.0), got 60.0"),
        ("detector: {runtime: torch}", "detector.runtime: must be 'auto', 'tflite' or 'litert'"),
        ("detector: []", "detector: must be a valid dictionary"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_allowed(
    tmp_path: Path, line: str, sentence: str
) -> None:
    (fault,) = faults(tmp_path, WHOLE + line + "\n")

    assert fault.startswith(f"edge.yaml:11: {sentence}")


@pytest.mark.parametrize(
    ("polygon", "sentence"),
    [
        ("[[0, 0], [9, 9]]", "at least"),
        ("[[0, 0], [100, 100], [100, 0], [0, 100]]", "cross"),
        ("[[0, 0], [50, 50], [100, 100]]", "area"),
        ("[[0, 0], [.nan, 5], [9, 9]]", "corners must be numbers from 0"),
        ("[[0, 0], [-4, 5], [9, 9]]", "corners must be numbers from 0"),
    ],
)
def test_a_lane_that_is_no_area_is_refused(tmp_path: Path, polygon: str, sentence: str) -> None:
    (fault,) = faults(tmp_path, WHOLE.replace("[[0, 0], [100, 0], [100, 100]]", polygon))

    assert fault.startswith("edge.yaml:10: cameras[0].lanes[0].polygon: ")
    assert sentence in fault


def test_a_lane_outside_the_told_frame_is_refused(tmp_path: Path) -> None:
    text = WHOLE.replace("    lanes:", "    frame_size: [64, 48]\n    lanes:")

    (fault,) = faults(tmp_path, text)

    assert fault == (
        "edge.yaml:6: cameras[0]: lane a lies outside the frame: corner (100, 0); "
        "the frame is 64x48"
    )


def test_a_lane_drawn_on_the_main_stream_is_scaled_to_the_substream(tmp_path: Path) -> None:
    config = load(written(tmp_path, WHOLE), {})

    assert config.cameras[0].lanes[0].in_pixels(50, 25, (100, 100)) == ((0, 0), (50, 0), (50, 25))


def test_a_lane_in_shares_fits_every_frame(tmp_path: Path) -> None:
    text = WHOLE.replace("[[0, 0], [100, 0], [100, 100]]", "[[0, 0], [1, 0.5], [0.25, 1]]")
    config = load(written(tmp_path, text), {})

    assert config.cameras[0].lanes[0].in_pixels(200, 100) == ((0, 0), (200, 50), (50, 100))


def test_what_only_the_daemon_needs_may_miss_in_a_replay(tmp_path: Path) -> None:
    path = written(tmp_path, "stays: {grace_s: 5}\n")

    assert load(path, {}, to_run=False).stays.grace_s == 5
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    assert [fault.split(": ", 1)[1] for fault in caught.value.faults] == [
        f"{key}: is missing; `run` needs it"
        for key in ("device", "broker", "keys", "storage", "cameras")
    ]


def test_the_command_line_wins_over_the_environment_and_both_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE + "stays: {settle_s: 2, confirm_s: 20, grace_s: 200}\n")
    env = {"FIRELANE_EDGE__STAYS__CONFIRM_S": "30", "FIRELANE_EDGE__STAYS__GRACE_S": "300"}

    stays = load(path, env, ["stays.grace_s=400"]).stays

    assert (stays.settle_s, stays.confirm_s, stays.grace_s) == (2, 30, 400)


def test_a_camera_is_named_by_its_id(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)
    env = {"FIRELANE_EDGE__CAMERAS__GATE__PASSWORD": "p@ss"}

    camera = load(path, env, ["cameras.gate.user=me", "cameras.0.sample_hz=4"]).cameras[0]

    assert camera.sample_hz == 4
    assert camera.url() == "rtsp://me:p%40ss@cam/1"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("stays.settle_s", "--set stays.settle_s: must be KEY=VALUE"),
        ("stays.settle_s=x", "--set stays.settle_s: stays.settle_s: must be a valid number"),
        ("cameras.yard.user=x", "--set cameras.yard.user: cameras.yard: there is no such item; "
                                "there are gate"),
        ("stays.x=1", "--set stays.x: stays.x: unknown key"),
    ],
)  # fmt: skip
def test_a_wrong_override_is_told_by_its_own_name(tmp_path: Path, text: str, sentence: str) -> None:
    (fault,) = faults(tmp_path, WHOLE, [text])

    assert fault.startswith(sentence)


def test_relative_paths_count_from_the_file(tmp_path: Path) -> None:
    config = load(written(tmp_path, WHOLE), {}, ["keys.signing_key=here.pem"])

    assert config.broker is not None
    assert config.keys is not None
    assert config.broker.ca == tmp_path / "ca.pem"
    assert config.keys.central_keys == (tmp_path / "p.pem",)
    assert config.keys.signing_key == Path("here.pem")
    assert config.cameras[0].source == "rtsp://cam/1"


def test_secrets_are_masked_in_what_is_printed(tmp_path: Path) -> None:
    text = WHOLE.replace("rtsp://cam/1", "rtsp://me:hush1@cam/1\n    password: hush2")

    printed = load(written(tmp_path, text), {}).effective()

    assert "hush" not in printed
    assert "rtsp://me:***@cam/1" in printed


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [1\n", "edge.yaml:2: is not YAML"),
        ("- 1\n", "edge.yaml:1: must be keys and values, got [1]"),
        ("device: {id: box-1}\ndevice: {id: box-2}\n",
         "edge.yaml:2: device: is there twice, first in line 1"),
    ],
)  # fmt: skip
def test_a_broken_file_is_told_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    assert any(fault.startswith(sentence) for fault in faults(tmp_path, text))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read: No such file"):
        load(tmp_path / "none.yaml", {})


def test_two_lanes_of_one_name_are_refused(tmp_path: Path) -> None:
    lane = "      - id: a\n        polygon: [[0, 0], [100, 0], [100, 100]]\n"

    (fault,) = faults(tmp_path, WHOLE + lane)

    assert fault == ("edge.yaml:6: cameras[0]: every lane needs an id of its own, a is there twice")


def test_an_unknown_kind_of_source_is_refused(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, WHOLE.replace("rtsp://", "ftp://"))

    assert fault == (
        "edge.yaml:7: cameras[0].source: must be rtsp://, rtsps://, a video device, a file or "
        "a folder of pictures, got ftp://"
    )


def test_a_password_never_shows_in_a_repr() -> None:
    lane = {"id": "a", "polygon": [[0, 0], [1, 0], [1, 1]]}
    camera = CameraConfig.model_validate(
        {"id": "c", "source": "rtsp://h/1", "user": "u", "password": "hush", "lanes": [lane]}
    )

    assert "hush" not in repr(camera)
