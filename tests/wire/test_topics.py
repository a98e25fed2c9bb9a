"""Topics: one way to write each, and nothing else is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.wire.errors import BadTopic, Code
from edge.wire.topics import (
    DOWN,
    RETAINED,
    UP,
    Address,
    Kind,
    alert_topic,
    central_state_topic,
    chunk_topic,
    device_topic,
    is_device_id,
    parse_topic,
    subscription,
)

SHA = "0123456789abcdef" * 4
device_ids = st.from_regex(r"[a-z0-9][a-z0-9-]{2,31}", fullmatch=True).filter(is_device_id)


def test_every_kind_goes_up_or_down_and_never_both() -> None:
    assert set(UP) | set(DOWN) == set(Kind)
    assert set(UP) & set(DOWN) == set()


def test_statements_that_hold_until_changed_are_retained() -> None:
    assert {str(kind) for kind in RETAINED} == {
        "state",
        "birth",
        "alert",
        "config/reported",
        "config/desired",
    }


@given(device_ids, st.sampled_from(sorted(set(Kind) - {Kind.ALERT, Kind.CHUNK})))
def test_a_topic_comes_apart_into_what_it_was_made_of(device: str, kind: Kind) -> None:
    assert parse_topic(device_topic(device, kind)) == Address(device, kind)


@given(device_ids, st.from_regex(r"[a-z0-9][a-z0-9-]{0,47}", fullmatch=True))
def test_an_alert_topic_comes_apart_into_device_and_code(device: str, code: str) -> None:
    assert parse_topic(alert_topic(device, code)) == Address(device, Kind.ALERT, detail=code)


@given(device_ids, st.integers(0, 127))
def test_a_chunk_topic_comes_apart_into_exhibit_and_index(device: str, index: int) -> None:
    expected = Address(device, Kind.CHUNK, sha256=SHA, index=index)

    assert parse_topic(chunk_topic(device, SHA, index)) == expected


@pytest.mark.parametrize("index", [-1, 128, 10**9])
def test_a_chunk_past_the_largest_exhibit_has_no_topic(index: int) -> None:
    with pytest.raises(BadTopic) as refusal:
        chunk_topic("box-1", SHA, index)

    assert refusal.value.code is Code.TOPIC_UNKNOWN


@pytest.mark.parametrize(
    "device", ["", "ab", "a" * 33, "Box", "-box", "box_1", "central", "+", "#"]
)
def test_what_is_no_device_id_names_no_topic(device: str) -> None:
    with pytest.raises(BadTopic) as refusal:
        device_topic(device, Kind.RECORD)

    assert refusal.value.code is Code.DEVICE_ID_INVALID


@pytest.mark.parametrize("code", ["", "A", "-a", "a/b", "a" * 49, "a+", "a b"])
def test_an_alert_code_is_lower_case_words(code: str) -> None:
    with pytest.raises(BadTopic) as refusal:
        alert_topic("box-1", code)

    assert refusal.value.code is Code.TOPIC_UNKNOWN


def test_the_servers_own_state_is_no_devices() -> None:
    assert central_state_topic() == "firelane/1/central/state"
    with pytest.raises(BadTopic):
        parse_topic(central_state_topic())


def test_a_subscription_covers_one_device_or_all() -> None:
    assert subscription(Kind.RECORD) == "firelane/1/+/record"
    assert subscription(Kind.ALERT, "box-1") == "firelane/1/box-1/alert/+"
    assert subscription(Kind.CHUNK) == "firelane/1/+/chunk/+/+"


def test_no_topic_has_more_than_the_seven_slashes_that_clouds_allow() -> None:
    longest = chunk_topic("a" * 32, SHA, 127)

    assert longest.count("/") <= 7
    assert len(longest) <= 160


@given(
    st.text() | st.text(alphabet="firelan/1chuk0369abst-+#\x00\ud800").map("firelane/1/".__add__)
)
def test_a_topic_is_read_or_refused_and_what_is_read_is_written_the_same(topic: str) -> None:
    try:
        address = parse_topic(topic)
    except BadTopic:
        return

    if address.kind is Kind.ALERT:
        assert alert_topic(address.device, address.detail) == topic
    elif address.kind is Kind.CHUNK:
        assert chunk_topic(address.device, address.sha256, address.index) == topic
    else:
        assert device_topic(address.device, address.kind) == topic
