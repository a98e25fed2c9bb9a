"""Policy packs: the dated rules that a case is made under. Pure.

A pack is one YAML file. Its name is the SHA-256 of its exact bytes, which every record carries; the
server signs those bytes when the pack is put in force. A pack is never changed: another one with a
later date follows it. What differs from place to place is here and nowhere in the code.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from central.calendar import LIMITS, Length, Limit, Unit

PAYLOAD_TYPE = "application/vnd.firelane.policy.v1+yaml"
PERSON_FEN = (0, 50_000)
UNIT_FEN = (500_000, 5_000_000)
"""消防法 art. 60: a person is warned or fined up to 500 yuan, a unit 5,000 to 50,000."""
SMS_FIELDS = frozenset({"plate", "site", "lane", "time", "minutes", "link", "agency", "telephone"})
SMS_NEEDED = frozenset({"plate", "site", "minutes", "link"})
INVITATION = "【{agency}】您有一件占用消防通道的案件，请查看和办理：{link} 咨询电话：{telephone}"
PAPER = "【{agency}】您有一份文书可以在网上查看：{link} 打开即视为收到。咨询电话：{telephone}"
NUMBER_FIELDS = ("area", "series", "year", "serial")
MOST_NUMBER_CHARS = 40
LEAST_GRACE_S = 10
"""A demonstration runs on scaled times. What is reasonable is for whoever publishes the pack."""


class Part(BaseModel):
    """Unknown keys are refused, values are never guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Text = Annotated[str, Field(min_length=1, max_length=2000)]
Line = Annotated[str, Field(min_length=1, max_length=200)]
ClockTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Seconds = Annotated[int, Field(ge=1, le=86_400)]


class Published(Part):
    """Where the rules were made public: unpublished rules bind nobody (行政处罚法 art. 5)."""

    day: date
    reference: Line


class Times(Part):
    """The device's times in seconds, and until when a reminder may go out late at night."""

    confirm_s: Seconds
    grace_s: Annotated[int, Field(ge=LEAST_GRACE_S, le=86_400)]
    max_gap_s: Seconds

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.max_gap_s > self.grace_s:
            raise ValueError(
                f"max_gap_s must be at most grace_s ({self.grace_s}), got {self.max_gap_s}"
            )
        return self


class QuietHours(Part):
    """No reminder goes out from `begin` to `end`, local time; it may run over midnight."""

    begin: ClockTime
    end: ClockTime

    def covers(self, clock_time: str) -> bool:
        """`clock_time` as HH:MM. The end itself is no longer quiet."""
        if self.begin <= self.end:
            return self.begin <= clock_time < self.end
        return clock_time >= self.begin or clock_time < self.end


class Repeat(Part):
    """When the same plate stands in a lane again."""

    same_case_within_s: Annotated[int, Field(ge=0, le=86_400)]
    """Coming back sooner than this goes on the same case."""
    reminders_per_day: Annotated[int, Field(ge=1, le=50)]


class Reminder(Part):
    """How an owner comes to be reminded, and what follows where the reminder does not arrive."""

    readings_needed: Annotated[int, Field(ge=1, le=3)] = 2
    """So many independent readings of the plate, by machines or people, must agree."""
    fresh_s: Seconds = 1800
    """A vehicle last seen longer ago than this is not reminded by itself: it may be gone."""
    report_wait_s: Annotated[int, Field(ge=10, le=86_400)] = 300
    """Without a delivery report by then the reminder has failed."""
    when_failed: Literal["call", "visit", "wait"] = "call"
    """What staff do then. None of it takes the place of a delivered reminder."""


class Penalty(Part):
    """How much, under which procedure."""

    procedure: Literal["simple", "ordinary", "quick"]
    person_fen: Annotated[int, Field(ge=PERSON_FEN[0], le=PERSON_FEN[1])]
    unit_fen: Annotated[int, Field(ge=UNIT_FEN[0], le=UNIT_FEN[1])] | None = None
    needs_legal_review: bool = False
    first_offence_is_warned: bool = False
    hearing_from_fen: Annotated[int, Field(ge=1, le=UNIT_FEN[1])] | None = None
    """From which amount a hearing may be asked for (行政处罚法 art. 63); None: from none."""

    @model_validator(mode="after")
    def _simple_is_small(self) -> Self:
        # 行政处罚法 art. 51
        if self.procedure == "simple" and self.person_fen > 20_000:
            raise ValueError("the simple procedure ends at 20000 fen for a person")
        return self


class Warned(Part):
    """Lanes that only warn until a date (exclusive)."""

    site: Line
    lane: Line
    until: date


