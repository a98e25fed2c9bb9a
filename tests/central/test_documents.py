"""Documents: what they must not be without, what they say, and that they are what the log names."""

import hashlib
import io
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import select, update

from central import acting, documents, events
from central.case_moves import RULES
from central.cases import Action, Role
from central.document_tables import document, document_number
from central.documents import press
from central.documents.content import Cell, Head, Incomplete, fill
from central.documents.forms import Forms, forms
from central.documents.press import FontsMissing, NoDocument, Press, check_fonts, print_pdf
from central.documents.wording import capital, duration, moment, plate, short_name, short_plate
from tests.case_files import IN_FORCE, CaseFile, add_pack
from tests.case_steps import TO_NOTIFIED, TO_PARTY, act
from tests.device import SimulatedDevice
from tests.office import Office

HEAD = Head("示北消罚决字〔2026〕第0001号", "示例区消防救援大队", "2026年12月15日", "c", 1)
NOT_OURS = {"提醒短信", "证据包"}
"""The reminder is an SMS, the packet is the device's own."""


def full(kind: str) -> dict[str, Cell]:
    """A value for everything that the form uses."""
    form = forms().forms[kind]
    return {
        name: [["1", "一项", "2026年12月3日", "ab" * 32]] if name in form.lists else f"〈{name}〉"
        for name in form.used
    }


@pytest.fixture
def file(office: Office, device: SimulatedDevice) -> CaseFile:
    add_pack(office)
    return CaseFile.opened(office, device)


def test_every_document_of_the_case_table_can_be_made() -> None:
    named = {move.document for move in RULES.moves.values()} - {""}
    assert named - NOT_OURS <= documents.KINDS


@pytest.mark.parametrize("kind", sorted(documents.KINDS))
def test_a_document_with_an_empty_required_value_is_refused_and_all_of_them_are_named(
    kind: str,
) -> None:
    form, words = forms().forms[kind], forms().fields
    required = [words[name].label for name, needed in form.used.items() if needed]

    with pytest.raises(Incomplete) as refusal:
        fill(kind, dict.fromkeys(form.used, "  "), HEAD)

    assert list(refusal.value.missing) == required
    assert all(label in str(refusal.value) for label in required)
    assert fill(kind, full(kind), HEAD).kind == kind


@pytest.mark.parametrize("kind", sorted(documents.KINDS))
def test_each_required_value_alone_is_missed(kind: str) -> None:
    for name, needed in forms().forms[kind].used.items():
        values = {key: value for key, value in full(kind).items() if key != name}
        if needed:
            with pytest.raises(Incomplete) as refusal:
                fill(kind, values, HEAD)
            assert refusal.value.missing == (forms().fields[name].label,)
        else:
            assert f"〈{name}〉" not in fill(kind, values, HEAD).to_json()


def test_forms_that_do_not_hang_together_are_refused() -> None:
    def checked(form: Mapping[str, object]) -> None:
        Forms.model_validate({"fields": {"plate": {"label": "号牌"}}, "forms": {"信": form}})

    checked({"layout": "letter", "text": ["{plate}"]})
    for wrong, why in (
        ({"layout": "letter", "text": ["{plat}"]}, "no words"),
        ({"layout": "letter", "text": ["{plate"]}, "names no value"),
        ({"layout": "letter", "asked": ["plate"]}, "does not show"),
    ):
        with pytest.raises(ValueError, match=why):
            checked(wrong)


def test_the_decision_holds_what_the_law_asks_for(file: CaseFile) -> None:
    """行政处罚法 art. 59, one value after the other."""
    file.to_heard()
    issued = file.decide()

    said = "\n".join(file.content("行政处罚决定书").text)
    rows = dict(pair for row in file.content("行政处罚决定书").rows for pair in row)
    assert issued.number == "示北消罚决字〔2026〕第0001号"
    assert rows["当事人"] == "张小明"
    assert rows["住址"] == "示例区望江路 8 号"
    assert "浙B·12345（蓝底白字）的机动车停放在望江花园消防车通道lane-1" in said
    assert "现场全景图像2张、现场号牌图像1张、采集设备签名记录2份" in said
    assert "《中华人民共和国消防法》第六十条" in said
    assert "罚款人民币壹佰元整（￥100.00）" in said
    assert "自收到本决定书之日起15日内" in said
    assert "六十日内向示例区人民政府申请行政复议" in said
    assert "六个月内向示例区人民法院提起行政诉讼" in said
    assert "当事人明确声明放弃陈述和申辩。" in said
    assert "《行政处罚告知书》（示北消罚告字〔2026〕第0001号）" in said


