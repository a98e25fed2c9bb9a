"""How values are written in Chinese documents. Pure."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
"""Documents carry the date of China, wherever the server stands."""
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿")
COLOURS = {
    "blue": "蓝底白字",
    "yellow": "黄底黑字",
    "green": "渐变绿底黑字",
    "yellow-green": "黄绿双拼底黑字",
    "white": "白底",
    "black": "黑底白字",
}
_BODY_COLOURS = {
    "white": "白色",
    "grey": "灰色（含银色）",
    "black": "黑色",
    "red": "红色",
    "blue": "蓝色",
    "green": "绿色",
    "yellow": "黄色",
    "brown": "棕色",
    "purple": "紫色",
    "pink": "粉色",
    "other": "其他颜色",
    "untold": "不能辨认",
}
_SEEN_KINDS = {
    "car": "小汽车",
    "van": "面包车",
    "truck": "货车",
    "bus": "大、中型客车",
    "motorcycle": "摩托车",
    "other": "其他车辆",
    "untold": "不能辨认",
}
_EXEMPT = {
    "duty": "该车属于依法享有通行便利或正在执行紧急任务的车辆，不作为违法行为处理",
    "cloned": "该号牌被盗用或者套用，现场车辆不是登记的车辆，不作为登记车辆的违法行为处理",
}
_MINUTE_S = 60


def local(utc_ms: int) -> datetime:
    return datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(CHINA)


def from_form(extra: Mapping[str, str]) -> dict[str, str]:
    """What an officer chose from a list, in the documents' words: the vehicle that they saw, empty
    where they were not asked, and why a case is exempt."""
    return {
        "exempt_why": _EXEMPT[extra.get("exempt_reason", "duty")],
        "seen_colour": _BODY_COLOURS.get(extra.get("seen_colour", ""), ""),
        "seen_kind": _SEEN_KINDS.get(extra.get("seen_kind", ""), ""),
    }


def day(when: date) -> str:
    """2026年11月24日."""
    return f"{when.year}年{when.month}月{when.day}日"


def moment(utc_ms: int) -> str:
    """2026年11月24日10时05分30秒."""
    at = local(utc_ms)
    return f"{day(at.date())}{at:%H时%M分%S秒}"


def duration(ms: int) -> str:
    """25分30秒; whole seconds, the rest dropped."""
    minutes, seconds = divmod(ms // 1000, _MINUTE_S)
    return f"{minutes}分{seconds:02d}秒" if minutes else f"{seconds}秒"


def capital(fen: int) -> str:
    """An amount as it cannot be altered by a stroke: 壹佰元整. Raises ValueError below 0 and from
    a million million yuan."""
    if not 0 <= fen < 10**14:
        raise ValueError(f"an amount must be 0 to {10**14 - 1} fen, got {fen}")
    yuan, rest = divmod(fen, 100)
    jiao, cent = divmod(rest, 10)
    said = f"{_whole(yuan)}元" if yuan or not rest else ""
    if not rest:
        return f"{said}整"
    if jiao:
        said += f"{_DIGITS[jiao]}角"
    elif yuan:
        said += "零"
    return f"{said}{_DIGITS[cent]}分" if cent else f"{said}整"


def _whole(number: int) -> str:
    if number == 0:
        return "零"
    said, gap = "", False
    for place in range(len(str(number)) - 1, -1, -1):
        digit = number // 10**place % 10
        group, within = divmod(place, 4)
        if digit:
            said += ("零" if gap and said else "") + _DIGITS[digit] + _PLACES[within]
        gap = not digit
        if within == 0 and number // 10**place % 10_000:
            said += _GROUPS[group]
    return said


def plate(text: str | None, colour: str | None) -> str:
    """浙B·12345（蓝底白字）; empty where nothing was read."""
    if not text:
        return ""
    said = f"{text[:2]}·{text[2:]}"
    return f"{said}（{COLOURS[colour]}）" if colour in COLOURS else said


def short_plate(text: str | None) -> str:
    """For the public: 浙B·1***5."""
    return f"{text[:2]}·{text[2]}{'*' * (len(text) - 4)}{text[-1]}" if text else ""


def short_name(name: str) -> str:
    """For the public: 张**."""
    return f"{name[:1]}{'*' * (len(name) - 1)}" if name else ""
