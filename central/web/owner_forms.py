"""The forms of the owner's page: to speak, to name oneself or another, to be confirmed, to object
to an officer, to waive, to go to reconsideration, to ask for time, to agree to electronic service.

One table says who sees which form, what it asks and what it becomes. Each form carries a number of
its own: sent twice, it counts once.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import BoundedSemaphore
from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.calendar import local_date
from central.cases import Action, Guard
from central.documents.wording import CHINA
from central.gateways.identity import is_id_number
from central.owner.entry import OwnerVisit
from central.owner.identifying import AskedEnough
from central.owner.parties import Party, Person
from central.owner.situation import Situation
from central.owner.speaking import MOST_CHARS, MUST_ACT, NotNow, Said, TooMuch
from central.owner.uploads import FILE_BYTES, MOST_FILES, BadUpload, Clean, clean
from central.web.guard import Form
from central.web.owner_guard import NO_REFERRER, PREFIX, Arrived, Checked, Passed, page
from central.web.parts import parts_of
from central.web.texts import DEFAULT, Texts

router = APIRouter()
TYPED = ("text", "grounds", "form", "name", "phone", "address", "id_number")
"""What a person types or chooses, and what must survive a session that ended meanwhile."""
DEFENCES = (
    "loading", "emergency", "breakdown", "directed", "marking", "not-blocking", "no-reminder",
    "wrong-car", "other",
)  # fmt: skip
NOT_MINE = ("other-driver", "sold", "stolen", "cloned")
_NAME, _PHONE, _ADDRESS, _ID = 50, 20, 150, 18
_DECODING = BoundedSemaphore(2)
"""A picture of a few kilobytes may take half a gigabyte while it is decoded."""


@dataclass(frozen=True, slots=True)
class OwnerForm:
    """A form: its address, what it becomes, and who may send it when."""

    name: str
    kind: str
    may: Callable[[Situation], bool]
    grounds: Sequence[str] = ()
    text: bool = False
    files: bool = False
    sure: bool = False
    """A deliberate act: a box that is never ticked beforehand."""
    proof: frozenset[Guard] = frozenset()


FORMS: Mapping[str, OwnerForm] = {
    form.name: form
    for form in (
        OwnerForm("statement", "statement", lambda s: s.may_speak or s.may_answer_demand, DEFENCES,
                  text=True, files=True),
        OwnerForm("not-me", "not-me", lambda s: s.may_speak, NOT_MINE, text=True, files=True),
        OwnerForm("me", "admission", lambda s: s.may_admit, ("holder", "driver")),
        OwnerForm("identity", "identity", lambda s: s.may_confirm, sure=True),
        OwnerForm(
            "waive", "waiver", lambda s: s.may(Action.WAIVE), sure=True,
            proof=frozenset({Guard.EXPRESS}),
        ),
        OwnerForm("reconsider", "reconsideration", lambda s: s.may_reconsider, text=True,
                  files=True),
        OwnerForm(
            "withdraw", "withdrawal", lambda s: s.may_withdraw, sure=True,
            proof=frozenset({Guard.EXPRESS}),
        ),
        OwnerForm("defer", "deferral", lambda s: s.may_defer, text=True, files=True),
        OwnerForm("recusal", "recusal", lambda s: s.may_object, text=True, files=True),
        OwnerForm("consent", "consent", lambda s: s.me is not None and s.consent is None,
                  sure=True),
        OwnerForm("no-consent", "no-consent", lambda s: s.consent is not None, sure=True),
    )
}  # fmt: skip


def form_page(
    request: Request,
    token: str,
    visit: OwnerVisit,
    form: OwnerForm,
    status: int = 200,
    **told: object,
) -> Response:
    """A form with what was typed; the page says so where the case does not ask for it (any
    more)."""
    parts = parts_of(request)
    request.state.owner_visit = visit
    situation = parts.owner.situation(visit.link, parts.clock.utc_ms())
    if not form.may(situation):
        return page(request, token, "owner_not_now.html", 409, s=situation)
    typed = told.pop("typed", None)
    values = {name: typed[name] if isinstance(typed, Form) else "" for name in TYPED}
    blank = {"faults": {}, "file_fault": "", "file_name": "", "files_again": False}
    context: dict[str, object] = {**blank, "resumed": False, **told}
    return page(
        request,
        token,
        "owner_form.html",
        status,
        s=situation,
        f=form,
        typed={**values, "form": _number(values["form"])},
        most_files=MOST_FILES,
        most_chars=MOST_CHARS,
        file_bytes=FILE_BYTES,
        **context,
    )


def _number(sent: str) -> str:
    """The form's own number: the one that it came with, else a new one."""
    try:
        return str(UUID(sent))
    except ValueError:
        return str(uuid4())