def test_who_is_fined_on_the_spot_is_told_that_reconsideration_comes_first(file: CaseFile) -> None:
    file.name_party()
    file.walk(TO_PARTY)
    file.do(act(Action.DECIDE_ON_THE_SPOT, Role.OFFICER, "zhao"))

    said = file.content("当场行政处罚决定书").text[4]
    assert said.startswith(
        "如不服本决定，应当自收到本决定书之日起六十日内先向示例区人民政府申请行政复议"
    )
    assert said.endswith("未经行政复议不能直接提起行政诉讼。")


def test_nothing_is_said_of_a_reminder_that_is_not_proven(
    office: Office, device: SimulatedDevice
) -> None:
    add_pack(office)
    arrival = device.arrival()
    office.deliver(arrival)
    with office.engine.begin() as db:
        told = documents.preview(
            db, office.case_of(arrival), "责令改正通知书", office.clock.utc_ms(), {"plate": "浙B"}
        )

    assert "提醒" not in told.text[0]
    assert "持续1分00秒。" in told.text[0]


def test_the_public_notice_shows_neither_the_whole_name_nor_the_plate_nor_an_address(
    file: CaseFile,
) -> None:
    file.to_decided()
    file.do(act(Action.BEGIN_SERVICE, Role.SERVICE))
    file.do(act(Action.ANNOUNCE, Role.HEAD))

    frozen = file.content("公告").to_json()
    assert "张**：" in frozen
    assert "浙B·1***5" in frozen
    for private in ("张小明", "12345", "330200199001011234", "望江路", "13800000000"):
        assert private not in frozen


def test_without_a_letterhead_no_numbered_document_is_issued(
    office: Office, device: SimulatedDevice
) -> None:
    add_pack(
        office, IN_FORCE[: IN_FORCE.index("\noffice:")] + IN_FORCE[IN_FORCE.index("\nwarned:") :]
    )
    file = CaseFile.opened(office, device)

    with pytest.raises(Incomplete, match="文号规则"):
        file.walk(TO_PARTY)

    assert office.count(document_number) == 0


def test_the_letterhead_is_of_the_day_and_the_rules_are_of_the_case(
    office: Office, device: SimulatedDevice
) -> None:
    add_pack(office)
    file = CaseFile.opened(office, device)
    later = IN_FORCE.replace("valid_from: 2026-11-01", "valid_from: 2026-11-20")
    later = later.replace("version: 1", "version: 2").replace(
        "示例区消防路 1 号", "示例区新路 2 号"
    )
    add_pack(office, later.replace("person_fen: 10000", "person_fen: 20000"))
    office.clock.now_utc_ms += 5 * 86_400_000
    file.name_party()
    file.walk(TO_NOTIFIED)

    said = "".join(file.content("行政处罚告知书").text)
    assert "示例区新路 2 号" in said
    assert "￥100.00" in said


def test_the_log_names_the_document_and_its_pdf(file: CaseFile, office: Office) -> None:
    file.to_heard()
    issued = file.decide()
    pdf = Press(office.engine, office.blobs).pdf(issued.sha256, office.clock.utc_ms())

    with office.engine.connect() as db:
        detail = acting.acts(db, file.case_id)[-1].detail
        frozen = db.scalar(select(document.c.content).where(document.c.sha256 == issued.sha256))
        printed = [
            json.loads(line.payload) for line in events.lines(db) if line.type == "document-printed"
        ]
    assert (detail["document"], detail["number"]) == (issued.sha256, issued.number)
    assert frozen is not None
    assert hashlib.sha256(frozen.encode()).hexdigest() == issued.sha256
    assert printed == [{"document": issued.sha256, "pdf": hashlib.sha256(pdf).hexdigest()}]


def test_the_log_holds_nothing_personal(file: CaseFile, office: Office) -> None:
    file.to_decided()
    Press(office.engine, office.blobs).run(office.clock.utc_ms())

    with office.engine.connect() as db:
        text = "".join(line.payload for line in events.lines(db))
    for private in ("张小明", "330200199001011234", "望江路", "13800000000"):
        assert private not in text


