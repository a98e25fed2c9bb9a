"""What a party said in its defence, as documents name it: all of it, in order, with its reason."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Connection, select

from central.bars import RECUSAL
from central.owner_tables import statement

NOT_DEFENCE = ("admission", "waiver", "reconsideration", "withdrawal", "deferral", RECUSAL)
"""Kinds of statements that no document answers as a defence."""
GROUNDS: Mapping[str, str] = MappingProxyType(
    {
        "loading": "正在装卸、搬运或者接送行动不便的人",
        "emergency": "急病、救助等紧急情况",
        "breakdown": "车辆故障",
        "directed": "按保安或者警察指挥停放",
        "marking": "标线不清，或者画有停车位",
        "not-blocking": "没有妨碍消防车通行",
        "no-reminder": "没有收到提醒，或者收到太晚",
        "wrong-car": "图像里不是我的车",
        "other-driver": "当时是别人驾驶",
        "sold": "车辆已经卖出",
        "stolen": "车辆被盗",
        "cloned": "我的车牌被套用（套牌）",
    }
)
"""Reasons as the owner's page offers them; `other` says nothing of itself."""


def said(db: Connection, case_id: UUID) -> str:
    """Every statement that a document must answer, a line or more each; empty where there is none.

    A reason that was chosen counts where nothing was written to it.
    """
    query = select(statement.c.grounds, statement.c.text).where(
        statement.c.case_id == case_id, statement.c.kind.not_in(NOT_DEFENCE)
    )
    rows = db.execute(query.order_by(statement.c.made_utc_ms, statement.c.id)).all()
    return "\n".join(line for row in rows if (line := _line(row.grounds, row.text)))


def _line(grounds: str, text: str) -> str:
    reason = GROUNDS.get(grounds, "")
    return f"【{reason}】{text}" if reason else text
