"""The table of the case: (state, action) to state, with roles, conditions, documents and basis.

Sources: 行政处罚法 (APL), 行政强制法 (AEL), 行政复议法 (ARL), 行政诉讼法 (ALL), 民事诉讼法 (CPL),
道路交通安全法 (RTSL) with its procedure (道路交通安全违法行为处理程序规定, RTSP), 个人信息保护法
(PIPL). Local practice (who decides, which procedure, how long) is policy data; nothing here depends
on it.
"""

from collections.abc import Iterable, Mapping

from central.cases import Action, Guard, Money, Move, Place, Remedy, Role, Rulebook, State

A, G, M, S = Action, Guard, Money, State
_DEV, _SYS, _SCR, _OFF = (
    frozenset({role}) for role in (Role.DEVICE, Role.SYSTEM, Role.SCREENER, Role.OFFICER)
)
_HEAD, _LEG, _SRV, _FIN = (
    frozenset({role}) for role in (Role.HEAD, Role.LEGAL, Role.SERVICE, Role.FINANCE)
)
_PARTY, _COURT = frozenset({Role.PARTY}), frozenset({Role.COURT})

_REVIEW = (
    G.CERTIFIED,
    G.PLATE_TYPED_BLIND,
    G.CHECKLIST_CLEAN,
    G.INTEGRITY_GREEN,
    G.IN_REVIEW_TIME,
)
_FILING = (
    G.NO_DUPLICATE,
    G.IN_LIMITATION,
    G.NOT_WARNING_PHASE,
    G.PACK_KNOWN,
    G.NOT_IN_DOUBT,
    G.VEHICLE_MATCHES,
)
_DECISION = (
    G.CERTIFIED,
    G.AMOUNT_NOT_RAISED,
    G.FIRST_SPARED,
    G.IN_DECISION_TIME,
    G.NO_DUPLICATE,
    G.DOCUMENT_COMPLETE,
    G.PACK_KNOWN,
    G.NOT_IN_DOUBT,
    G.RECUSALS_ANSWERED,
)
_BEFORE_FILING = (
    S.SUSPECTED,
    S.REMINDED,
    S.REMINDER_FAILED,
    S.QUARANTINED,
    S.OVERSTAYED,
    S.SCREENED,
    S.FIRST_REVIEWED,
    S.DISPUTED,
    S.SECOND_REVIEWED,
    S.OWNER_RESOLVED,
    S.FILING_PROPOSED,
)
_BEFORE_DECISION = (
    S.FILED,
    S.PARTY_IDENTIFIED,
    S.NOTIFIED,
    S.STATEMENT,
    S.WAIVED,
    S.SILENT,
    S.RECHECKED,
    S.LEGALLY_REVIEWED,
)
_HEARD = (S.WAIVED, S.SILENT, S.RECHECKED)
SINCE_DECISION = (
    S.DECIDED,
    S.SERVING,
    S.ANNOUNCED,
    S.SERVED,
    S.PAYABLE,
    S.DEFERRED,
    S.PAID,
    S.OVERDUE,
    S.DEMANDED,
    S.IN_COURT,
    S.CLOSED,
    S.ARCHIVED,
)
ENDS = frozenset(
    {S.DEPARTED, S.INDETERMINATE, S.REJECTED, S.EXEMPT, S.NOT_FILED, S.TRANSFERRED, S.ARCHIVED}
)
"""Nothing leads on from here, apart from a record that comes late and what the law keeps open
after a decision."""