class Texts(Part):
    """What goes to the owner, word for word, and what documents cite."""

    sms: Text
    sms_warning: Text | None = None
    """In place of `sms` where the lane only warns yet: nobody is threatened with a fine there."""
    invitation: Text = INVITATION
    """To somebody who was named in a case, with a link of their own."""
    paper: Text = PAPER
    """To the party who agreed to be served on the page, when a document lies there."""
    basis: Annotated[list[Line], Field(min_length=1, max_length=20)]
    remedies: Text

    @field_validator("invitation", "paper")
    @classmethod
    def _invites(cls, value: str) -> str:
        try:
            used = {name for _, name, _, _ in Formatter().parse(value) if name is not None}
        except ValueError as error:
            raise ValueError(f"braces must come in pairs: {error}") from None
        if "link" not in used or used - {"link", "agency", "telephone"}:
            raise ValueError("must use link and may use agency, telephone")
        return value

    @field_validator("sms", "sms_warning")
    @classmethod
    def _fields_are_known(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            used = {name for _, name, _, _ in Formatter().parse(value) if name is not None}
        except ValueError as error:
            raise ValueError(f"braces must come in pairs: {error}") from None
        if used - SMS_FIELDS or SMS_NEEDED - used:
            raise ValueError(
                f"must use {', '.join(sorted(SMS_NEEDED))} and may use "
                f"{', '.join(sorted(SMS_FIELDS - SMS_NEEDED))}; uses {', '.join(sorted(used))}"
            )
        return value


Days = Annotated[int, Field(ge=1, le=36_500)]


class Retention(Part):
    """For how many days each class of data is kept. A class without a number is kept until a pack
    gives one: nothing is erased by a default."""

    images: Days | None = None
    """Pictures of a case that led to no penalty, since its end."""
    personal: Days | None = None
    """Plate, track, signed records and named people of such a case; never before its pictures."""
    uploads: Days | None = None
    """What a party said and sent, since its case was closed."""
    lookups: Days | None = None
    """Who asked the vehicle register about whom."""
    logs: Days | None = None
    """Who looked at what, who took what, what was refused from devices."""
    published: Days | None = None
    """Covered copies for the public, since they were made; then they are withdrawn and erased."""
    unfinished: Days | None = None
    """Records whose pictures never came; the device still has them."""

    @model_validator(mode="after")
    def _pictures_first(self) -> Self:
        if self.personal is not None and (self.images is None or self.personal < self.images):
            raise ValueError(
                f"personal must not be shorter than images ({self.images}), got {self.personal}"
            )
        return self


class Office(Part):
    """The agency as its documents name it: letterhead, numbers, where to pay and to complain."""

    address: Line
    telephone: Line
    area: Annotated[str, Field(pattern=r"^\w{1,8}$")]
    """Short name of the place in document numbers."""
    number: Line = "{area}消{series}〔{year}〕第{serial:04d}号"
    reconsideration_body: Line
    court: Line
    remedies_online: Line
    """Where an application for reconsideration can be filed online (行政复议法 art. 22)."""
    pay_at: Line
    """The bank or platform that collects; the agency itself never does (行政处罚法 art. 67)."""

    @field_validator("number")
    @classmethod
    def _names_one_document(cls, value: str) -> str:
        try:
            used = {name for _, name, _, _ in Formatter().parse(value) if name is not None}
            said = value.format(area="示北", series="罚决字", year=2026, serial=1)
        except (ValueError, KeyError, IndexError) as error:
            raise ValueError(f"must be a pattern of {', '.join(NUMBER_FIELDS)}: {error}") from None
        needed, known = {"series", "year", "serial"}, set(NUMBER_FIELDS)
        if needed - used or used - known or len(said) > MOST_NUMBER_CHARS:
            raise ValueError(
                f"must use series, year and serial, with at most {MOST_NUMBER_CHARS} characters"
            )
        if f"〔{2026}〕" not in said:
            raise ValueError("must put the year in the brackets 〔〕")
        return value


class LimitOf(Part):
    """A time limit of local rules."""

    count: Annotated[int, Field(ge=1, le=5000)]
    unit: Literal["working days", "days", "months", "years"]

    @property
    def length(self) -> Length:
        return Length(self.count, Unit(self.unit))


class Policy(Part):
    """The content of a pack."""

    name: Line
    version: Annotated[int, Field(ge=1, le=1_000_000)]
    valid_from: date
    agency: Line
    published: Published
    profile: Literal["lead-only", "full-evidence", "hand-over"]
    """What a device's packet may lead to: a person sent there, a case, or the traffic police."""
    reminder_needed: bool = True
    times: Times
    quiet_hours: QuietHours | None = None
    repeat: Repeat
    reminder: Reminder = Reminder()
    penalty: Penalty
    texts: Texts
    office: Office | None = None
    """Without it no document can be issued."""
    retention: Retention | None = None
    """Without it nothing is erased by itself."""
    warned: Annotated[list[Warned], Field(max_length=1000)] = []
    limits: dict[Limit, LimitOf] = {}

    @model_validator(mode="after")
    def _published_first(self) -> Self:
        if self.published.day > self.valid_from:
            raise ValueError(
                f"published.day must not be after valid_from ({self.valid_from}), "
                f"got {self.published.day}"
            )
        return self

    def limit(self, name: Limit) -> Length:
        """The local limit, else the law's."""
        return self.limits[name].length if name in self.limits else LIMITS[name]

    def only_warns(self, site: str, lane: str, day: date) -> bool:
        """Whether the lane is in its warning phase."""
        return any(
            (phase.site, phase.lane) == (site, lane) and day < phase.until for phase in self.warned
        )

    def reminder_text(self, site: str, lane: str, day: date) -> str:
        """The reminder's words for a stay that began on that day, with their holes."""
        warns = self.texts.sms_warning is not None and self.only_warns(site, lane, day)
        return (self.texts.sms_warning or "") if warns else self.texts.sms

    def reminder_allowed(self, clock_time: str) -> bool:
        """Whether a reminder may go out at HH:MM local time."""
        return self.quiet_hours is None or not self.quiet_hours.covers(clock_time)


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack with the exact bytes that its name is the hash of."""

    policy: Policy
    document: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.document).hexdigest()


def in_force(packs: Iterable[Pack], day: date) -> Pack | None:
    """The pack of the latest date that is not after `day`; of one date, the highest version."""
    begun = [pack for pack in packs if pack.policy.valid_from <= day]
    return max(begun, key=lambda pack: (pack.policy.valid_from, pack.policy.version), default=None)


def made_under(packs: Mapping[str, Pack], sha256: str) -> Pack | None:
    """The pack that a record names. None for one that was never put in force here: such a record
    waits for a person."""
    return packs.get(sha256)
