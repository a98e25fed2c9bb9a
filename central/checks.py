"""What can be checked on a stored record, for the officer who must judge it. Pure.

A check that fails or cannot be made does not refuse the packet: the bytes are kept, and the case
page shows the result beside them. `ok` None means: could not be proven, a person has to look.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from central.views import Check
from edge.wire.errors import WireError
from edge.wire.records import GENESIS, Proof, Record, RecordKind
from edge.wire.signing import open_envelope

CLOCK_LIMIT_MS = 1000
"""Largest error of the clock that still dates evidence to the second."""
AHEAD_LIMIT_MS = 5000
"""How far a record may seem to come from the future: clock error and rounding."""
TIME_LIMIT_MS = 2000
"""Two clocks that timed the same stay may differ by this much."""
WIDE = (1280, 720)
_NEEDED = {
    RecordKind.ARRIVAL: "arrival",
    RecordKind.OVERSTAY: "deadline",
    RecordKind.DEPARTURE: "departure",
}
Held = Literal["held", "missing", "damaged", "erased"]


@dataclass(frozen=True, slots=True)
class Previous:
    """What is known of the record before in the device's chain: its hash, from the record itself
    or from a tombstone (null where the device no longer knew it)."""

    sha256: str | None
    tombstone: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What the server knows beside the record."""

    envelope: bytes
    keys: Mapping[str, Ed25519PublicKey]
    device_active: bool
    received_utc_ms: int
    previous: Previous | None
    held: Mapping[str, Held]
    first: Record | None
    """The first record of the same stay, if it is another."""


def check_record(record: Record, context: Context) -> tuple[Check, ...]:
    """Every check, in the order in which an officer reads them."""
    return tuple(check(record, context) for check in _CHECKS)


def _signature(record: Record, context: Context) -> Check:
    try:
        opened = open_envelope(context.envelope, context.keys, Record.PAYLOAD_TYPE)
    except WireError as error:
        return Check("signature", False, error.text, "签名验证未通过，数据可能被改动")
    if opened.payload != record.to_bytes():
        text = "the signed bytes are not in the form that this program writes"
        return Check("signature", None, text, "签名有效，但数据格式与本系统不一致")
    return Check(
        "signature", True, f"signed by key {opened.key_id}", f"签名有效（密钥 {opened.key_id[:8]}）"
    )


def _device(record: Record, context: Context) -> Check:
    if context.device_active:
        return Check("device", True, f"{record.device} is registered", "设备已登记并启用")
    return Check("device", None, f"{record.device} is switched off now", "设备现已停用")


def _chain(record: Record, context: Context) -> Check:
    before = context.previous
    if record.prev == GENESIS:
        return Check("chain", True, "first record of the device", "该设备的第一条记录")
    if before is None:
        text = f"record {record.seq - 1} of the device is not here yet"
        return Check("chain", None, text, f"前一条记录（第 {record.seq - 1} 号）尚未到达")
    if before.sha256 is None:
        text = f"record {record.seq - 1} is gone: {before.tombstone}"
        return Check("chain", None, text, f"前一条记录已缺失，设备说明：{before.tombstone}")
    if before.sha256 != record.prev:
        text = f"prev is {record.prev}, record {record.seq - 1} hashes to {before.sha256}"
        return Check("chain", False, text, "与前一条记录的哈希不连续，可能有记录被替换")
    return Check("chain", True, f"follows record {record.seq - 1}", "与前一条记录连续")


def _clock(record: Record, context: Context) -> Check:
    clock = record.clock
    if record.made.utc_ms > context.received_utc_ms + AHEAD_LIMIT_MS:
        ahead = record.made.utc_ms - context.received_utc_ms
        text = f"made {ahead} ms after the server received it"
        return Check("clock", False, text, f"设备时间比服务器接收时间快 {ahead / 1000:.1f} 秒")
    if clock.state != "synced" or clock.offset_ms is None:
        text = f"clock {clock.state}, offset {clock.offset_ms}"
        return Check("clock", None, text, "设备时钟未与标准时间同步")
    if abs(clock.offset_ms) > CLOCK_LIMIT_MS:
        text = f"clock off by {clock.offset_ms} ms, allowed {CLOCK_LIMIT_MS}"
        return Check("clock", False, text, f"设备时钟误差 {clock.offset_ms} 毫秒，超过 1 秒")
    text = f"synced, offset {clock.offset_ms} ms"
    return Check("clock", True, text, f"时钟已同步，误差 {clock.offset_ms} 毫秒")


def _exhibits(record: Record, context: Context) -> Check:
    states = {item.sha256: context.held.get(item.sha256, "missing") for item in record.exhibits}
    damaged = [sha256 for sha256, state in states.items() if state == "damaged"]
    missing = [sha256 for sha256, state in states.items() if state == "missing"]
    erased = [sha256 for sha256, state in states.items() if state == "erased"]
    if damaged:
        text = f"{len(damaged)} images do not hash to their names: {damaged[0]}"
        return Check("exhibits", False, text, f"{len(damaged)} 张图片与记录的哈希不符")
    if missing:
        text = f"{len(missing)} of {len(states)} images are not here"
        return Check("exhibits", None, text, f"{len(states)} 张图片中有 {len(missing)} 张尚未收到")
    if erased:
        text = f"{len(erased)} of {len(states)} images were erased when their time was over"
        zh = f"{len(states)} 张图片中有 {len(erased)} 张已按规定到期删除"
        return Check("exhibits", None, text, zh)
    wanted = _NEEDED.get(record.kind)
    if wanted is not None and not any(
        item.occasion == wanted and item.view == "wide" for item in record.exhibits
    ):
        return Check("exhibits", None, f"no wide view at {wanted}", "缺少该时刻的全景图片")
    text = f"{len(states)} images, every hash holds"
    return Check("exhibits", True, text, f"{len(states)} 张图片齐全，哈希一致")