STAGES: Mapping[str, tuple[State, ...]] = {
    "watched": (S.SUSPECTED, S.REMINDED, S.REMINDER_FAILED),
    "review": (
        S.OVERSTAYED, S.QUARANTINED, S.SCREENED, S.FIRST_REVIEWED, S.DISPUTED, S.SECOND_REVIEWED,
    ),
    "procedure": (
        S.OWNER_RESOLVED, S.FILING_PROPOSED, S.FILED, S.PARTY_IDENTIFIED, S.NOTIFIED, S.STATEMENT,
        S.WAIVED, S.SILENT, S.RECHECKED, S.LEGALLY_REVIEWED,
    ),
    "execution": (
        S.DECIDED, S.SERVING, S.ANNOUNCED, S.SERVED, S.PAYABLE, S.DEFERRED, S.PAID, S.OVERDUE,
        S.DEMANDED, S.IN_COURT, S.REVOKED, S.VOID, S.REFUNDED, S.NO_PENALTY,
    ),
    "over": (
        S.DEPARTED, S.INDETERMINATE, S.REJECTED, S.EXEMPT, S.NOT_FILED, S.TRANSFERRED, S.CLOSED,
        S.ARCHIVED,
    ),
}  # fmt: skip
"""Stretches of the main road, for lists and their colours; every state lies in one."""

Row = tuple[Iterable[Place], Action, Move]

_WATCHING: tuple[Row, ...] = (
    ([S.SUSPECTED], A.REMIND,
     Move(S.REMINDED, _SYS, (G.PLATE_CIVIL, G.OWNER_REACHABLE, G.OUTSIDE_QUIET_HOURS, G.DELIVERED),
          "提醒短信", "APL 33, 41(3)")),
    ([S.REMINDER_FAILED], A.REMIND,
     Move(S.REMINDED, _SYS, (G.PLATE_CIVIL, G.OWNER_REACHABLE, G.OUTSIDE_QUIET_HOURS, G.DELIVERED),
          "提醒短信", "APL 33, 41(3)")),
    ([S.SUSPECTED], A.FAIL_REMINDER, Move(S.REMINDER_FAILED, _SYS)),
    # Who was held for a look and left is left alone.
    ([S.SUSPECTED, S.REMINDED, S.REMINDER_FAILED, S.QUARANTINED], A.DEPART,
     Move(S.DEPARTED, _DEV, (G.ABSENCE_PROVEN,), basis="APL 33")),
    ([S.REMINDED], A.OVERSTAY,
     Move(S.OVERSTAYED, _DEV, (G.GRACE_OVER, G.SAME_VEHICLE), "证据包", "APL 41, 46")),
    # Records come in any order: how the stay ended may be told before its deadline is.
    ([S.DEPARTED, S.INDETERMINATE], A.OVERSTAY,
     Move(S.OVERSTAYED, _DEV, (G.REMINDED, G.GRACE_OVER, G.SAME_VEHICLE), "证据包",
          "APL 41, 46")),
    # Nobody is accused who was not told: it waits for a reminder, or for the vehicle to leave.
    ([S.SUSPECTED, S.REMINDER_FAILED], A.OVERSTAY_UNREMINDED, Move(S.REMINDER_FAILED, _DEV)),
    ([S.SUSPECTED, S.REMINDED, S.REMINDER_FAILED], A.BREAK,
     Move(S.INDETERMINATE, _DEV | _SYS, basis="APL 40")),
    # A device that says both, left and lost from sight, proves neither.
    ([S.DEPARTED, S.QUARANTINED], A.BREAK, Move(S.INDETERMINATE, _DEV, basis="APL 40")),
    ([S.SUSPECTED, S.REMINDER_FAILED], A.EXPIRE, Move(S.INDETERMINATE, _SYS, (G.TIME_OVER,))),
    ([S.SUSPECTED, S.REMINDED, S.REMINDER_FAILED, S.OVERSTAYED], A.QUARANTINE,
     Move(S.QUARANTINED, _SYS, (), "完整性报告", "APL 41(1)")),
    ([S.QUARANTINED], A.RELEASE,
     Move(S.OVERSTAYED, _OFF,
          (G.CERTIFIED, G.INTEGRITY_GREEN, G.REMINDED, G.GRACE_OVER, G.SAME_VEHICLE),
          "完整性报告", "APL 41(1)")),
    ([S.QUARANTINED], A.REJECT, Move(S.REJECTED, _OFF, (G.GROUNDS_GIVEN,), basis="APL 41(2)")),
    ([S.QUARANTINED], A.EXPIRE, Move(S.REJECTED, _SYS, (G.TIME_OVER,), basis="APL 41(2)")),
)  # fmt: skip