@router.get("/o/{token}/{name}")
def show(request: Request, token: str, name: str, visit: Passed) -> Response:
    if name not in FORMS:
        raise HTTPException(404)
    return form_page(request, token, visit, FORMS[name])


@router.post("/o/{token}/{name}")
def send(request: Request, token: str, name: str, checked: Checked) -> Response:
    """Takes the form, or shows it again with what is wrong. What counts is when it arrived."""
    if name not in FORMS:
        raise HTTPException(404)
    form, (visit, sent) = FORMS[name], checked
    request.state.owner_visit = visit
    known = _known_holder(request, visit, form, sent)
    faults = _faults(form, sent.form) | ({} if known else _person_faults(form, sent.form))
    try:
        files = _files(form, sent)
    except BadUpload as bad:
        return form_page(request, token, visit, form, 422, typed=sent.form, faults=faults,
                         file_fault=bad.reason, file_name=bad.name)  # fmt: skip
    if faults:
        return form_page(request, token, visit, form, 422, typed=sent.form, faults=faults,
                         files_again=bool(files))  # fmt: skip
    try:
        _take(request, visit, form, sent, files)
    except TooMuch:
        return page(request, token, "owner_error.html", 429, sentence="too_much", code="")
    except NotNow:
        parts = parts_of(request)
        now = parts.owner.situation(visit.link, parts.clock.utc_ms())
        return page(request, token, "owner_not_now.html", 409, s=now)
    return RedirectResponse(f"{PREFIX}{token}?done={name}", 303, headers=NO_REFERRER)


def _known_holder(
    request: Request, visit: OwnerVisit, form: OwnerForm, sent: Arrived
) -> Party | None:
    """Who says that they are the registered holder is who the register says."""
    if form.kind != "admission" or sent.form["grounds"] != "holder":
        return None
    return parts_of(request).owner.situation(visit.link, sent.utc_ms).holder


def _files(form: OwnerForm, sent: Arrived) -> Sequence[Clean]:
    """What is kept of the files. Raises BadUpload."""
    came = [one for one in sent.filled.files if one.data or one.name]
    if not form.files:
        return ()
    if len(came) > MOST_FILES:
        raise BadUpload("too_many", came[MOST_FILES].name)
    return [_cleaned(one.data, one.name) for one in came]


def _cleaned(data: bytes, name: str) -> Clean:
    with _DECODING:
        return clean(data, name)


def _take(
    request: Request, visit: OwnerVisit, form: OwnerForm, sent: Arrived, files: Sequence[Clean]
) -> None:
    """Raises NotNow, TooMuch."""
    parts = parts_of(request)
    owner, at = parts.owner, sent.utc_ms
    situation = owner.situation(visit.link, at)
    holder = _known_holder(request, visit, form, sent)
    me = holder or situation.me
    strange = form.kind == "recusal" and situation.other_party
    if strange or (form.kind in MUST_ACT and not form.may(situation)):
        raise NotNow(f"the case does not take a {form.kind} from here")
    if form.kind in ("consent", "no-consent", "identity"):
        if me is None:
            raise NotNow("nobody is known here yet")
        if form.kind == "identity":
            _confirm(request, visit, me, at)
            return
        if form.kind == "consent":
            words = _words(form)
            owner.papers.agree(visit.link, me, words, at)
        else:
            owner.papers.withdraw(visit.link, me, at)
        return
    said = Said(
        form=_number(sent.form["form"]),
        kind=_kind(form, sent.form, situation),
        grounds=sent.form["grounds"] if form.grounds else "",
        text=_text(form, sent.form),
        arrived_utc_ms=at,
        files=files,
        who=None if holder else _person(form, sent.form),
    )
    owner.speaking.say(visit.link, me, said, form.proof | _proven(form, situation, at))


