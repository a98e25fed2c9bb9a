"""What the demo runs on, and the configuration files that it writes. No process is started here."""

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import yaml

from scripts.demosite.processes import DemoError

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
DEVICE = "demo-gate-01"
CAMERA = "gate"
LANE = "fire-lane"
ACCOUNT = "officer-1"
PACK = ROOT / "configs" / "demo" / "policy.yaml"
REGISTER = ROOT / "configs" / "demo" / "register.csv"
STANDING = "浙BF1R25"
"""The plate that people of the demo read off the picture of the vehicle that stands in the clip."""
CLERKS = ("officer-2", "screener")
"""Who types it, where the machines do not agree on it."""
BOXES: Mapping[str, str] = {
    DEVICE: "示范小区",
    "demo-gate-02": "望江花园",
    "demo-gate-03": "翠柏苑",
    "demo-gate-04": "学府里",
    "demo-gate-05": "滨江新村",
    "demo-gate-06": "东湖新苑",
}
"""Every box and its complex. The first one looks at the clip, the others are simulated."""
OWN_CLIP = ROOT / "configs" / "demo" / "demo.mp4"
ALBUM = ROOT / "configs" / "demo" / "album.mp4"
OWN_MODEL = ROOT / "models" / "vehicle.tflite"
COCO = SHARED / "models" / "coco_ssd_mobilenet_v1_quant"
SHARED_CLIP = SHARED / "videos" / "shoulder_parked_highway.mp4"
SHARED_LANE = (104, 40, 120, 40, 108, 120, 95, 200, 18, 200, 45, 150, 70, 105)

Times = Mapping[str, float]
# The grace is that of the pack (configs/demo/policy.yaml): a box that names another is doubted.
OWN_TIMES: Times = {"settle_s": 3, "confirm_s": 10, "grace_s": 20, "max_gap_s": 20, "scan_s": 2}
SHARED_TIMES: Times = {"settle_s": 2, "confirm_s": 6, "grace_s": 20, "max_gap_s": 20, "scan_s": 2}


@dataclass(frozen=True, slots=True)
class Scene:
    """A video source and the lane in it, with the times that make a case within a minute or two."""

    source: str
    lane: tuple[float, ...]
    times: Times
    model: Path
    labels: Path | None


def scene(source: str | None, lane: tuple[float, ...] | None, model: Path | None) -> Scene:
    """What to look at: what was asked for, else the project's own clip, else a shared one.

    Raises DemoError where there is nothing to look at, or nothing to look with.
    """
    chosen, labels = _model(model)
    if source is not None:
        if lane is None:
            raise DemoError("--source needs --lane x,y,x,y,… (the corners of the lane)")
        return Scene(source, lane, OWN_TIMES, chosen, labels)
    if OWN_CLIP.is_file():
        return Scene(str(OWN_CLIP), lane or _own_lane(), OWN_TIMES, chosen, labels)
    if SHARED_CLIP.is_file():
        return Scene(str(SHARED_CLIP), lane or SHARED_LANE, SHARED_TIMES, chosen, labels)
    raise DemoError(
        f"no clip to look at: neither {OWN_CLIP} nor {SHARED_CLIP} is there; "
        "give one with --source FILE_OR_RTSP_URL --lane x,y,x,y,…"
    )


def _model(model: Path | None) -> tuple[Path, Path | None]:
    if model is not None:
        return model, None
    if OWN_MODEL.is_file():
        return OWN_MODEL, None
    if (COCO / "detect.tflite").is_file():
        return COCO / "detect.tflite", COCO / "coco_labels.txt"
    raise DemoError(f"no detector: neither {OWN_MODEL} nor {COCO} is there; give one with --model")


def _own_lane() -> tuple[float, ...]:
    truth = json.loads(OWN_CLIP.with_suffix(".truth.json").read_text(encoding="utf-8"))
    return tuple(float(number) for point in truth["lane"] for number in point)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the demo keeps what. `kept` survives from run to run, `run` is made anew."""

    home: Path

    @property
    def pki(self) -> Path:
        return self.home / "pki"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def accounts(self) -> Path:
        """The secrets of the demo's authenticators, for `--code`."""
        return self.run / "accounts.json"

    @property
    def edge_config(self) -> Path:
        return self.run / "edge.yaml"

    @property
    def central_config(self) -> Path:
        return self.run / "central.yaml"


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return cast(int, probe.getsockname()[1])


def edge_config(layout: Layout, what: Scene, broker_port: int, policy_sha256: str) -> str:
    """The daemon's configuration as YAML."""
    pki = layout.pki
    corners = list(zip(what.lane[::2], what.lane[1::2], strict=True))
    return _yaml(
        {
            "device": {"id": DEVICE},
            "broker": {
                "host": "127.0.0.1",
                "port": broker_port,
                "ca": str(pki / "ca.pem"),
                "cert": str(pki / f"{DEVICE}.pem"),
                "key": str(pki / f"{DEVICE}.key.pem"),
            },
            "keys": {
                "signing_key": str(pki / f"{DEVICE}.signing.pem"),
                "central_keys": [str(pki / "central.signing.pub.pem")],
            },
            "storage": {"dir": str(layout.run / "edge"), "quota_mb": 512},
            "cameras": [
                {
                    "id": CAMERA,
                    "source": what.source,
                    "repeat": True,
                    "lanes": [{"id": LANE, "polygon": [list(corner) for corner in corners]}],
                }
            ],
            "detector": {"model": str(what.model)}
            | ({"labels": str(what.labels)} if what.labels else {}),
            "stays": dict(what.times),
            "policy": {"sha256": policy_sha256},
            "health": {"every_s": 5},
        }
    )


def central_config(
    layout: Layout, broker_port: int, web_port: int, gateways: Mapping[str, object]
) -> str:
    """The server's configuration as YAML."""
    pki = layout.pki
    return _yaml(
        {
            "database_url": f"sqlite:///{layout.run / 'central' / 'cases.db'}",
            "evidence_dir": str(layout.run / "central" / "evidence"),
            "signing_key": str(pki / "central.signing.pem"),
            "broker": {
                "host": "127.0.0.1",
                "port": broker_port,
                "ca": str(pki / "ca.pem"),
                "cert": str(pki / "central.pem"),
                "key": str(pki / "central.key.pem"),
            },
            "web": {"host": "127.0.0.1", "port": web_port},
            "gateways": dict(gateways),
        }
    )


def _yaml(document: object) -> str:
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
