"""The values of a case's documents, from what the server holds about it.

Everything is read within the caller's transaction. What is not known is left out: the form says
whether that may be. A kept record whose signature no longer holds raises WireError: no document is
made from it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, Row, select

from central import acting, balances, filing, tables
from central.acting import Logged
from central.calendar import Unit
from central.cases import Action
from central.document_tables import document
from central.documents import defence
from central.documents.content import Cell, Content, Given
from central.documents.wording import (
    capital,
    day,
    duration,
    from_form,
    local,
    moment,
    plate,
    short_name,
    short_plate,
)
from central.money import yuan
from central.owner_tables import party, service_consent
from central.policies import kept_packs
from central.policy import Pack, Policy, in_force
from edge.wire.records import Record, RecordKind

DECISIONS = ("行政处罚决定书", "当场行政处罚决定书")
NOTICE, FILING, RECHECK, DEMAND = "行政处罚告知书", "立案审批表", "复核意见书", "催告书"
"""Kinds whose numbers and dates later documents name."""
_OCCASIONS = {
    "arrival": "停留确认时",
    "notice": "提醒送达时",
    "deadline": "期限届满时",
    "departure": "驶离时",
}
_VIEWS = {"wide": "全景图像", "plate": "号牌图像"}
_KINDS = {
    RecordKind.ARRIVAL: "停留确认",
    RecordKind.OVERSTAY: "超时停留",
    RecordKind.DEPARTURE: "驶离",
    RecordKind.BROKEN: "观察中断",
}
_POINTS = {
    "in_lane": "车辆停在现行划定的消防车通道内（准确）",
    "clear": "标线和位置清楚可辨（清晰）",
    "same_vehicle": "各次图像为同一车辆（真实）",
    "obstructs": "妨碍消防车通行",
    "not_exempt": "不属于执行任务的特种车辆、抢险救护或者经批准的装卸",
    "complete": "提醒和期限届满均有记录，观察无不可接受的中断（完整）",
    "plate": "独立录入的号牌与识读一致",
    "integrity": "完整性校验无不合格项",
}
_ANSWERS = {"yes": "是", "no": "否", "unsure": "不能确定"}
_UNITS = {Unit.WORKING_DAYS: "个工作日", Unit.DAYS: "日", Unit.MONTHS: "个月", Unit.YEARS: "年"}
_PAPERS_OF = {"person": "居民身份证", "unit": "统一社会信用代码"}
_RELATIONS = {"holder": "登记所有人", "driver": "驾驶人", "agent": "代理人"}
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Rules:
    """The pack that the case was made under, and the one whose letterhead is valid today."""

    case: Policy | None
    today: Policy | None
    sha256: str


@dataclass(frozen=True, slots=True)
class Issued:
    """An issued document of the case."""

    kind: str
    number: str | None
    sha256: str
    issued_utc_ms: int
    content: Content


@dataclass(frozen=True, slots=True)
class File:
    """All that is read of a case, once."""

    row: Row[tuple[object, ...]]
    records: Sequence[tuple[Record, Row[tuple[object, ...]]]]
    done: Sequence[Logged]
    issued: Sequence[Issued]
    rules: Rules

    @property
    def latest(self) -> Record:
        """The overstay where there is one: that is what a penalty rests on."""
        records = [record for record, _ in self.records]
        over = [record for record in records if record.kind is RecordKind.OVERSTAY]
        return (over or records)[-1]

    def last(self, *kinds: str) -> Issued | None:
        """The newest issued document of these kinds."""
        return next((one for one in reversed(self.issued) if one.kind in kinds), None)


def read(db: Connection, case_id: UUID, utc_ms: int) -> File:
    """The case with everything that documents say of it."""
    row = db.execute(select(tables.case).where(tables.case.c.id == case_id)).one()
    rows = db.execute(
        select(tables.record)
        .where(tables.record.c.case_id == case_id, tables.record.c.status == "stored")
        .order_by(tables.record.c.seq)
    ).all()
    records = [(filing.read_record(db, one.device, one.envelope), one) for one in rows]
    wanted = records[-1][0].rules.policy_sha256 if records else ""
    began = local(row.begin_utc_ms).date()
    return File(
        row=row,
        records=records,
        done=acting.acts(db, case_id),
        issued=issued(db, case_id),
        rules=_rules(db, wanted, began, local(utc_ms).date()),
    )


def issued(db: Connection, case_id: UUID) -> list[Issued]:
    """The documents of a case, oldest first."""
    query = select(document).where(document.c.case_id == case_id)
    return [
        Issued(row.kind, row.number, row.sha256, row.issued_utc_ms, Content.from_json(row.content))
        for row in db.execute(query.order_by(document.c.issued_utc_ms, document.c.sha256))
    ]


def _rules(db: Connection, wanted: str, began: date, today: date) -> Rules:
    packs = kept_packs(db)
    then: Pack | None = packs.get(wanted) or in_force(packs.values(), began)
    now = in_force(packs.values(), today) or then
    return Rules(
        then.policy if then else None, now.policy if now else None, then.sha256 if then else ""
    )


def gather(db: Connection, file: File, utc_ms: int, extra: Mapping[str, str]) -> dict[str, Cell]:
    """Every value that is known, by its name in forms.yaml."""
    found: dict[str, Cell] = {"case_number": file.row.number, "case_state": file.row.state}
    parts = (
        _place(file),
        _stay(file) if file.records else {},
        _law(file, extra),
        _people(db, file, extra),
        _party(db, file),
        _papers(file),
        _money(db, file, utc_ms),
    )
    for part in (*parts, from_form(extra)):
        found |= part
    return found


def _place(file: File) -> Given:
    row = file.row
    return {
        "place": f"{row.site}消防车通道{row.lane}（摄像机{row.camera}）",
        "device": str(row.device),
        "plate": plate(row.plate, row.plate_colour),
        "plate_short": short_plate(row.plate),
        "looked_up": "办理占用消防车通道案件，确认机动车登记所有人",
    }


def _stay(file: File) -> dict[str, Cell]:
    record = file.latest
    stay, began = record.stay, record.stay.begin.utc_ms
    found: dict[str, Cell] = {
        "began": moment(began),
        "until": moment(stay.last_seen.utc_ms),
        "standing": duration(stay.standing_ms),
        "lane_version": record.lane.version,
        "grace": f"{record.rules.grace_ms // _MINUTE_MS}分钟",
        "deadline": moment(began + stay.deadline_ms),
        "records": [
            [str(one.seq), _KINDS[one.kind], moment(one.made.utc_ms), row.key_id, row.sha256]
            for one, row in file.records
        ],
        "evidence": list(_evidence(file)),
    }
    if stay.reminded:
        found["reminded"] = moment(stay.reminded.reminded_utc_ms)
    return {**found, "evidence_short": _evidence_short(file), "facts": _told(found, file)}


def _told(found: Given, file: File) -> str:
    """The facts in one paragraph. Nothing is said of a reminder that is not proven."""
    number = plate(file.row.plate, file.row.plate_colour)
    said = (
        f"{found['began']}至{found['until']}，号牌为{number}的机动车停放在"
        f"{_place(file)['place']}，持续{found['standing']}。"
    )
    if "reminded" in found:
        said += (
            f"本机关的提醒于{found['reminded']}送达该车联系人，要求在{found['grace']}内驶离；"
            f"至{found['deadline']}期限届满，该车仍未驶离。"
        )
    return said


def _evidence(file: File) -> Iterator[list[str]]:
    seen: set[str] = set()
    for record, _ in file.records:
        for exhibit in record.exhibits:
            if exhibit.sha256 not in seen:
                seen.add(exhibit.sha256)
                name = _OCCASIONS[exhibit.occasion] + _VIEWS[exhibit.view]
                taken = moment(exhibit.taken.utc_ms)
                yield [str(len(seen)), name, taken, exhibit.sha256]


def _evidence_short(file: File) -> str:
    names = [line[1] for line in _evidence(file)]
    counts = [(view, sum(name.endswith(view) for name in names)) for view in _VIEWS.values()]
    said = [f"现场{view}{count}张" for view, count in counts if count]
    return "、".join([*said, f"采集设备签名记录{len(file.records)}份"])


def _law(file: File, extra: Mapping[str, str]) -> Given:
    """What the case's own pack rules, and today's letterhead."""
    found: dict[str, str] = {}
    if policy := file.rules.case:
        fen = _amount_fen(file, policy, extra)
        limits = {
            "statement_days": policy.limit("make-statement"),
            "pay_days": policy.limit("pay-fine"),
        }
        found |= {name: f"{one.count}{_UNITS[one.unit]}" for name, one in limits.items()}
        found |= {
            "basis": "、".join(policy.texts.basis),
            "amount": yuan(fen),
            "amount_words": capital(fen),
            "hearing_right": _hearing_right(policy, fen),
            "policy": f"{policy.name}第{policy.version}版（{file.rules.sha256[:16]}）",
        }
    if (today := file.rules.today) and (office := today.office):
        found |= {
            "agency": today.agency,
            "agency_address": office.address,
            "agency_telephone": office.telephone,
            "pay_at": office.pay_at,
            "reconsideration_body": office.reconsideration_body,
            "court": office.court,
            "remedies_online": office.remedies_online,
        }
    if answers := extra.get("answers"):
        pairs = (answer.partition("=")[::2] for answer in answers.split())
        found_answers = [[_POINTS.get(name, name), _ANSWERS.get(said, said)]
                         for name, said in pairs]  # fmt: skip
        return {**found, "answers": found_answers}
    return found


def _hearing_right(policy: Policy, fen: int) -> str:
    """What who may ask for a hearing is told (行政处罚法 arts. 63, 64); else nothing."""
    least = policy.penalty.hearing_from_fen
    if least is None or fen < least:
        return ""
    return (
        "依据《中华人民共和国行政处罚法》第六十三条、第六十四条，你（单位）有权要求听证。要求听证的，"
        "应当在收到本告知书后五个工作日内提出；听证不收取费用。"
    )


def _amount_fen(file: File, policy: Policy, extra: Mapping[str, str]) -> int:
    """What was set now, else by the newest act that set it, else by the pack."""
    if given := extra.get("amount_fen"):
        return int(given)
    set_before = [logged.detail["amount_fen"] for logged in file.done
                  if "amount_fen" in logged.detail]  # fmt: skip
    return int(set_before[-1]) if set_before else policy.penalty.person_fen


def _people(db: Connection, file: File, extra: Mapping[str, str]) -> Given:
    user = tables.user
    display = {str(row.id): row.display for row in db.execute(select(user.c.id, user.c.display))}

    def name(person: str | None) -> str:
        return str(display.get(person or "", person or ""))

    def who(action: Action) -> str:
        acts = [logged.act for logged in file.done if logged.act.action is action]
        return name(acts[-1].person) if acts else ""

    return {
        "person": name(extra.get("person")),
        "second": name(extra.get("second")),
        "first_reviewer": who(Action.REVIEW),
        "second_reviewer": who(Action.REVIEW_AGAIN) or who(Action.SETTLE),
        "proposer": who(Action.PROPOSE_FILING),
        "approver": who(Action.FILE),
    }


def _party(db: Connection, file: File) -> Given:
    """Whom the case concerns: the confirmed party, else the newest one that was named."""
    found: dict[str, str] = {}
    rows = db.execute(
        select(party)
        .where(party.c.case_id == file.row.id)
        .order_by(party.c.confirmed_utc_ms.is_not(None).desc(), party.c.made_utc_ms.desc())
    ).all()
    if rows:
        row = rows[0]
        found |= {
            "party": row.name,
            "party_short": short_name(row.name),
            "party_id": f"{_PAPERS_OF[row.kind]} {row.id_number}" if row.id_number else "",
            "party_address": row.address,
            "party_telephone": row.phone,
            "party_relation": _RELATIONS.get(row.relation, row.relation),
            "recipient": row.name,
        }
    if said := defence.said(db, file.row.id):
        found["statement"] = said
    consent = select(service_consent).where(
        service_consent.c.party_id == (rows[0].id if rows else None),
        service_consent.c.withdrawn_utc_ms.is_(None),
    )
    newest = db.execute(consent.order_by(service_consent.c.given_utc_ms.desc())).first()
    if newest is not None:
        found["consent"] = f"{day(local(newest.given_utc_ms).date())}同意通过案件网页电子送达"
    return found


def _papers(file: File) -> Given:
    """What later documents say of earlier ones."""
    found: dict[str, str] = {"heard": _heard(file)}
    for prefix, kinds in (
        ("filing", (FILING,)),
        ("notice", (NOTICE,)),
        ("decision", DECISIONS),
        ("demand", (DEMAND,)),
    ):
        if one := file.last(*kinds):
            found[f"{prefix}_number"] = one.number or ""
            found[f"{prefix}_day"] = day(local(one.issued_utc_ms).date())
    if notice := file.last(NOTICE):
        found["told_amount"] = str(notice.content.values.get("amount", ""))
    if decided := file.last(*DECISIONS):
        found |= {"decision": decided.kind, "spoilt_number": decided.number or ""}
    if served := file.last(*DECISIONS, NOTICE, DEMAND):
        found["served_document"] = f"《{served.kind}》{served.number or ''}"
    for name, action in (("served_day", Action.PROVE_SERVICE), ("filed_day", Action.FILE)):
        days = [logged.utc_ms for logged in file.done if logged.act.action is action]
        if days:
            found[name] = day(local(days[-1]).date())
    rows = [
        [str(n), one.kind, one.number or "—", day(local(one.issued_utc_ms).date()), one.sha256]
        for n, one in enumerate(file.issued, 1)
    ]
    return {**found, "documents": rows}


def _heard(file: File) -> str:
    actions = [logged.act.action for logged in file.done]
    if Action.RECHECK in actions:
        recheck = file.last(RECHECK)
        number = f"（{recheck.number}）" if recheck and recheck.number else ""
        return f"当事人提出了陈述和申辩，本机关已进行复核并出具复核意见书{number}。"
    if Action.WAIVE in actions:
        return "当事人明确声明放弃陈述和申辩。"
    if Action.LAPSE in actions:
        return "当事人在告知的期限内未提出陈述和申辩。"
    return ""


def _money(db: Connection, file: File, utc_ms: int) -> Given:
    row = balances.bill_of(db, file.row.id)
    account = balances.account(db, file.row.id, local(utc_ms).date())
    if row is None or account is None:
        return {}
    last = balances.last_day(db, file.row.id)
    assert last is not None
    return {
        "bill_code": str(row.code or ""),
        "bill_day": day(last),
        "pay_url": str(row.pay_url or ""),
        "fine": yuan(account.debt.fine_fen),
        "surcharge": yuan(account.debt.surcharge_fen),
        "surcharge_days": str(account.debt.days_counted),
        "paid": yuan(account.paid_fen),
        "left": yuan(account.left_fen),
    }
