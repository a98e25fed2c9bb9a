"""`state`, `birth`, `health` and `alert`: plain JSON that a tech reads with `mosquitto_sub` alone.

They are not signed: the broker's ACL lets only the device write them, and nothing is decided by
them. Numbers that cannot be read on a box are null, never a guess.
"""

from typing import Annotated, Literal

from pydantic import Field

from edge.wire.fields import (
    Code_,
    Count,
    DeviceId,
    KeyId,
    Line,
    LocalId,
    Message,
    Name,
    Part,
    PerMille,
    Pixel,
    Sha256,
    UtcMs,
    Uuid,
    Version,
)

Level = Literal["ok", "warn", "crit"]
Ms = Annotated[float, Field(ge=0, le=1e9)]
Celsius = Annotated[float, Field(ge=-100, le=300)]
Seconds = Annotated[float, Field(ge=0, le=1e10)]


class State(Message):
    """Retained, and the will. `epoch` rises with every connection, also over starts of the daemon:
    a `lost` whose epoch is below the last birth's came late and means nothing."""

    v: Version
    s: Literal["online", "stopped", "lost"]
    epoch: Count
    boot: Uuid


class CentralState(Message):
    """Devices hold their packets back while the server is not `online`. `epoch` rises with every
    connection: another one, and what was said to the last may be lost."""

    v: Version
    s: Literal["online", "draining", "offline"]
    epoch: Count


class CameraProfile(Part):
    id: LocalId
    lanes: Annotated[list[LocalId], Field(max_length=16)]
    width: Pixel
    height: Pixel


class Birth(Message):
    """What a device is, said at every connection (retained)."""

    v: Version
    device: DeviceId
    epoch: Count
    boot: Uuid
    utc_ms: UtcMs
    software: Name
    software_sha256: Sha256
    model_sha256: Sha256
    config_version: Count
    config_sha256: Sha256
    signing_key: KeyId
    cert_not_after_utc_ms: UtcMs | None
    seq: Count
    chain_head: Sha256
    cameras: Annotated[list[CameraProfile], Field(max_length=16)]
    hardware: Line
    system: Line


class CameraHealth(Part):
    id: LocalId
    state: Literal["ok", "starting", "auth", "refused", "timeout", "decode", "ended", "disabled"]
    view: Literal["ok", "dark", "saturated", "blurred", "covered", "frozen", "moved", "unknown"]
    light: Literal["day", "dusk", "ir", "unknown"]
    last_frame_age_s: Seconds | None
    fps_in: Annotated[float, Field(ge=0, le=1000)]
    fps_looked: Annotated[float, Field(ge=0, le=1000)]
    reconnects_1h: Count
    stalls_1h: Count
    occupied: Count
    moved_px: Annotated[float, Field(ge=0, le=1e5)] | None


class DetectorHealth(Part):
    runtime: Name
    model_sha256: Sha256
    ms_p50: Ms | None
    ms_p95: Ms | None
    selftest_ok: bool
    last_look_age_s: Seconds | None


class OutboxHealth(Part):
    """The figure that matters: how much evidence waits, and for how long."""

    depth: Count
    oldest_s: Seconds
    bytes: Count
    set_aside: Count
    receipted_24h: Count
    last_receipt_age_s: Seconds | None
    seq: Count
    chain_head: Sha256
    paused: bool


class HostHealth(Part):
    uptime_s: Seconds
    service_uptime_s: Seconds
    load1: Annotated[float, Field(ge=0, le=1e5)] | None
    rss_mb: Annotated[float, Field(ge=0, le=1e6)] | None
    mem_available_mb: Annotated[float, Field(ge=0, le=1e7)] | None
    cpu_c: Celsius | None
    throttled: bool | None
    disk_free_pm: PerMille
    disk_read_only: bool


class ClockHealth(Part):
    state: Literal["unset", "saved", "synced"]
    offset_ms: Annotated[float, Field(ge=-1e13, le=1e13)] | None
    last_sync_age_s: Seconds | None


class LinkHealth(Part):
    reconnects_24h: Count
    downtime_24h_s: Seconds
    bytes_up: Count
    bytes_down: Count
    cert_days_left: Annotated[int, Field(ge=-36500, le=36500)] | None


class Health(Message):
    """Every 60 s, and at once when the overall level changes. At most 4 KiB with eight cameras."""

    v: Version
    device: DeviceId
    utc_ms: UtcMs
    epoch: Count
    level: Level
    reasons: Annotated[list[Code_], Field(max_length=16)]
    host: HostHealth
    clock: ClockHealth
    cameras: Annotated[list[CameraHealth], Field(max_length=16)]
    detector: DetectorHealth
    outbox: OutboxHealth
    link: LinkHealth


class Alert(Message):
    """Retained under its code until it is cleared by an empty payload."""

    v: Version
    code: Code_
    level: Literal["warn", "crit"]
    since_utc_ms: UtcMs
    text: Line
    hint: Line
