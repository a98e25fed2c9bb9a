"""How a gateway is reached, with the limits of every key."""

import base64
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from central.config_file import File, Section

_APIV3_BYTES = 32
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def require_safe_url(value: str) -> str:
    """https anywhere, plain http on this machine only. Raises ValueError."""
    parts = urlsplit(value)
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not parts.hostname or not (plain or parts.scheme == "https"):
        raise ValueError(f"must be https://… (http only on this machine), got {value!r}")
    if parts.username or parts.query or parts.fragment:
        raise ValueError("must hold no password, query or fragment: secrets have their own keys")
    return value.rstrip("/")


def require_secret(value: SecretStr) -> SecretStr:
    """A secret that webhooks are signed with. Raises ValueError."""
    text = value.get_secret_value()
    try:
        long_enough = len(base64.b64decode(text.removeprefix("whsec_"), validate=True)) >= 24
    except ValueError:
        long_enough = False
    if not text.startswith("whsec_") or not long_enough:
        raise ValueError("must be whsec_ and at least 24 random bytes in base64")
    return value


class Http(Section):
    """Where a gateway is, and how each side shows who it is."""

    url: str
    token: SecretStr | None = None
    """Sent as a bearer token."""
    ca: File | None = None
    """Whom we trust there; the system's authorities if none is given."""
    cert: File | None = None
    key: File | None = None
    """Our certificate with its key: mutual TLS."""
    timeout_s: Annotated[float, Field(ge=0.1, le=60, allow_inf_nan=False)] = 10.0

    @field_validator("url")
    @classmethod
    def _is_safe(cls, value: str) -> str:
        return require_safe_url(value)

    @model_validator(mode="after")
    def _certificate_with_key(self) -> Self:
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key must be given together")
        return self

    def beside(self, folder: Path) -> Self:
        """The same with relative paths counted from `folder`."""
        found = {
            name: folder / path
            for name, path in (("ca", self.ca), ("cert", self.cert), ("key", self.key))
            if path is not None
        }
        return self.model_copy(update=found)

    def files(self) -> dict[str, Path]:
        """The files that must be there, by key."""
        named = {"ca": self.ca, "cert": self.cert, "key": self.key}
        return {name: path for name, path in named.items() if path is not None}


class HttpSms(Http):
    """A gateway to telephones that speaks our own small protocol (central/gateways/README.md)."""

    kind: Literal["http"]
    report_secret: SecretStr
    """With which the gateway signs its delivery reports: `whsec_` and 24 bytes or more, base64."""

    @field_validator("report_secret")
    @classmethod
    def _is_secret(cls, value: SecretStr) -> SecretStr:
        return require_secret(value)


Template = Annotated[str, Field(pattern=r"^SMS_[0-9]{1,20}$")]


class AliyunSms(Section):
    """Aliyun's SMS service (Dysmsapi 2017-05-25), through its own SDK: the extra `[aliyun]`."""

    kind: Literal["aliyun"]
    access_key_id: SecretStr
    access_key_secret: SecretStr
    sign_name: Annotated[str, Field(min_length=2, max_length=20)]
    template: Template
    """Of the reminder."""
    templates: dict[Literal["invitation", "paper"], Template] = Field(default_factory=dict)
    """Of the other messages. One without a template is refused, and shown as failed."""
    endpoint: Annotated[str, Field(min_length=3, max_length=100)] = "dysmsapi.aliyuncs.com"
    timeout_s: Annotated[int, Field(ge=1, le=60)] = 10

    def beside(self, folder: Path) -> Self:
        """Nothing here is a path."""
        return self

    def files(self) -> dict[str, Path]:
        return {}


class HttpRegister(Http):
    """The register of vehicles, asked call by call, each with its purpose."""

    kind: Literal["http"]


class CsvRegister(Section):
    """The register as a file that is brought anew every night."""

    kind: Literal["csv"]
    file: File

    def beside(self, folder: Path) -> Self:
        return self.model_copy(update={"file": folder / self.file})

    def files(self) -> dict[str, Path]:
        return {"file": self.file}


class HttpIdentity(Http):
    """Whether a name and an ID number belong together."""

    kind: Literal["http"]


class NonTaxPayment(Http):
    """A platform for non-tax income that speaks our own small protocol."""

    kind: Literal["non-tax"]
    callback_secret: SecretStr
    """With which the platform signs its callbacks: `whsec_` and 24 bytes or more, base64."""

    @field_validator("callback_secret")
    @classmethod
    def _is_secret(cls, value: SecretStr) -> SecretStr:
        return require_secret(value)


class WechatPayment(Section):
    """WeChat Pay v3 (Native), with WeChat's public key instead of platform certificates."""

    kind: Literal["wechat"]
    mchid: Annotated[str, Field(pattern=r"^[0-9]{6,32}$")]
    appid: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{6,32}$")]
    private_key: File
    cert_serial: Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{8,64}$")]
    apiv3_key: SecretStr
    public_key: File
    public_key_id: Annotated[str, Field(pattern=r"^PUB_KEY_ID_[0-9]{6,64}$")]
    timeout_s: Annotated[float, Field(ge=0.1, le=60, allow_inf_nan=False)] = 10.0

    @field_validator("apiv3_key")
    @classmethod
    def _is_key(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value().encode()) != _APIV3_BYTES:
            raise ValueError(f"must have exactly {_APIV3_BYTES} bytes")
        return value

    def beside(self, folder: Path) -> Self:
        found = {name: folder / path for name, path in self.files().items()}
        return self.model_copy(update=found)

    def files(self) -> dict[str, Path]:
        return {"private_key": self.private_key, "public_key": self.public_key}


AnySms = Annotated[HttpSms | AliyunSms, Field(discriminator="kind")]
AnyPayment = Annotated[NonTaxPayment | WechatPayment, Field(discriminator="kind")]
AnyRegister = Annotated[HttpRegister | CsvRegister, Field(discriminator="kind")]


class GatewaysConfig(Section):
    """Which systems the office asks and tells. What is left out is done by people."""

    sms: AnySms | None = None
    vehicles: AnyRegister | None = None
    identity: HttpIdentity | None = None
    payment: AnyPayment | None = None

    def beside(self, folder: Path) -> Self:
        """The same with relative paths counted from `folder`."""
        named = {name: getattr(self, name) for name in type(self).model_fields}
        found = {name: one.beside(folder) for name, one in named.items() if one is not None}
        return self.model_copy(update=found)

    def files(self) -> dict[str, Path]:
        """The files that must be there, by their keys."""
        return {
            f"gateways.{name}.{key}": path
            for name in type(self).model_fields
            if (one := getattr(self, name)) is not None
            for key, path in one.files().items()
        }
