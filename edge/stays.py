"""Which vehicle stood in which lane from when until when: the rules of stays.

Pure: time and looks come in as arguments, events go out as values. Nothing here counts frames.
The tables are in stay_moves.py, the weighing of cues in findings.py; edge/STAYS.md tells the
whole in prose. Where there is doubt, the owner has the benefit of it.
"""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from edge.findings import covered_share, find, match
from edge.lanes import Lane, best_lane
from edge.looks import Look, Place, Sighting
from edge.newcomers import Newcomers
from edge.open_stay import OpenStay
from edge.sight import conclude, see, take_in
from edge.standing import Standing
from edge.stay_events import Reminder, StayEvent, StayEventKind, StayRules
from edge.stay_moves import MOVES, Phase, Sight, Step
from edge.stay_snapshot import Ended, Saved, dump, load, shifted
from edge.wire.records import Ending, GapReason

_ENDED_KEPT = 32
_SAVE_S = 10.0
"""A snapshot at least this often: what it does not know of, a power cut turns into a gap."""
_SOON_S = 5.0
"""Longer than keyframes may be apart while idle."""
_OFF_UNKNOWN = "the box was off, and nobody knows for how long"
_RESTLESS_S = 10.0
"""Hidden longer than this, a vehicle no longer asks for every frame; the gate wakes for changes."""


