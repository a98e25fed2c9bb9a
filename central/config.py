"""What the central server can be told, with the limits of every key.

One YAML file (configs/central.yaml is a commented example); every fault is reported at once. A
value that exists is valid: nothing is checked again further in.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import yaml
from pydantic import Field, SecretStr, field_validator

from central import holidays
from central.config_file import ConfigError, File, Section, load_model
from central.database import BadUrl, parse_url
from central.gateways.config import GatewaysConfig

ENV_PREFIX = "FIRELANE_CENTRAL"
_SQLITE = "sqlite:///"

Host = Annotated[str, Field(min_length=1, max_length=253)]


class Broker(Section):
    """Where the broker is, and who the server is to it."""

    host: Host
    port: Annotated[int, Field(ge=1, le=65_535)] = 8883
    ca: File
    cert: File
    key: File
    keepalive_s: Annotated[int, Field(ge=5, le=120)] = 30


class Web(Section):
    """Where the staff pages listen, and how browsers reach them."""

    host: Host = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    base_url: str | None = None

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "http://localhost")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"must be http://… or https://…, got {value!r}")
        return value

    def address(self, port: int) -> str:
        """How browsers reach the pages when they listen on `port`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.base_url or f"http://{host}:{port}"


class Fleet(Section):
    """How often the devices' chains are looked at."""

    watch_s: Annotated[float, Field(ge=1, le=3600, allow_inf_nan=False)] = 60.0


class TimeStamps(Section):
    """The authority that time-stamps the daily checkpoint of the log (RFC 3161)."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+", max_length=512)]
    """Plain http will do: a hash goes out, and what comes back is signed."""
    roots: File
    """Certificates, PEM, that the authority's signature must lead to."""
    timeout_s: Annotated[float, Field(ge=0.1, le=60, allow_inf_nan=False)] = 10.0


class Reader(Section):
    """The second, independent reader of plates, in an environment of its own."""

    python: File
    """Its interpreter, as `scripts/install reader` makes it: `.venv-reader/bin/python`."""


class Config(Section):
    """All of it."""

    database_url: SecretStr
    evidence_dir: File
    signing_key: File
    timezone: str = "Asia/Shanghai"
    broker: Broker
    web: Web = Web()
    fleet: Fleet = Fleet()
    gateways: GatewaysConfig = GatewaysConfig()
    reader: Reader | None = None
    time_stamps: TimeStamps | None = None
    calendar_dir: File | None = None
    """Years' holidays and make-up workdays that the program does not know yet (holidays.py)."""

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: SecretStr) -> SecretStr:
        try:
            parse_url(value.get_secret_value())
        except BadUrl as error:
            raise ValueError(str(error)) from None
        return value

    @field_validator("timezone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"must be a time zone such as Asia/Shanghai, got {value!r}") from None
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def beside(self, folder: Path) -> Self:
        """The same with relative paths counted from the file's own folder."""
        url = self.database_url.get_secret_value()
        if url.startswith(_SQLITE):
            url = _SQLITE + str(folder / url.removeprefix(_SQLITE))
        broker = {
            name: folder / path
            for name, path in (
                ("ca", self.broker.ca),
                ("cert", self.broker.cert),
                ("key", self.broker.key),
            )
        }
        return self.model_copy(
            update={
                "database_url": SecretStr(url),
                "evidence_dir": folder / self.evidence_dir,
                "signing_key": folder / self.signing_key,
                "broker": self.broker.model_copy(update=broker),
                "gateways": self.gateways.beside(folder),
                "calendar_dir": self.calendar_dir and folder / self.calendar_dir,
                "reader": self.reader and Reader(python=folder / self.reader.python),
                "time_stamps": self.time_stamps
                and self.time_stamps.model_copy(update={"roots": folder / self.time_stamps.roots}),
            }
        )

    def effective(self) -> str:
        """The whole configuration as YAML, the database's password masked."""
        data = self.model_dump(mode="json")
        url = parse_url(self.database_url.get_secret_value())
        data["database_url"] = url.render_as_string(hide_password=True)
        return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)


def load(path: Path, env: Mapping[str, str]) -> Config:
    """Raises ConfigError with every fault."""
    config = load_model(Config, path, env, ENV_PREFIX).beside(path.absolute().parent)
    faults = [
        f"{path}: {name}: no such file: {file}"
        for name, file in (
            ("signing_key", config.signing_key),
            ("broker.ca", config.broker.ca),
            ("broker.cert", config.broker.cert),
            ("broker.key", config.broker.key),
            *config.gateways.files().items(),
            *((("reader.python", config.reader.python),) if config.reader else ()),
            *((("time_stamps.roots", config.time_stamps.roots),) if config.time_stamps else ()),
        )
        if not file.is_file()
    ]
    if config.calendar_dir is not None and not config.calendar_dir.is_dir():
        faults.append(f"{path}: calendar_dir: no such folder: {config.calendar_dir}")
    elif config.calendar_dir is not None:
        try:
            holidays.load(config.calendar_dir)
        except holidays.BadPlan as fault:
            faults.append(f"{path}: calendar_dir: {fault}")
    if faults:
        raise ConfigError(faults)
    return config
