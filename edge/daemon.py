"""`firelane-edge run`: cameras, one detector, and the delivery of what they record.

The main thread only supervises. A thread that dies of our own bug ends the daemon loudly, so that
the service manager starts it anew; a camera, a broker or a disk that fails does not.
"""

import argparse
import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from edge.clock import Clock, SystemClock
from edge.config import CameraConfig, Config, load
from edge.config_file import ConfigError
from edge.delivery import (
    Connection,
    Daemon,
    Delivery,
    DeliverySettings,
    KeyFileError,
)
from edge.detector import open_detector
from edge.eyes import SharedDetector
from edge.host import HostPaths, clock_health
from edge.inference import ModelError
from edge.link import BrokerAddress
from edge.memory import hand_back, keep_small
from edge.notify import Notifier, Pulse
from edge.post import Boot, NoticeBoard, Post, PostParts
from edge.rig import (
    code_sha256,
    new_ids,
    open_plates,
    recorder_for,
    scene_maker,
    software_of,
    software_version,
)
from edge.storage import StorageFault
from edge.stubborn import StubbornSink
from edge.wire.status import DetectorHealth

log = logging.getLogger("firelane.daemon")

_TURN_S = 1.0
_HAND_BACK_S = (60.0, 600.0)
"""When memory is handed back: once everything has been used, then every ten minutes. It takes a
tenth of a second."""
_POST_LIMIT_S = 60.0
_UPLINK_LIMIT_S = 120.0
_NS = 1_000_000_000
_LOOKS = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-c", "--config", type=Path, required=True, metavar="FILE")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="sets")
    parser.add_argument("--debug", action="store_true", help="log more")