def _confirm(request: Request, visit: OwnerVisit, me: Party, utc_ms: int) -> None:
    """Ask the identity gateway; the case's page tells what it said. Raises NotNow, TooMuch."""
    try:
        answer = parts_of(request).owner.identifying.ask(visit.link, me, utc_ms)
    except AskedEnough as enough:
        raise TooMuch(str(enough)) from enough
    if answer is None:
        raise NotNow("nothing is left to ask")


def _kind(form: OwnerForm, sent: Form, situation: Situation) -> str:
    asks = form.kind == "statement" and situation.hearing and sent["hearing"] == "yes"
    return "hearing" if asks else form.kind


def _proven(form: OwnerForm, situation: Situation, at: int) -> frozenset[Guard]:
    """What the calendar shows: it is in time, by when it arrived."""
    if form.kind in ("statement", "not-me") and situation.in_time:
        return frozenset({Guard.TIME_TO_SPEAK})
    if form.kind != "reconsideration" or situation.remedies is None:
        return frozenset()
    in_time = local_date(at, CHINA) <= situation.remedies.reconsider_until
    return frozenset({Guard.IN_REMEDY_TIME}) if in_time else frozenset()


def _text(form: OwnerForm, sent: Form) -> str:
    """What was typed; of a deliberate act the words that it agreed to."""
    if form.sure:
        return _words(form)
    return long_text(sent["text"])


def _words(form: OwnerForm) -> str:
    """What is agreed to: the Chinese words, in whatever language the page was read."""
    return Texts(DEFAULT, CHINA)(f"owner.{form.name}.words")


def long_text(typed: str) -> str:
    """Lines of text without control characters."""
    lines = unicodedata.normalize("NFC", typed).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in lines if char.isprintable() or char == "\n").strip()


def _person(form: OwnerForm, sent: Form) -> Person | None:
    names_driver = form.kind == "not-me" and sent["grounds"] == "other-driver"
    if form.kind != "admission" and not names_driver:
        return None
    return Person(
        name=sent.text("name", _NAME),
        id_number=sent.text("id_number", _ID).upper(),
        phone=sent.text("phone", _PHONE),
        address=sent.text("address", _ADDRESS),
        relation="holder" if sent["grounds"] == "holder" else "driver",
    )


def _faults(form: OwnerForm, sent: Form) -> dict[str, str]:
    """What is wrong with each field: keys of the locales."""
    faults: dict[str, str] = {}
    if form.grounds and sent["grounds"] not in form.grounds:
        faults["grounds"] = "choose"
    if form.text:
        length = len(long_text(sent["text"]))
        if not length and form.kind != "not-me":
            faults["text"] = "say"
        if length > MOST_CHARS:
            faults["text"] = "too_long"
    if form.sure and sent["sure"] != "yes":
        faults["sure"] = "tick"
    return faults


def _person_faults(form: OwnerForm, sent: Form) -> dict[str, str]:
    """Of oneself everything is asked that a document needs; of another driver what is known."""
    person = _person(form, sent)
    if person is None:
        return {}
    faults: dict[str, str] = {}
    if len(person.name) < 2:
        faults["name"] = "name"
    if sum(char.isdigit() for char in person.phone) < 7:
        faults["phone"] = "phone"
    own = form.kind == "admission"
    if (own or person.id_number) and not is_id_number(person.id_number):
        faults["id_number"] = "id_number"
    if own and len(person.address) < 5:
        faults["address"] = "address"
    return faults
