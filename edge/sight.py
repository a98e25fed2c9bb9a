"""What a finding does to an open stay: its sight, its gaps, its place, and whether it is over."""

from edge.findings import Found
from edge.looks import Look
from edge.open_stay import OpenStay, sample
from edge.standing import Standing
from edge.stay_events import Gap, StayRules
from edge.stay_moves import SIGHTS, Finding, Sight, Step
from edge.wire.records import Ending, GapReason, Proof

_WAITING = (Sight.HIDDEN, Sight.MISSED)
_APPEARANCE_S = 30.0

End = tuple[Step, Ending, str]


def take_in(stay: OpenStay, found: Found, t_s: float, rules: StayRules) -> bool:
    """Move the sight on; whether it is another than before. A stay out of view for too long is
    left as it is for `conclude`, even if its vehicle seems to be back."""
    if too_long(stay, t_s, rules):
        return False
    if found.finding in (Finding.BLIND, Finding.COVERED):
        stay.gap_reason = stay.gap_reason or found.reason
    back_s = stay.sight_s if stay.sight is Sight.DOUBTED else t_s
    changed = stay.turn(SIGHTS[stay.sight, found.finding], t_s)
    if stay.sight is Sight.IN_VIEW:
        _close_gap(stay, back_s, found.proof, rules)
    return changed


def _close_gap(stay: OpenStay, back_s: float, proof: Proof, rules: StayRules) -> None:
    if stay.away(back_s, rules):
        reason = stay.gap_reason or GapReason.UNDETECTED
        stay.add_gap(Gap(stay.last_seen_s, back_s, reason, proof))
    stay.gap_reason = None


def too_long(stay: OpenStay, t_s: float, rules: StayRules) -> bool:
    """Whether the vehicle, or its absence, was out of view for longer than a stay survives."""
    until_s = t_s if stay.sight in (*_WAITING, Sight.IN_VIEW) else stay.sight_s
    return until_s - stay.last_seen_s > rules.max_gap_s


def conclude(stay: OpenStay, t_s: float, rules: StayRules) -> End | None:
    """How the stay ends, where enough looks over enough time say that it does."""
    if too_long(stay, t_s, rules):
        away_s = t_s - stay.last_seen_s
        why = f"not seen for {away_s:.0f} s, at most {rules.max_gap_s:g} s are bridged"
        return Step.LOST, Ending.GAP_TOO_LONG, why
    ends: dict[Sight, tuple[float, int, End]] = {
        Sight.VACATED: (
            rules.empty_s,
            2,
            (Step.LEFT, Ending.LANE_EMPTY, "its place looks like the empty lane"),
        ),
        Sight.CHANGED: (
            rules.driven_off_s if _drove_off(stay, rules) else rules.changed_s,
            4,
            (Step.LEFT, Ending.LANE_EMPTY, "its place looks different and no vehicle is found"),
        ),
        Sight.OUTSIDE: (
            rules.outside_s,
            2,
            (Step.LEFT, Ending.SEEN_OUTSIDE, "it was seen out of the lane"),
        ),
        Sight.DISPLACED: (
            rules.displaced_s,
            2,
            (Step.LEFT, Ending.REPLACED, "another vehicle stands in its place"),
        ),
        Sight.DOUBTED: (
            rules.prove_s,
            2,
            (Step.LOST, Ending.IDENTITY_UNPROVEN, "nothing shows that it is the same vehicle"),
        ),
    }
    if stay.sight not in ends:
        return None
    hold_s, looks, end = ends[stay.sight]
    return end if t_s - stay.sight_s >= hold_s and stay.sight_looks >= looks else None


def _drove_off(stay: OpenStay, rules: StayRules) -> bool:
    """Whether it was away from its place when it was last in view."""
    off = stay.last_seen_s > stay.stood_s
    return off and stay.place.iou(stay.now) < rules.same_place


def see(
    stay: OpenStay,
    found: Found,
    seen: tuple[Look, float, Standing | None],
    rules: StayRules,
) -> bool:
    """Note a look at which the vehicle is in view: `seen` is the look, its overlap with the lane
    and how its track stands. Whether something changed that must be saved."""
    look, overlap, stands = seen
    t_s = look.t_s
    stay.last_seen_s = t_s
    changed = False
    if found.proof is not Proof.NONE:
        stay.same_s = t_s
    if found.sighting is None:
        stay.stood_s = t_s
        box = stay.place
    else:
        box = stay.now = found.sighting.box
        stay.track = found.sighting.track
        changed = _settle_down(stay, look, stands, rules)
        changed |= stay.learn(found.sighting, _renewable(stay, found, t_s))
    stay.add_sample(sample(t_s, box, overlap, found.cues, found.score))
    return changed


def _renewable(stay: OpenStay, found: Found, t_s: float) -> bool:
    due = t_s - stay.appearance_s >= _APPEARANCE_S
    if due and found.proof is not Proof.NONE:
        stay.appearance_s = t_s
        return True
    return False


def _settle_down(stay: OpenStay, look: Look, stands: Standing | None, rules: StayRules) -> bool:
    """Whether it stands where it stood, or elsewhere in the lane by now: then that is its place."""
    if stay.place.shift(stay.now) <= stay.tremble:
        stay.stood_s = look.t_s
    elif stands is not None and stands.end_s - stands.begin_s >= rules.blink_s:
        stay.stood_s = max(stay.stood_s, stands.end_s)
        if stay.place.shift(stands.box) > rules.still:
            stay.place, stay.tremble = stands.box, stands.tremble
            stay.anchor += 1
            return True
    if look.mode != stay.anchor_mode:
        stay.anchor_mode = look.mode
        stay.anchor += 1
        return True
    return False