_REVIEWING: tuple[Row, ...] = (
    ([S.OVERSTAYED], A.SCREEN, Move(S.SCREENED, _SCR, basis="APL 20")),
    ([S.OVERSTAYED], A.REJECT,
     Move(S.REJECTED, _SCR | _OFF, (G.GROUNDS_GIVEN,), basis="APL 41(2)")),
    ([S.SCREENED], A.REJECT, Move(S.REJECTED, _OFF, (G.GROUNDS_GIVEN,), basis="APL 41(2)")),
    ([S.OVERSTAYED, S.SCREENED], A.REVIEW,
     Move(S.FIRST_REVIEWED, _OFF, _REVIEW, "审核记录", "APL 41(2)")),
    ([S.OVERSTAYED, S.SCREENED, S.FIRST_REVIEWED], A.EXPIRE,
     Move(S.REJECTED, _SYS, (G.TIME_OVER,), basis="APL 41(2)")),
    ([S.FIRST_REVIEWED], A.REVIEW_AGAIN,
     Move(S.SECOND_REVIEWED, _OFF, _REVIEW, "审核记录", "APL 42")),
    ([S.FIRST_REVIEWED], A.DISAGREE,
     Move(S.DISPUTED, _OFF, (G.CERTIFIED, G.GROUNDS_GIVEN), "审核记录", "APL 42")),
    ([S.DISPUTED], A.SETTLE,
     Move(S.SECOND_REVIEWED, _LEG, (G.GROUNDS_GIVEN, G.INTEGRITY_GREEN), "法制审核意见",
          "APL 41(2)")),
    ([S.DISPUTED], A.REJECT, Move(S.REJECTED, _LEG, (G.GROUNDS_GIVEN,), basis="APL 41(2)")),
    ([*_BEFORE_FILING, S.FILED, S.PARTY_IDENTIFIED], A.EXEMPT,
     Move(S.EXEMPT, _OFF, (G.CERTIFIED, G.PROOF_OF_EXEMPTION), "免予处理说明", "RTSL 53; RTSP 22")),
    ([S.SECOND_REVIEWED], A.RESOLVE_OWNER,
     Move(S.OWNER_RESOLVED, _SYS, (), "查询记录", "PIPL 6, 34")),
)  # fmt: skip

