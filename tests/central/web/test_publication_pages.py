"""Making decisions public over HTTP: read, tick, publish with a code, withdraw."""

import re

import pytest

from central.access import Role
from central.accounts import NewUser
from tests.case_files import CaseFile
from tests.staff import HASH, Staff
from tests.walks import hidden

PUBLISH = {"purpose": "行政处罚法第四十八条", "sure": "yes", "step": "make"}


@pytest.fixture
def draft(staff: Staff, file: CaseFile) -> str:
    """The address of a decision's covered copy, as the case's page names it."""
    file.to_decided()
    with staff.signed_in("chen") as client:
        found = re.search(r'href="(/cases/[^"]+/publish/[0-9a-f]{64})"',
                          client.get(f"/cases/{file.case_id}").text)  # fmt: skip
    assert found is not None
    return found.group(1)


def test_a_head_reads_the_copy_publishes_it_and_withdraws_it(staff: Staff, draft: str) -> None:
    with staff.signed_in("chen", proved=True) as client:
        page = client.get(draft)
        assert "张**" in page.text
        assert "张小明" not in page.text.split('<article class="paper"')[1].split("</article>")[0]
        answer = client.post(draft, data={**hidden(page), **PUBLISH})
        assert answer.headers["location"] == "/publications"
        listed = client.get("/publications")
        [pdf] = re.findall(r'href="(/publications/[^"]+\.pdf)"', listed.text)
        images = re.findall(r'href="(/publications/[^"]+\.jpg)"', listed.text)
        given = [client.get(path) for path in (pdf, *images)]
        withdraw = pdf.removesuffix(".pdf") + "/withdraw"
        bare = client.post(withdraw, data={**hidden(listed), "reason": "x"})
        client.post(withdraw, data={**hidden(listed), "reason": "当事人申请"})
        gone = [client.get(path).status_code for path in (pdf, *images)]
        after = client.get("/publications").text

    assert [one.headers["content-type"] for one in given] == [
        "application/pdf",
        "image/jpeg",
        "image/jpeg",
    ]
    assert bare.headers["location"] == "/publications?fault=reason"
    assert gone == [404, 404, 404]
    assert "已撤回" in after
    assert "当事人申请" in after


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sure": ""}, "请先核对并勾选"),
        ({"purpose": "x"}, "请写明公开的依据和目的"),
        ({"words": "消防车通道"}, "请重新核对"),
        ({"digest": "0" * 64}, "请重新核对"),
    ],
)
def test_nothing_is_published_unread(
    staff: Staff, draft: str, changed: dict[str, str], said: str
) -> None:
    with staff.signed_in("sun", proved=True) as client:
        answer = client.post(draft, data={**hidden(client.get(draft)), **PUBLISH, **changed})
        listed = client.get("/publications").text

    assert answer.status_code == 422
    assert said in answer.text
    assert "还没有公开任何决定书" in listed


def test_more_words_are_covered_when_looked_at_again(staff: Staff, draft: str) -> None:
    with staff.signed_in("sun", proved=True) as client:
        sent = {**hidden(client.get(draft)), "words": "望江花园", "step": "look"}
        again = client.post(draft, data=sent)
        paper = again.text.split('<article class="paper"')[1].split("</article>")[0]
        answer = client.post(draft, data={**hidden(again), **PUBLISH, "words": "望江花园"})

    assert "望江花园" not in paper
    assert answer.status_code == 303


def test_publishing_asks_for_a_code_and_an_auditor_only_looks(staff: Staff, draft: str) -> None:
    staff.accounts.add_user(NewUser("wu", "吴", HASH, Role.AUDITOR), staff.office.clock.utc_ms())
    with staff.signed_in("chen") as client:
        asked = client.post(draft, data={**hidden(client.get(draft)), **PUBLISH})
        listed = client.get("/publications").text
    with staff.signed_in("wu", proved=True) as client:
        statuses = [client.get(path).status_code for path in (draft, "/publications")]

    assert "code" in asked.text
    assert asked.status_code != 303
    assert "还没有公开任何决定书" in listed
    assert statuses == [403, 200]