def run(options: argparse.Namespace) -> int:
    """Until SIGTERM or SIGINT. Exit code 0 then; 1 for a fault that the daemon cannot outlive."""
    logging.basicConfig(
        level=logging.DEBUG if options.debug else logging.INFO,
        format="%(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )
    config = load(options.config, os.environ, options.sets)
    keep_small()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    try:
        with closing(_delivery(config)) as delivery:
            config = wished(config, os.environ, options.sets)
            return Watchhouse(config, delivery, options).run(stop)
    except (ModelError, KeyFileError, StorageFault) as error:
        print(error, file=sys.stderr)
        return 1


def _delivery(config: Config) -> Delivery:
    assert config.device is not None, "load() checks for what the daemon needs"
    assert config.storage is not None
    assert config.keys is not None
    storage = config.storage
    settings = DeliverySettings(
        config.device.id,
        storage.dir,
        config.keys.signing_key,
        storage.keep_days,
        storage.quota_mb,
    )
    return Delivery(settings, SystemClock(), HostPaths())


class Watchhouse:
    """All parts of the running daemon."""

    def __init__(self, config: Config, delivery: Delivery, options: argparse.Namespace) -> None:
        """Raises ModelError and KeyFileError."""
        self._config = config
        self._delivery = delivery
        self._options = options
        self._restart = threading.Event()
        self._hand_back_ns = delivery.clock.mono_ns() + round(_HAND_BACK_S[0] * _NS)
        clock = delivery.clock
        self._detector = SharedDetector(open_detector(config.detector), clock)
        self._plates = open_plates(config.plates, config.detector)
        self._board = NoticeBoard(delivery.memory.notices())
        self._posts: list[Post] = []
        self._notifier = Notifier(os.environ)
        self._uplink = delivery.uplink(_connection(config), self._daemon())
        boot = Boot(str(delivery.boot), _trusted(delivery))
        for camera in config.cameras:
            self._posts.append(self._post(camera, boot, clock))

    def run(self, stop: threading.Event) -> int:
        """Start everything, supervise until `stop`, end everything."""
        self._uplink.start()
        for post in self._posts:
            post.start()
        log.info("running cameras=%d device=%s", len(self._posts), self._delivery.settings.device)
        self._notifier.ready()
        try:
            while not stop.wait(_TURN_S):
                self._pin_notices()
                failed = [post for post in self._posts if post.failure is not None]
                if failed:
                    log.critical("a camera's thread died of a bug: %r", failed[0].failure)
                    return 1
                if not self._uplink.running:
                    log.critical("the uplink's thread died of a bug")
                    return 1
                if self._restart.is_set():
                    log.info("restart was asked for")
                    return 0
                self._show_life()
                self._hand_back()
        finally:
            self._notifier.stopping()
            for post in self._posts:
                post.close()
            self._uplink.stop()
            log.info("stopped")
        return 0

    def _show_life(self) -> None:
        """Feed the watchdog only while every thread turns: a hanging one is our bug."""
        pulses = {
            post.id: Pulse(lambda post=post: post.alive_ns, _POST_LIMIT_S)  # type: ignore[misc]
            for post in self._posts
        }
        pulses["uplink"] = Pulse(lambda: self._uplink.alive_ns, _UPLINK_LIMIT_S)
        late = self._notifier.alive(pulses, self._delivery.clock.mono_ns())
        self._notifier.status(
            f"not alive: {', '.join(late)}"
            if late
            else ", ".join(f"{post.id} {post.camera.facts.state}" for post in self._posts)
        )

    def _hand_back(self) -> None:
        now_ns = self._delivery.clock.mono_ns()
        if now_ns >= self._hand_back_ns:
            self._hand_back_ns = now_ns + round(_HAND_BACK_S[1] * _NS)
            hand_back()

    def _pin_notices(self) -> None:
        while not self._uplink.notices.empty():
            self._board.put(self._uplink.notices.get_nowait())

    def _post(self, camera: CameraConfig, boot: Boot, clock: Clock) -> Post:
        software = software_of(self._detector, self._plates)
        recorder = recorder_for(camera, self._config, self._delivery, software, self._uplink.wake)
        begin = scene_maker(camera, self._config, self._detector, self._plates, new_ids(clock))
        return Post(
            PostParts(
                camera,
                clock,
                boot,
                begin,
                StubbornSink(recorder),
                self._delivery.memory,
                self._board,
                self._delivery.settings.folder,
            )
        )

    def _daemon(self) -> Daemon:
        return Daemon(
            cameras=lambda: [post.health() for post in self._posts],
            detector=self._detector_health,
            profiles=lambda: [post.profile() for post in self._posts],
            check_config=_checker(os.environ, self._options.sets),
            restart=self._restart.set,
            config_sha256=self._config.sha256(),
            software_version=software_version(),
            software_sha256=code_sha256(),
            model_sha256=self._detector.detector.model.sha256,
        )

    def _detector_health(self) -> DetectorHealth:
        now_s = self._delivery.clock.mono_ns() / _NS
        looks = [s for post in self._posts if (s := post.last_look_s) is not None]
        spent = sorted(self._detector.spent_ms)
        model = self._detector.detector.model
        return DetectorHealth(
            runtime=model.runtime,
            model_sha256=model.sha256,
            ms_p50=spent[len(spent) // 2] if spent else None,
            ms_p95=spent[len(spent) * 95 // 100] if spent else None,
            selftest_ok=True,
            last_look_age_s=max(0.0, now_s - max(looks)) if looks else None,
        )


def _connection(config: Config) -> Connection:
    assert config.broker is not None, "load() checks for what the daemon needs"
    assert config.keys is not None
    broker = config.broker
    return Connection(
        BrokerAddress(
            host=broker.host,
            port=broker.port,
            ca=broker.ca,
            certificate=broker.cert,
            key=broker.key,
        ),
        config.keys.central_keys,
        config.health.every_s,
    )


def _trusted(delivery: Delivery) -> bool:
    return clock_health(delivery.paths, delivery.clock.utc_ms()).state == "synced"


def wished(config: Config, env: Mapping[str, str], sets: list[str]) -> Config:
    """The configuration that the server wished for, where one was accepted, else this one."""
    assert config.storage is not None, "load() checks for what the daemon needs"
    document = config.storage.dir / "config" / "desired.yaml"
    if not document.is_file():
        return config
    try:
        return _merged(config, load(document, env, sets, to_run=False))
    except ConfigError as error:
        log.error("the configuration from the server is not used: %s", error)
        return config


def _merged(own: Config, wish: Config) -> Config:
    """The wish, but for what ties this box to its server: a wish must not cut the line."""
    kept = {name: getattr(own, name) for name in ("device", "broker", "keys", "storage")}
    return wish.model_copy(update=kept)


def _checker(env: Mapping[str, str], sets: list[str]) -> Callable[[str], str]:
    """Gives every fault of a document that the server wishes for, '' where there is none."""

    def check(document: str) -> str:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "desired.yaml"
            path.write_text(document, encoding="utf-8")
            try:
                config = load(path, env, sets, to_run=False)
            except ConfigError as error:
                return str(error).replace(f"{folder}/", "")
        return "" if config.cameras else "cameras: is missing; `run` needs it"

    return check