class Stays:
    """The stays of one camera."""

    def __init__(self, rules: StayRules, lanes: Sequence[Lane], new_id: Callable[[], UUID]) -> None:
        self._rules = rules
        self._lanes = {lane.id: lane for lane in lanes}
        self._new_id = new_id
        self._open: dict[UUID, OpenStay] = {}
        self._ended: list[Ended] = []
        self._newcomers = Newcomers(rules, self._lanes)
        self._t_s: float | None = None
        self._searched_s: float | None = None
        self._saved_s = float("-inf")
        self.revision = 0
        """Goes up whenever something changed that must outlive a power cut: save a snapshot."""

    def observe(self, look: Look) -> list[StayEvent]:
        """Take in one look. Raises ValueError when time goes back (a fault of the shell)."""
        if self._t_s is not None and look.t_s < self._t_s:
            raise ValueError(f"time must not go back, got {look.t_s} s after {self._t_s} s")
        events = self._end_pending(look.t_s)
        self._note_silence(look.t_s)
        self._t_s = look.t_s
        if look.searched or look.blind is not None:
            self._searched_s = look.t_s
        matched = self._match(look)
        for stay in list(self._open.values()):
            events += self._take_in(stay, look, matched.get(stay.id))
        if look.blind is None:
            events += self._welcome(look, {each.track for each in matched.values()})
        else:
            self._newcomers.blinded(look.t_s)
        if events or (self._open and look.t_s - self._saved_s >= _SAVE_S):
            self._changed(look.t_s)
        return events

    def notice(self, t_s: float, stay_id: UUID, reminder: Reminder) -> list[StayEvent]:
        """The owner was reminded, as came to be known at t_s. An empty list: the notice is known
        already, or the stay is not open here.

        A wrong clock must not shorten the grace: nobody is reminded before the arrival was sent,
        nor after the notice came. Of several reminders the one with the latest deadline counts.
        """
        stay = self._open.get(stay_id)
        known = stay is None or reminder.notice_id in stay.notices
        if stay is None or known or (stay.phase, Step.REMINDED) not in MOVES:
            return []
        arrival_s = stay.arrival_s if stay.arrival_s is not None else t_s
        reminded_s = min(max(reminder.reminded_s, arrival_s), max(t_s, arrival_s))
        taken = Reminder(reminder.notice_id, reminded_s, max(reminder.grace_s, 0.0))
        stay.notices.append(taken.notice_id)
        if stay.reminder is None or taken.deadline_s > stay.reminder.deadline_s:
            stay.reminder = taken
            stay.phase = MOVES[stay.phase, Step.REMINDED]
        self._changed(t_s)
        why = f"reminded at {reminded_s:.1f} s, until {stay.deadline_s(self._rules):.1f} s"
        return [stay.event(StayEventKind.NOTICE, t_s, self._rules, why)]

    def places(self) -> Mapping[UUID, Place]:
        """Where the vehicles of open stays stand, for the shell to look at."""
        return {
            stay.id: Place(stay.id, stay.lane, stay.place, stay.anchor, stay.clear)
            for stay in self._open.values()
        }

    def needs_search(self, t_s: float) -> bool:
        """Whether the detector must look now even if nothing seems to have changed."""
        due = self._searched_s is None or t_s - self._searched_s >= self._rules.scan_s - 0.5
        return due or self.unsettled or self._uneasy

    @property
    def unsettled(self) -> bool:
        """Whether a vehicle is in a lane and has neither settled nor been there for long."""
        return self._newcomers.arriving(self._t_s or 0.0)

    @property
    def restless(self) -> bool:
        """Whether a vehicle comes, stops, leaves or is hidden, or something is due of it: every
        frame counts now."""
        t_s = self._t_s or 0.0
        return self._uneasy or any(self._soon(stay, t_s) for stay in self._open.values())

    @property
    def _uneasy(self) -> bool:
        t_s = self._t_s or 0.0
        return self._newcomers.rolling(t_s) or any(
            _restless(stay, t_s) for stay in self._open.values()
        )

    def _soon(self, stay: OpenStay, t_s: float) -> bool:
        """Whether its arrival or overstay is due before keyframes alone would show it."""
        dues = {
            Phase.STANDING: stay.begin_s + self._rules.confirm_s,
            Phase.REPORTED: stay.deadline_s(self._rules),
        }
        due_s = dues.get(stay.phase)
        return due_s is not None and 0 <= due_s - t_s <= _SOON_S

    def snapshot(self) -> bytes:
        """All that must outlive a power cut."""
        versions = {lane.id: lane.version for lane in self._lanes.values()}
        open_stays = list(self._open.values())
        return dump(Saved(1, self._t_s or 0.0, versions, open_stays, self._ended))

    def restore(
        self, snapshot: bytes, now_s: float, away_s: float | None, why: str = _OFF_UNKNOWN
    ) -> None:
        """Go on from a snapshot. `away_s`: seconds from the snapshot's last look until now_s, by
        the monotonic clock (same boot) or a trusted wall clock; None where nobody knows: then no
        open stay survives, and `why` is said. Raises SnapshotError for bytes that are no snapshot;
        what follows is as after a first start."""
        saved = load(snapshot)
        known = away_s is not None and away_s >= 0
        ahead_s = now_s - saved.saved_s - (away_s if known and away_s is not None else 0.0)
        for stay in saved.stays:
            moved = shifted(stay, ahead_s)
            moved.turn(Sight.HIDDEN, now_s)
            moved.gap_reason = moved.gap_reason or GapReason.BOX_OFF
            moved.track, moved.clear = -1, False
            lane = self._lanes.get(moved.lane)
            if lane is None or lane.version != saved.lanes.get(moved.lane):
                moved.lost = moved.lost or (Ending.LANE_CHANGED, "the lane was drawn anew")
            elif not known:
                moved.lost = moved.lost or (Ending.GAP_TOO_LONG, why)
            self._open[moved.id] = moved
        self._ended = [each.later(ahead_s) for each in saved.ended]
        self._t_s = now_s

    def _match(self, look: Look) -> dict[UUID, Sighting]:
        if look.blind is not None:
            return {}
        self._newcomers.follow(look, self._in_lane(look))
        passing = self._newcomers.passing(look.t_s)
        return match(self._open, look, passing, self._lanes, self._rules)

    def _in_lane(self, look: Look) -> dict[int, str | None]:
        """The lane of each track; one vehicle is in one lane at most."""
        current = {stay.track: stay.lane for stay in self._open.values()}
        lanes = list(self._lanes.values())
        found: dict[int, str | None] = {}
        for each in look.sightings:
            before = current.get(each.track, self._newcomers.lane(each.track))
            lane = best_lane(lanes, each.box, before, self._rules.threshold)
            found[each.track] = lane.id if lane else None
        return found

    def _note_silence(self, t_s: float) -> None:
        """Nobody looked for longer than the lane may go unseen: that is a gap too."""
        silent = self._t_s is not None and t_s - self._t_s > (
            self._rules.scan_s + self._rules.blink_s
        )
        for stay in self._open.values() if silent else ():
            stay.gap_reason = stay.gap_reason or GapReason.STREAM_DOWN

    def _take_in(self, stay: OpenStay, look: Look, sighting: Sighting | None) -> list[StayEvent]:
        found = find(stay, look, self._lanes[stay.lane], sighting, self._rules)
        if found is None:
            stay.clear = False
            return []
        if take_in(stay, found, look.t_s, self._rules):
            self.revision += 1
        end = conclude(stay, look.t_s, self._rules)
        if end is not None:
            return [self._end(stay, look.t_s, *end)]
        if stay.sight is not Sight.IN_VIEW:
            stay.clear = False
            return []
        trail = self._trail(stay, sighting)
        overlap = self._lanes[stay.lane].overlap(sighting.box if sighting else stay.place)
        others = [each for each in look.sightings if each is not sighting]
        stay.clear = sighting is not None and covered_share(stay.place, others) < 0.1
        if see(stay, found, (look, overlap, trail), self._rules):
            self.revision += 1
        return self._milestones(stay, look.t_s)

    def _trail(self, stay: OpenStay, sighting: Sighting | None) -> Standing | None:
        return self._newcomers.standing(sighting.track) if sighting is not None else None

    def _milestones(self, stay: OpenStay, t_s: float) -> list[StayEvent]:
        """What is due now that the vehicle is in view: never before its time, never unseen."""
        events, rules = [], self._rules
        if stay.phase is Phase.STANDING and t_s - stay.begin_s >= rules.confirm_s:
            stay.phase, stay.arrival_s = MOVES[stay.phase, Step.CONFIRMED], t_s
            why = f"stood for {t_s - stay.begin_s:.1f} s, reported from {rules.confirm_s:g} s on"
            events.append(stay.event(StayEventKind.ARRIVAL, t_s, rules, why))
        if stay.phase is Phase.REPORTED and t_s >= stay.deadline_s(rules):
            stay.phase = MOVES[stay.phase, Step.OVERDUE]
            basis = "of the reminder" if stay.reminder else "without any reminder"
            why = f"in view at its deadline {basis} ({stay.deadline_s(rules):.1f} s)"
            events.append(stay.event(StayEventKind.OVERSTAY, t_s, rules, why))
        return events

    def _welcome(self, look: Look, taken: set[int]) -> list[StayEvent]:
        """Make stays of vehicles that have stood long enough and belong to none."""
        events = []
        for sighting in look.sightings:
            mine = sighting.track in taken or self._doubled(sighting)
            ghost = sighting.empty is not None and sighting.empty >= self._rules.vacant
            if mine or ghost:
                continue
            settled = self._newcomers.settled(sighting.track, self._ended)
            if settled is not None:
                events += self._begin(look, sighting, *settled)
        return events

    def _doubled(self, sighting: Sighting) -> bool:
        """A second box on a vehicle that has its stay already (a cab on its lorry)."""
        return any(
            stay.sight is Sight.IN_VIEW
            and (
                sighting.box.iou(stay.now) >= self._rules.same_place
                or sighting.box.inside(stay.now) >= 0.8
            )
            for stay in self._open.values()
        )

    def _begin(self, look: Look, sighting: Sighting, lane: str, stood: Standing) -> list[StayEvent]:
        stay = OpenStay(
            id=self._new_id(),
            lane=lane,
            begin_s=stood.begin_s,
            last_seen_s=look.t_s,
            stood_s=stood.end_s,
            same_s=look.t_s,
            place=stood.box,
            now=sighting.box,
            tremble=stood.tremble,
            track=sighting.track,
            anchor_mode=look.mode,
            sight_s=stood.begin_s,
        )
        stay.learn(sighting, proven=True)
        stay.previous = next(
            (e.id for e in reversed(self._ended) if e.is_same(sighting, look, self._rules)), None
        )
        for sample in self._newcomers.samples(sighting.track, stood, self._lanes[lane]):
            stay.add_sample(sample)
        self._open[stay.id] = stay
        why = f"stood in the lane for {look.t_s - stay.begin_s:.1f} s since {stay.begin_s:.1f} s"
        settled = stay.event(StayEventKind.SETTLED, look.t_s, self._rules, why)
        return [settled, *self._milestones(stay, look.t_s)]

    def _end(self, stay: OpenStay, t_s: float, step: Step, ending: Ending, why: str) -> StayEvent:
        stay.phase = MOVES[stay.phase, step]
        event = stay.ended(t_s, self._rules, ending, why)
        del self._open[stay.id]
        self._ended = [*self._ended, Ended.of(stay, t_s)][-_ENDED_KEPT:]
        self._searched_s = None
        return event

    def _end_pending(self, t_s: float) -> list[StayEvent]:
        """Stays that could not survive the restart."""
        lost = [stay for stay in self._open.values() if stay.lost is not None]
        return [self._end(stay, t_s, Step.LOST, *stay.lost) for stay in lost if stay.lost]

    def _changed(self, t_s: float) -> None:
        self.revision += 1
        self._saved_s = t_s


def _restless(stay: OpenStay, t_s: float) -> bool:
    """Whether its vehicle went out of view or off its place, a moment ago."""
    if stay.sight is not Sight.IN_VIEW:
        return t_s - stay.sight_s < _RESTLESS_S
    away = stay.place.shift(stay.now) > stay.tremble
    return away and t_s - stay.stood_s < _RESTLESS_S