_DECIDING: tuple[Row, ...] = (
    ([S.OWNER_RESOLVED], A.PROPOSE_FILING,
     Move(S.FILING_PROPOSED, _OFF, (G.CERTIFIED, G.ROUTE_OPEN, *_FILING), "立案审批表",
          "APL 41, 54")),
    ([S.FILING_PROPOSED], A.FILE, Move(S.FILED, _HEAD, _FILING, "立案审批表", "APL 54")),
    ([S.OWNER_RESOLVED, S.FILING_PROPOSED], A.DECLINE_FILING,
     Move(S.NOT_FILED, _HEAD, (G.GROUNDS_GIVEN,), "不予立案审批表", "APL 54")),
    ([S.FILED], A.IDENTIFY_PARTY,
     Move(S.PARTY_IDENTIFIED, _PARTY | _OFF, (G.IDENTITY_CHECKED,), "询问/确认笔录", "APL 55")),
    ([S.PARTY_IDENTIFIED], A.NOTIFY,
     Move(S.NOTIFIED, _OFF, (G.CERTIFIED, G.NOTICE_COMPLETE, G.AMOUNT_NOT_RAISED),
          "行政处罚告知书", "APL 44")),
    ([S.NOTIFIED], A.STATE, Move(S.STATEMENT, _PARTY | _OFF, (), "陈述申辩笔录", "APL 45")),
    ([S.NOTIFIED], A.WAIVE, Move(S.WAIVED, _PARTY, (G.EXPRESS,), "放弃声明", "APL 62")),
    ([S.NOTIFIED], A.LAPSE,
     Move(S.SILENT, _SYS, (G.NOTICE_RECEIVED, G.TIME_OVER), basis="APL 45")),
    # Who waived or was silent may still speak until the decision is made.
    ([S.WAIVED, S.SILENT], A.STATE,
     Move(S.STATEMENT, _PARTY | _OFF, (), "陈述申辩笔录", "APL 45")),
    # As long as the law gives them, whatever was said and looked at before.
    ([S.RECHECKED, S.LEGALLY_REVIEWED], A.STATE,
     Move(S.STATEMENT, _PARTY | _OFF, (G.TIME_TO_SPEAK,), "陈述申辩笔录", "APL 45")),
    ([S.RECHECKED], A.WAIVE, Move(S.WAIVED, _PARTY, (G.EXPRESS,), "放弃声明", "APL 62")),
    ([S.STATEMENT], A.RECHECK,
     Move(S.RECHECKED, _OFF | _LEG, (G.AMOUNT_NOT_RAISED, G.GROUNDS_GIVEN), "复核意见书",
          "APL 45")),
    (_HEARD, A.REVIEW_LEGALITY,
     Move(S.LEGALLY_REVIEWED, _LEG, (G.GROUNDS_GIVEN,), "法制审核意见", "APL 58")),
    ([*_HEARD, S.LEGALLY_REVIEWED], A.DECIDE,
     Move(S.DECIDED, _HEAD, (*_DECISION, G.HEARING_OVER, G.LEGALITY_SETTLED), "行政处罚决定书",
          "APL 44, 57, 59, 60")),
    ([S.PARTY_IDENTIFIED], A.DECIDE_ON_THE_SPOT,
     Move(S.DECIDED, _OFF, (*_DECISION, G.SIMPLE_ALLOWED), "当场行政处罚决定书", "APL 51, 52")),
    (_BEFORE_DECISION, A.SPARE,
     Move(S.NO_PENALTY, _HEAD, (G.GROUNDS_GIVEN,), "不予行政处罚决定书", "APL 33, 57")),
    (_BEFORE_DECISION, A.TRANSFER,
     Move(S.TRANSFERRED, _HEAD, (G.GROUNDS_GIVEN,), "案件移送函", "APL 27, 57")),
)  # fmt: skip

