"""How a gateway is reached, with the limits of every key."""

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from central.config_file import File, Section

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