def test_what_was_printed_first_is_handed_out_ever_after(file: CaseFile, office: Office) -> None:
    file.to_heard()
    issued = file.decide()
    printer = Press(office.engine, office.blobs)

    first = printer.pdf(issued.sha256, 1)
    again = print_pdf(file.content("行政处罚决定书"))
    with office.engine.begin() as db:
        db.execute(update(document).values(content="{}"))

    assert again == first
    assert printer.pdf(issued.sha256, 2) == first
    assert [line.type for line in _lines(office)].count("document-printed") == 1


def _lines(office: Office) -> list[events.Logged]:
    with office.engine.connect() as db:
        return list(events.lines(db))


def test_a_run_prints_all_that_waits(file: CaseFile, office: Office) -> None:
    file.to_decided()
    printer = Press(office.engine, office.blobs)

    printer.run(office.clock.utc_ms())
    printer.run(office.clock.utc_ms())

    with office.engine.connect() as db:
        waiting = db.scalars(select(document.c.sha256).where(document.c.pdf_sha256.is_(None))).all()
    assert waiting == []
    assert [line.type for line in _lines(office)].count("document-printed") == office.count(
        document
    )


def test_a_hash_that_names_nothing_gives_no_document(office: Office) -> None:
    with pytest.raises(NoDocument):
        Press(office.engine, office.blobs).pdf("ab" * 32, 1)


def test_the_pdf_embeds_its_fonts_and_its_text_can_be_searched(tmp_path: Path) -> None:
    pdf = print_pdf(fill("行政处罚决定书", full("行政处罚决定书"), HEAD))
    (tmp_path / "d.pdf").write_bytes(pdf)

    shown = subprocess.run(
        ["pdffonts", tmp_path / "d.pdf"], check=True, capture_output=True, text=True
    )
    fonts = [line.split() for line in shown.stdout.splitlines()[2:]]
    reader = PdfReader(io.BytesIO(pdf))
    text = "".join(page.extract_text() for page in reader.pages)
    assert {font[0].partition("+")[2] for font in fonts} == {
        "Noto-Serif-CJK-SC",
        "Noto-Serif-CJK-SC-Bold",
        "Noto-Sans-CJK-SC",
    }
    assert {font[-5] for font in fonts} == {"yes"}
    assert "行政处罚决定书" in text
    assert "〔2026〕" in text
    assert reader.metadata is not None
    assert reader.metadata.title == "行政处罚决定书 示北消罚决字〔2026〕第0001号"


def test_what_somebody_typed_is_shown_and_fetches_nothing() -> None:
    nasty = '<img src="file:///etc/passwd"><script>1</script>{plate}'
    content = fill("撤销决定书", {**full("撤销决定书"), "grounds": nasty}, HEAD)

    reader = PdfReader(io.BytesIO(print_pdf(content)))

    text = "".join(page.extract_text() for page in reader.pages).replace("\n", "")
    assert '<img src="file:///etc/passwd"><script>1</script>{plate}' in text


def test_missing_fonts_are_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    check_fonts()
    monkeypatch.setattr(press, "FONTS", ("Noto Serif CJK SC", "No Such Face"))

    with pytest.raises(FontsMissing, match="No Such Face are not installed"):
        check_fonts()


@pytest.mark.parametrize(
    ("fen", "said"),
    [
        (0, "零元整"),
        (1, "壹分"),
        (10, "壹角整"),
        (105, "壹元零伍分"),
        (10_000, "壹佰元整"),
        (10_300, "壹佰零叁元整"),
        (11_250, "壹佰壹拾贰元伍角整"),
        (100_105, "壹仟零壹元零伍分"),
        (1_000_000, "壹万元整"),
        (1_001_000, "壹万零壹拾元整"),
        (5_000_000, "伍万元整"),
        (10_000_001_00, "壹仟万零壹元整"),
        (100_000_000_00, "壹亿元整"),
        (100_010_000_00, "壹亿零壹万元整"),
    ],
)
def test_amounts_are_written_so_that_no_stroke_alters_them(fen: int, said: str) -> None:
    assert capital(fen) == said


def test_values_are_written_as_documents_write_them() -> None:
    assert moment(1_795_000_000_000) == "2026年11月18日19时06分40秒"
    assert duration(1_530_000) == "25分30秒"
    assert plate("浙BD52106", "green") == "浙B·D52106（渐变绿底黑字）"
    assert short_plate("浙BD52106") == "浙B·D****6"
    assert (short_name("张小明"), short_name("欧阳"), short_name("")) == ("张**", "欧*", "")
