"""A record in plain words: what was seen, and how far each statement may be trusted. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from central.views import CaseView, Check, RecordView
from central.web.texts import DEFAULT, Texts
from edge.wire.records import Cue, PlateReading, Record, Sample

UNSURE_PM = 800
"""Characters read with less than this are marked: a person looks at them twice."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the facts. `tone` is good, warn, bad or nothing; `code` is shown in fixed width."""

    label: str
    value: str
    note: str = ""
    tone: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One integrity check in words, as of one record."""

    name: str
    tone: str
    title: str
    meaning: str
    reason: str
    record: str


def summary(view: CaseView, t: Texts) -> list[str]:
    """The case in a few sentences, as an officer would tell it."""
    record = view.records[-1].record
    stay = record.stay
    told = [
        t(
            "summary.seen",
            begin=t.moment(stay.begin.utc_ms),
            site=view.row.site,
            camera=record.camera,
            lane=record.lane.id,
            vehicle=t.known("vehicle", record.vehicle.kind),
            plate=record.vehicle.plate.text or t("plate.unread"),
            standing=t.duration(stay.standing_ms),
        )
    ]
    if stay.gaps:
        told.append(t("summary.gaps", n=len(stay.gaps), total=t.duration(stay.unobserved_ms)))
    else:
        told.append(t("summary.no_gaps"))
    told.append(_deadline(record, t))
    if stay.ending:
        told.append(t(f"ending.{stay.ending}"))
    return told


def _deadline(record: Record, t: Texts) -> str:
    stay = record.stay
    at = t.moment(stay.begin.utc_ms + stay.deadline_ms)
    beyond = stay.standing_ms - stay.deadline_ms
    when = (
        t("summary.beyond", time=t.duration(beyond))
        if beyond > 0
        else t("summary.within", time=t.duration(-beyond))
    )
    if stay.reminded:
        reminded = t.moment(stay.reminded.reminded_utc_ms)
        return t("summary.deadline_reminded", reminded=reminded, at=at, when=when)
    return t("summary.deadline_unreminded", at=at, when=when)


def groups(view: CaseView, t: Texts) -> list[Group]:
    """The facts of the latest record, each with how it is known."""
    record = view.records[-1].record
    return [
        Group(t("facts.stay"), list(_stay(record, t))),
        Group(t("facts.place"), list(_place(view, record, t))),
        Group(t("facts.vehicle"), list(_vehicle(record.vehicle.plate, record, t))),
        Group(t("facts.trust"), list(_trust(view.records[-1], t))),
    ]


def _stay(record: Record, t: Texts) -> Iterator[Fact]:
    stay, rules = record.stay, record.rules
    yield Fact(t("facts.begin"), t.moment(stay.begin.utc_ms), t("facts.frame", n=stay.begin.frame))
    yield Fact(t("facts.last_seen"), t.moment(stay.last_seen.utc_ms))
    yield Fact(t("facts.standing"), t.duration(stay.standing_ms), t("facts.standing_note"))
    bridged = all(gap.proof != "none" for gap in stay.gaps)
    tone = "good" if not stay.gaps else "warn" if bridged else "bad"
    yield Fact(
        t("facts.unobserved"),
        t.duration(stay.unobserved_ms),
        t("facts.gaps_note", n=len(stay.gaps), most=t.duration(rules.max_gap_ms)),
        tone,
    )
    yield _shown_by(stay.samples, t)
    yield Fact(t("facts.deadline"), t.moment(stay.begin.utc_ms + stay.deadline_ms))
    if stay.reminded:
        yield Fact(t("facts.reminded"), t.moment(stay.reminded.reminded_utc_ms), tone="good")
    else:
        yield Fact(t("facts.reminded"), t("facts.not_reminded"), tone="warn")
    yield Fact(
        t("facts.rules"),
        t(
            "facts.rules_value",
            confirm=t.duration(rules.confirm_ms),
            grace=t.duration(rules.grace_ms),
        ),
        code=rules.policy_sha256,
    )
    if stay.previous_id:
        yield Fact(t("facts.previous"), t("facts.previous_value"), code=str(stay.previous_id))


def _shown_by(samples: Sequence[Sample], t: Texts) -> Fact:
    """By which signs the vehicle was seen, and at how many of the looks by each."""
    looks = {cue: sum(cue in sample.cues for sample in samples) for cue in Cue}
    said = [t(f"facts.cue.{cue}", n=n) for cue, n in looks.items() if n]
    note = t("facts.shown_by_note", n=len(samples))
    return Fact(t("facts.shown_by"), t("facts.ways").join(said), note)


def _place(view: CaseView, record: Record, t: Texts) -> Iterator[Fact]:
    overlaps = [sample.overlap_pm for sample in record.stay.samples]
    yield Fact(t("facts.site"), view.row.site)
    yield Fact(t("facts.device"), record.device)
    yield Fact(t("facts.camera"), record.camera)
    yield Fact(t("facts.lane"), record.lane.id, code=record.lane.version)
    if moved := record.lane.moved:
        yield Fact(
            t("facts.lane_moved"),
            t("facts.lane_moved_value", way=_way(moved.right_px, moved.down_px, t)),
            t("facts.lane_moved_note"),
            "warn",
            code=moved.drawn_version,
        )
    least, most = t.per_mille(min(overlaps)), t.per_mille(max(overlaps))
    yield Fact(
        t("facts.overlap"),
        least if least == most else f"{least} – {most}",
        t("facts.overlap_note", n=len(overlaps)),
    )


def _way(right_px: int, down_px: int, t: Texts) -> str:
    """Where the picture went, in words; a part that did not change is left out."""
    across = t("facts.to_right" if right_px > 0 else "facts.to_left", n=abs(right_px))
    along = t("facts.to_bottom" if down_px > 0 else "facts.to_top", n=abs(down_px))
    said = [word for word, px in ((across, right_px), (along, down_px)) if px]
    return t("facts.ways").join(said) or t("facts.not_moved")


def _vehicle(plate: PlateReading, record: Record, t: Texts) -> Iterator[Fact]:
    yield Fact(t("facts.kind"), t.known("vehicle", record.vehicle.kind), t("facts.kind_note"))
    if plate.text is None:
        yield Fact(t("facts.plate"), t("plate.unread"), t("facts.plate_unread_note"), "warn")
        return
    tone = "good" if plate.grammar else "bad"
    yield Fact(t("facts.plate"), plate.text, t("facts.plate_note", n=plate.frames), tone)
    yield Fact(
        t("facts.plate_class"),
        t.known("plate_class", plate.grammar) if plate.grammar else t("facts.plate_no_class"),
        t.known("colour", plate.colour) if plate.colour else "",
    )
    yield Fact(t("facts.confidence"), t.per_mille(plate.confidence_pm))


def _trust(latest: RecordView, t: Texts) -> Iterator[Fact]:
    record = latest.record
    synced = record.clock.state == "synced"
    offset = record.clock.offset_ms
    yield Fact(
        t("facts.clock"),
        t(f"clock.{record.clock.state}"),
        t("facts.clock_offset", ms=offset) if offset is not None else t("facts.clock_unknown"),
        "good" if synced else "warn",
    )
    yield Fact(t("facts.made"), t.moment(record.made.utc_ms))
    yield Fact(t("facts.received"), t.moment(latest.received_utc_ms))
    masked = sum(exhibit.masked for exhibit in record.exhibits)
    yield Fact(t("facts.masked"), t("facts.masked_value", n=masked), t("facts.masked_note"))
    yield Fact(t("facts.software"), record.software.version, code=record.software.sha256)
    for model in record.software.models:
        yield Fact(t(f"model.{model.role}"), model.runtime, code=model.sha256)
    yield Fact(t("facts.chain"), t("facts.chain_value", seq=record.seq), code=record.prev)
    yield Fact(t("facts.record_id"), "", code=str(record.record_id))


_TONE = {True: "good", False: "bad", None: "warn"}


def verdicts(view: CaseView, t: Texts) -> list[Verdict]:
    """Every check once, with the worst result of all records; of equal ones the latest."""
    worst: dict[str, tuple[Check, Record]] = {}
    rank = {True: 0, None: 1, False: 2}
    for held in view.records:
        for check in held.checks:
            before = worst.get(check.name)
            if before is None or rank[check.ok] >= rank[before[0].ok]:
                worst[check.name] = (check, held.record)
    return [
        Verdict(
            name=name,
            tone=_TONE[check.ok],
            title=t.hint("check", f"{name}.title") or name,
            meaning=t.hint("check", f"{name}.meaning"),
            reason=(check.detail_zh or check.detail) if t.language == DEFAULT else check.detail,
            record=t("record.title", kind=t(f"kind.{record.kind}"), seq=record.seq),
        )
        for name, (check, record) in worst.items()
    ]


@dataclass(frozen=True, slots=True)
class PlateChar:
    char: str
    pm: int | None
    unsure: bool


def plate_chars(plate: PlateReading) -> list[PlateChar]:
    """Each character of a read plate with its confidence; none for an unread plate."""
    text = plate.text or ""
    told = plate.chars_pm if len(plate.chars_pm) == len(text) else []
    shares: list[int | None] = [*told] if told else [None] * len(text)
    return [
        PlateChar(char, share, share is not None and share < UNSURE_PM)
        for char, share in zip(text, shares, strict=True)
    ]
