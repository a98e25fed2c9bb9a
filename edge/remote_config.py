"""The configuration that the server wishes for: checked like any other, kept, and reported.

A good one is written beside the evidence and the daemon is asked to restart with it; a bad one is
refused with every fault, and what ran goes on running.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from edge.alerts import AlertCode, Alerts
from edge.clock import Clock
from edge.storage import make_folder, storage_faults, write_durably
from edge.wire.replies import ConfigDesired, ConfigReported

_ERROR_CHARS = 2000


class RemoteConfig:
    """Holds the version accepted last; used by the uplink thread alone."""

    def __init__(
        self, device: str, folder: Path, running_sha256: str, alerts: Alerts, clock: Clock
    ) -> None:
        self._device = device
        self._folder = folder
        self._sha256 = running_sha256
        self._alerts = alerts
        self._clock = clock
        self._refused = (0, "")
        self.check: Callable[[str], str] = lambda _: "this device takes no configuration"
        """Gives every fault of a document, '' where there is none. Set by the daemon."""
        self.restart: Callable[[], None] = lambda: None

    @property
    def document(self) -> Path:
        """Where the accepted document lies, if one ever came."""
        return self._folder / "desired.yaml"

    def version(self) -> int:
        """The version accepted last; 0 before the first."""
        try:
            return int((self._folder / "desired.version").read_text())
        except (OSError, ValueError):
            return 0

    def configure(self, desired: ConfigDesired | None) -> ConfigReported:
        """Take what the server wishes for, if anything; gives what is to be reported.

        An older version than the accepted one is an old message, and changes nothing.
        Raises StorageFault.
        """
        if desired is not None and desired.version > self.version():
            error = self._faults(desired)
            if error:
                self._refused = (desired.version, error)
                text = f"version {desired.version} was refused: {error}"
                self._alerts.set(AlertCode.CONFIG_REFUSED, "warn", text, self._clock.utc_ms())
            else:
                self._accept(desired)
        refused, error = self._refused
        return ConfigReported(
            v=1,
            device=self._device,
            version=self.version(),
            sha256=self._sha256,
            refused_version=refused,
            error=error[:_ERROR_CHARS],
        )

    def _faults(self, desired: ConfigDesired) -> str:
        found = hashlib.sha256(desired.document.encode()).hexdigest()
        if found != desired.sha256:
            return f"the document must hash to {desired.sha256}, got {found}"
        return self.check(desired.document)

    def _accept(self, desired: ConfigDesired) -> None:
        make_folder(self._folder)
        write_durably(self.document, desired.document.encode())
        with storage_faults("keep the configuration's version"):
            write_durably(self._folder / "desired.version", str(desired.version).encode())
        self._refused = (0, "")
        self._alerts.clear(AlertCode.CONFIG_REFUSED)
        self.restart()