def _size(record: Record, _context: Context) -> Check:
    small = [
        item
        for item in record.exhibits
        if item.view == "wide" and (item.width < WIDE[0] or item.height < WIDE[1])
    ]
    if small:
        got = f"{small[0].width}×{small[0].height}"
        text = f"a wide view has {got} pixels, wanted {WIDE[0]}×{WIDE[1]}"
        return Check("size", None, text, f"全景图片分辨率 {got}，低于 1280×720")
    return Check("size", True, "wide views are large enough", "图片分辨率符合要求")


def _lane(record: Record, _context: Context) -> Check:
    lane = record.lane
    version = lane_version(
        lane.id, (lane.frame_width, lane.frame_height), [list(point) for point in lane.polygon]
    )
    if version != lane.version:
        text = f"the polygon hashes to {version}, the record names {lane.version}"
        return Check("lane", False, text, "消防通道区域与版本号不符")
    if any(x > lane.frame_width or y > lane.frame_height for x, y in lane.polygon):
        return Check("lane", False, "the polygon leaves the frame", "消防通道区域超出画面")
    if max(sample.overlap_pm for sample in record.stay.samples) == 0:
        return Check("lane", False, "no sample touches the lane", "车辆采样均不在通道内")
    return Check("lane", True, f"{lane.id} version {lane.version[:12]}", "消防通道区域版本一致")


def _gaps(record: Record, _context: Context) -> Check:
    gaps, limit_ms = record.stay.gaps, record.rules.max_gap_ms
    if not gaps:
        return Check("gaps", True, "observed without a gap", "全程连续观察，无中断")
    longest = max(gap.end_ms - gap.begin_ms for gap in gaps)
    told = f"{len(gaps)} gaps, longest {longest} ms, {record.stay.unobserved_ms} ms in all"
    told_zh = f"观察中断 {len(gaps)} 次，最长 {longest / 1000:.0f} 秒"
    # A broken record says itself that it proves nothing.
    accusing = record.kind is RecordKind.OVERSTAY
    if accusing and (longest > limit_ms or any(gap.proof is Proof.NONE for gap in gaps)):
        return Check("gaps", False, told, told_zh + "，无法证明为同一车辆")
    return Check("gaps", None, told, told_zh)


def _time(record: Record, context: Context) -> Check:
    fault = _time_fault(record) or _other_beginning(record, context.first)
    if fault:
        return Check("time", False, fault[0], fault[1])
    stay = record.stay
    by_wall = stay.last_seen.utc_ms - stay.begin.utc_ms
    if abs(by_wall - stay.standing_ms) > TIME_LIMIT_MS:
        text = f"the wall clock counts {by_wall} ms, the monotonic clock {stay.standing_ms} ms"
        return Check("time", None, text, "停留期间设备时钟有调整，以单调时钟计时")
    return Check("time", True, "all times agree", "各项时间一致")


def _time_fault(record: Record) -> tuple[str, str] | None:
    stay, rules = record.stay, record.rules
    if record.kind is RecordKind.OVERSTAY and stay.standing_ms < stay.deadline_ms - TIME_LIMIT_MS:
        text = f"standing {stay.standing_ms} ms, before the deadline at {stay.deadline_ms} ms"
        return text, "停留时间未到期限"
    if record.kind is RecordKind.ARRIVAL and stay.standing_ms < rules.confirm_ms - TIME_LIMIT_MS:
        text = f"standing {stay.standing_ms} ms, confirmed at {rules.confirm_ms} ms"
        return text, "停留时间未到确认时限"
    if stay.samples[-1].offset_ms > stay.standing_ms + TIME_LIMIT_MS:
        return "a sample was taken after the vehicle was last seen", "采样时间晚于最后观察时间"
    if stay.begin.boot == stay.last_seen.boot:
        by_mono = (stay.last_seen.mono_ns - stay.begin.mono_ns) // 1_000_000
        if abs(by_mono - stay.standing_ms) > TIME_LIMIT_MS:
            text = f"standing {stay.standing_ms} ms, between its moments {by_mono} ms"
            return text, "停留时长与起止时刻不符"
    if stay.reminded is not None:
        deadline = stay.reminded.offset_ms + rules.grace_ms
        if stay.deadline_ms < deadline - TIME_LIMIT_MS:
            text = f"deadline {stay.deadline_ms} ms, reminded and grace give {deadline} ms"
            return text, "期限早于提醒时间加宽限时间"
    return None


def _other_beginning(record: Record, first: Record | None) -> tuple[str, str] | None:
    if first is None or (first.stay.begin, first.camera) == (record.stay.begin, record.camera):
        return None
    return "the first record of the stay names another beginning", "与首条记录的起始时间不一致"


def lane_version(lane: str, frame_size: tuple[int, int], polygon: list[list[int]]) -> str:
    """SHA-256 of the compact JSON `[id,[width,height],[[x,y],...]]`, as the device computes it."""
    text = json.dumps([lane, list(frame_size), polygon], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


_CHECKS: tuple[Callable[[Record, Context], Check], ...] = (
    _signature,
    _device,
    _chain,
    _clock,
    _exhibits,
    _size,
    _lane,
    _gaps,
    _time,
)