_EXECUTING: tuple[Row, ...] = (
    # By itself only where the party agreed to be served electronically.
    ([S.DECIDED], A.BEGIN_SERVICE, Move(S.SERVING, _SRV | _SYS, (), "送达回证", "APL 61")),
    ([S.SERVING], A.TRY_SERVICE, Move(S.SERVING, _SRV, (), "送达回证", "CPL 87-94")),
    ([S.SERVING], A.PROVE_SERVICE,
     Move(S.SERVED, _SRV | _SYS, (G.SERVICE_PROVEN,), "送达回证", "CPL 87-94")),
    ([S.SERVING], A.ANNOUNCE, Move(S.ANNOUNCED, _HEAD, (G.OTHER_WAYS_FAILED,), "公告", "CPL 95")),
    ([S.ANNOUNCED], A.PROVE_SERVICE, Move(S.SERVED, _SYS, (G.TIME_OVER,), "送达回证", "CPL 95")),
    ([S.SERVED], A.BILL, Move(S.PAYABLE, _SYS, (), "缴款通知", "APL 67")),
    # Who applied in time may be answered late.
    ([S.PAYABLE, S.OVERDUE], A.DEFER,
     Move(S.DEFERRED, _HEAD, (G.APPLICATION_FILED, G.DAY_IN_SIGHT), "延期(分期)缴纳审批表",
          "APL 66")),
    ([S.PAYABLE, S.DEFERRED, S.OVERDUE, S.DEMANDED, S.IN_COURT], A.PAY,
     Move(S.PAID, _FIN, (G.TREASURY_STATEMENT, G.FULL_AMOUNT), "电子票据", "APL 67, 70")),
    ([S.PAYABLE, S.DEFERRED], A.FALL_OVERDUE,
     Move(S.OVERDUE, _SYS, (G.TIME_OVER,), basis="APL 72")),
    ([S.OVERDUE], A.DEMAND,
     Move(S.DEMANDED, _HEAD, (G.DOCUMENT_COMPLETE,), "催告书", "AEL 35, 54")),
    ([S.DEMANDED], A.APPLY_TO_COURT,
     Move(S.IN_COURT, _HEAD, (G.TIME_OVER, G.REMEDY_TIME_OVER), "强制执行申请书", "AEL 53-55")),
    (SINCE_DECISION, A.REVOKE,
     Move(S.REVOKED, _HEAD | _COURT, (G.GROUNDS_GIVEN,), "撤销决定书", "APL 48, 75")),
    ([*_BEFORE_DECISION, *SINCE_DECISION], A.MAKE_VOID,
     Move(S.VOID, _HEAD, (G.GROUNDS_GIVEN,), "作废登记", "APL 38")),
    ([S.REVOKED, S.VOID], A.REFUND,
     Move(S.REFUNDED, _FIN, (G.TREASURY_STATEMENT,), "退付凭证", "APL 74")),
    ([S.PAID, S.NO_PENALTY, S.REFUNDED], A.CLOSE,
     Move(S.CLOSED, _HEAD, (G.FILE_COMPLETE,), "结案审批表", "APL 47")),
    ([S.IN_COURT], A.CLOSE,
     Move(S.CLOSED, _HEAD, (G.FILE_COMPLETE, G.GROUNDS_GIVEN), "结案审批表", "AEL 53-55")),
    ([S.REVOKED, S.VOID], A.CLOSE,
     Move(S.CLOSED, _HEAD, (G.FILE_COMPLETE, G.NOTHING_TO_REFUND), "结案审批表", "APL 47")),
    ([S.CLOSED], A.ARCHIVE, Move(S.ARCHIVED, _HEAD, (G.FILE_COMPLETE,), "卷宗目录", "APL 47")),
    *(([state], A.CORRECT, Move(state, _HEAD, (G.GROUNDS_GIVEN,), "补正通知"))
      for state in SINCE_DECISION),
)  # fmt: skip

_REMEDIES: tuple[Row, ...] = (
    ([Remedy.NONE], A.FILE_RECONSIDERATION,
     Move(Remedy.RECONSIDERING, _PARTY | _COURT, (G.IN_REMEDY_TIME,), "", "ARL 20")),
    # Against a decision only; the main road stands still meanwhile.
    *(([state], action, Move(state, _PARTY | _COURT))
      for action in (A.FILE_RECONSIDERATION, A.FILE_SUIT) for state in SINCE_DECISION),
    ([Remedy.RECONSIDERING], A.DECIDE_RECONSIDERATION,
     Move(Remedy.RECONSIDERED, _COURT, (G.GROUNDS_GIVEN,), "复议决定书", "ARL 64")),
    ([Remedy.NONE, Remedy.RECONSIDERED], A.FILE_SUIT,
     Move(Remedy.SUING, _PARTY | _COURT, (G.IN_REMEDY_TIME, G.RECONSIDERED_IF_SIMPLE), "",
          "ALL 46")),
    ([Remedy.SUING], A.DECIDE_SUIT,
     Move(Remedy.JUDGED, _COURT, (G.GROUNDS_GIVEN,), "判决书", "ALL 69-78")),
    ([Remedy.RECONSIDERING, Remedy.SUING], A.WITHDRAW_REMEDY,
     Move(Remedy.NONE, _PARTY | _COURT, (G.EXPRESS,))),
)  # fmt: skip

