"""What one look says of the vehicle of an open stay: detector, place and appearance together.

The cues are weighed here and nowhere else. Each may be missing; a missing cue says nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from edge.geometry import Box
from edge.identity import Likeness, Marks, compare
from edge.lanes import Lane
from edge.looks import Look, PlaceLook, Sighting
from edge.open_stay import OpenStay
from edge.stay_events import StayRules
from edge.stay_moves import Finding, Sight
from edge.wire.records import Cue, GapReason, Proof

UNSEEN = PlaceLook()


@dataclass(frozen=True, slots=True)
class Found:
    """A finding with what it rests on. `box` is None where the detector saw nothing."""

    finding: Finding
    why: str
    sighting: Sighting | None = None
    cues: tuple[Cue, ...] = ()
    score: float = 0.0
    proof: Proof = Proof.NONE
    reason: GapReason | None = None


def find(
    stay: OpenStay, look: Look, lane: Lane, sighting: Sighting | None, rules: StayRules
) -> Found | None:
    """What the look says of the stay, given the sighting matched to it; None when the look was
    not made to tell (the detector did not run and the place was not compared)."""
    if look.blind is not None:
        return Found(Finding.BLIND, f"the camera sees nothing: {look.blind}", reason=look.blind)
    place = look.places.get(stay.id, UNSEEN)
    moved = sighting is not None and sighting.box.iou(stay.place) < rules.same_place
    if vacant(place, rules) and not moved:
        why = f"the place looks like the empty lane ({place.empty:.2f})"
        return Found(Finding.EMPTY, why, cues=(Cue.BACKGROUND,))
    if sighting is not None:
        return _of_sighting(stay, look, lane, sighting, rules)
    if believed(place, rules):
        why = f"not detected, but the place looks unchanged ({place.similarity:.2f})"
        return Found(
            Finding.SEEN,
            why,
            cues=shown_by(rules, place.empty, alike=True),
            score=place.similarity or 0.0,
            proof=Proof.APPEARANCE,
        )
    return _of_nothing(stay, look, place, rules)


def believed(place: PlaceLook, rules: StayRules) -> bool:
    """Whether the place shows its vehicle: like its picture, and less like the empty lane."""
    return place.similarity is not None and (
        place.similarity >= rules.believed
        and (place.empty is None or place.similarity > place.empty)
    )


def shown_by(
    rules: StayRules, empty: float | None, *, detected: bool = False, alike: bool = False
) -> tuple[Cue, ...]:
    """The cues that speak for a vehicle. The background is one where the ground is known and does
    not show: something stands on it that was not there when the lane was last seen empty."""
    spoken = {
        Cue.DETECTOR: detected,
        Cue.BACKGROUND: empty is not None and empty <= rules.changed,
        Cue.APPEARANCE: alike,
    }
    return tuple(cue for cue, speaks in spoken.items() if speaks)


def vacant(place: PlaceLook, rules: StayRules) -> bool:
    """Whether the place is positively empty; also refutes a ghost of the detector."""
    return place.empty is not None and (
        place.empty >= rules.vacant and (place.similarity is None or place.empty > place.similarity)
    )


def _of_nothing(stay: OpenStay, look: Look, place: PlaceLook, rules: StayRules) -> Found | None:
    hidden = max(place.covered_by, covered_share(stay.place, look.sightings))
    if hidden >= rules.covered:
        why = f"{hidden:.0%} of the place is covered"
        return Found(Finding.COVERED, why, reason=GapReason.OCCLUDED)
    changed = place.similarity is not None and place.similarity <= rules.changed
    if changed and place.empty is not None:
        why = "the place looks neither like the vehicle nor like the empty lane"
        return Found(Finding.COVERED, why, reason=GapReason.OCCLUDED)
    if not look.searched:
        return None
    if changed:
        return Found(Finding.CHANGED, "searched, not found, and the place looks different")
    return Found(Finding.NOTHING, "searched and not found")


def _of_sighting(
    stay: OpenStay, look: Look, lane: Lane, sighting: Sighting, rules: StayRules
) -> Found:
    place = look.places.get(stay.id, UNSEEN)
    at_place = max(sighting.box.iou(stay.place), sighting.box.iou(stay.now)) >= rules.same_place
    likeness, proof = compare(stay.marks(_mode(sighting, look)), sighting.marks, rules.likeness)
    known = believed(place, rules)
    if likeness is Likeness.OTHER and at_place and _is_other(stay, sighting, place, proof, rules):
        return Found(Finding.OTHER, f"another vehicle is at the place, by {proof}", sighting)
    ground = place.empty if at_place else sighting.empty
    cues = shown_by(rules, ground, detected=True, alike=known and at_place)
    if known and at_place:
        proof = proof if likeness is Likeness.SAME else Proof.APPEARANCE
    proven = likeness is Likeness.SAME or (known and at_place)
    if not proven:
        proof = Proof.NONE
    outside = lane.overlap(sighting.box) < rules.threshold.leave
    if outside and not known and sighting.box.inside(stay.place) < 0.6:
        return Found(Finding.AWAY, "it is out of the lane", sighting, cues, sighting.score, proof)
    if proven or not needs_proof(stay, look.t_s, rules):
        why = f"in view, by {proof}" if proven else "in view without a break"
        return Found(Finding.SEEN, why, sighting, cues, sighting.score, proof)
    why = "a vehicle is at the place, but nothing shows that it is the same"
    return Found(Finding.UNPROVEN, why, sighting, cues, sighting.score)


def _is_other(
    stay: OpenStay, sighting: Sighting, place: PlaceLook, proof: Proof, rules: StayRules
) -> bool:
    """A different plate decides. A different look decides only where the tracker saw another
    vehicle come or the place itself looks different: an open door or a shadow changes a look."""
    if proof is Proof.PLATE:
        return True
    if place.similarity is not None:
        return place.similarity <= rules.changed
    return sighting.track != stay.track


def needs_proof(stay: OpenStay, t_s: float, rules: StayRules) -> bool:
    """Whether it was out of view so long that another could stand there now."""
    if stay.sight in (Sight.DOUBTED, Sight.VACATED, Sight.DISPLACED):
        return True
    return stay.away(t_s, rules)


def _mode(sighting: Sighting, look: Look) -> str:
    return sighting.appearance.mode if sighting.appearance is not None else look.mode


def covered_share(place: Box, others: Sequence[Sighting]) -> float:
    """The greatest share of the place that one vehicle standing nearer to the camera hides."""
    return max(
        (place.inside(each.box) for each in others if each.box.y2 >= place.y2 - 0.1 * place.height),
        default=0.0,
    )


def match(
    stays: Mapping[UUID, OpenStay],
    look: Look,
    passing: frozenset[int],
    lanes: Mapping[str, Lane],
    rules: StayRules,
) -> dict[UUID, Sighting]:
    """Which sighting is which stay's vehicle. `passing`: tracks that are on the move.

    Its own track comes first, but not before a place that still looks like itself; then whoever
    stands at the place; then a vehicle in the same lane that is shown to be the same.
    """
    pairs = sorted(
        (
            (-fit, str(stay.id), i)
            for stay in stays.values()
            for i, sighting in enumerate(look.sightings)
            if (fit := _fit(stay, look, sighting, passing, lanes, rules)) > 0
        ),
    )
    by_name = {str(key): key for key in stays}
    matched: dict[UUID, Sighting] = {}
    used: set[int] = set()
    for _, name, i in pairs:
        if by_name[name] not in matched and i not in used:
            matched[by_name[name]] = look.sightings[i]
            used.add(i)
    return matched


def _fit(
    stay: OpenStay,
    look: Look,
    sighting: Sighting,
    passing: frozenset[int],
    lanes: Mapping[str, Lane],
    rules: StayRules,
) -> float:
    iou = max(sighting.box.iou(stay.place), sighting.box.iou(stay.now))
    own = sighting.track == stay.track
    marks = Marks(sighting.plate, sighting.appearance)
    likeness, _ = compare(stay.marks(_mode(sighting, look)), marks, rules.likeness)
    bonus = {Likeness.SAME: 0.5, Likeness.OTHER: -0.4, Likeness.UNKNOWN: 0.0}[likeness]
    at_place = iou >= rules.same_place
    if believed(look.places.get(stay.id, UNSEEN), rules):
        return 2 + iou + bonus if at_place and (own or sighting.track not in passing) else 0.0
    if own:
        return 1.5 + iou + bonus
    if at_place and sighting.track not in passing:
        return 1 + iou + bonus
    in_lane = lanes[stay.lane].overlap(sighting.box) >= rules.threshold.leave
    return 0.5 if likeness is Likeness.SAME and in_lane else 0.0