_MONEY: tuple[Row, ...] = (
    ([M.UNBILLED], A.BILL, Move(M.BILLED, _SYS)),
    ([M.BILLED, M.PART_PAID], A.PAY_PART, Move(M.PART_PAID, _FIN, (G.TREASURY_STATEMENT,))),
    ([M.BILLED, M.PART_PAID], A.PAY, Move(M.PAID, _FIN)),
    ([M.PART_PAID, M.PAID], A.REFUND, Move(M.REFUNDED, _FIN)),
)  # fmt: skip

REVIEWS = frozenset({A.REVIEW, A.REVIEW_AGAIN, A.DISAGREE})
EXCLUDES = {
    A.REVIEW: frozenset({A.SCREEN, A.RELEASE}),
    A.REVIEW_AGAIN: frozenset({A.SCREEN, A.REVIEW}),
    A.DISAGREE: frozenset({A.SCREEN, A.REVIEW}),
    A.SETTLE: REVIEWS,
    A.FILE: REVIEWS | {A.PROPOSE_FILING},
    A.DECLINE_FILING: REVIEWS,
    A.RECHECK: REVIEWS,
    A.REVIEW_LEGALITY: REVIEWS | {A.RECHECK},
    A.DECIDE: REVIEWS | {A.PROPOSE_FILING, A.RECHECK, A.REVIEW_LEGALITY},
    A.SPARE: REVIEWS,
}
"""Whose author must not do it on the same case: the reviewers check each other, the head neither
reviews nor proposes what the head approves, and a defence is weighed by somebody new."""

SECONDED = frozenset({A.EXEMPT, A.IDENTIFY_PARTY, A.NOTIFY, A.STATE})
"""Two officers sign where an officer does it (APL 42)."""


def _table(*parts: Iterable[Row]) -> dict[tuple[Place, Action], Move]:
    """One entry a place and action; two would be a contradiction."""
    found: dict[tuple[Place, Action], Move] = {}
    for rows in parts:
        for places, action, move in rows:
            for place in places:
                assert (place, action) not in found, f"{place} {action} stands there twice"
                found[place, action] = move
    return found


RULES = Rulebook(
    moves=_table(_WATCHING, _REVIEWING, _DECIDING, _EXECUTING, _REMEDIES, _MONEY),
    excludes=EXCLUDES,
    seconded=SECONDED,
)


def page() -> str:
    """central/CASES.md: the main road as a diagram, and the whole table.

    The diagram leaves out what leads away from many states alike.
    """
    aside = {A.REVOKE, A.MAKE_VOID, A.CORRECT, A.SPARE, A.TRANSFER, A.EXEMPT}
    lines = [
        "# What may happen to a case",
        "",
        "Printed from `central/case_moves.py` by `python -m central.case_moves`; a test holds them",
        "together. The diagram leaves out exempt, spare, transfer, revoke, correct and void, which",
        "lead away from many states alike; the table has them all.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {_name(S.SUSPECTED)}",
    ]
    for (place, action), move in RULES.moves.items():
        if isinstance(place, S) and action not in aside and move.to is not place:
            lines.append(f"    {_name(place)} --> {_name(move.to)}: {action}")
    lines += [f"    {_name(state)} --> [*]" for state in S if state in ENDS]
    lines += ["```", "", "| from | action | to | who | only if | document | basis |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- |")
    lines += [
        f"| {place} | {action} | {move.to} | {', '.join(sorted(move.by))} "
        f"| {'; '.join(move.guards)} | {move.document} | {move.basis} |"
        for (place, action), move in RULES.moves.items()
    ]
    lines += ["", "Nobody does, on one case, both of these:", ""]
    lines += [f"- {later}, after {', '.join(sorted(barred))}" for later, barred in EXCLUDES.items()]
    lines += ["", f"Two officers sign: {', '.join(sorted(SECONDED))}. Officers, heads and legal"]
    lines += [f"reviewers act only with {Guard.NO_CONFLICT}."]
    return "\n".join(lines) + "\n"


def _name(place: Place) -> str:
    return place.value.replace("-", "_")


if __name__ == "__main__":
    print(page(), end="")
