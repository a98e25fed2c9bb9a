"""What many looks at one number plate add up to: a plate or `unread`, never a guess.

A wrong plate accuses a stranger. What may stand on a plate is in edge/wire/plates.py.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from edge.wire.plates import classify, consistent
from edge.wire.records import PlateReading


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at a plate: the text, a confidence (0-1) for each of its characters, the colour
    with its own. Raises ValueError when the figures do not fit the text."""

    text: str
    chars: tuple[float, ...]
    colour: str | None = None
    colour_confidence: float = 0.0

    def __post_init__(self) -> None:
        if len(self.text) != len(self.chars) or not all(0 <= c <= 1 for c in self.chars):
            raise ValueError(
                f"a reading needs a confidence of 0-1 for each of its {len(self.text)} "
                f"characters, got {len(self.chars)}"
            )


@dataclass(frozen=True, slots=True)
class VoteRules:
    """What it takes to be believed.

    looks      readings of the answer's length
    whole      readings that say the answer as a whole
    majority   share of the votes for a length that the answer's length must have
    char       least confidence of a character, see `PlateVote`
    all_chars  the same for the product over all characters
    colour     share of the colour votes
    bare       mean confidence of the colour, for a text that begins with no province: a pale green
               plate whose province is lost reads as a military one
    """

    looks: int = 3
    whole: int = 2
    majority: float = 0.6
    char: float = 0.70
    all_chars: float = 0.35
    colour: float = 0.6
    bare: float = 0.75


class PlateVote:
    """Adds up the looks at the plate of one vehicle. The order of looks does not matter: votes
    are whole numbers, and sums of those are exact."""

    def __init__(self, rules: VoteRules | None = None) -> None:
        self._rules = rules or VoteRules()
        self._places: dict[int, list[Counter[str]]] = {}
        self._squares: dict[int, list[Counter[str]]] = {}
        self._weights: Counter[int] = Counter()
        self._counts: Counter[int] = Counter()
        self._wholes: Counter[str] = Counter()
        self._colours: Counter[str] = Counter()

    def add(self, reading: Reading, weight: float = 1.0) -> None:
        """One more look. `weight` (0-1) says how good a look it was: near, sharp, straight."""
        size, share = len(reading.text), _thousandths(weight)
        if not size or not share:
            return
        places = self._places.setdefault(size, [Counter() for _ in range(size)])
        squares = self._squares.setdefault(size, [Counter() for _ in range(size)])
        for i, (char, sure) in enumerate(zip(reading.text, reading.chars, strict=True)):
            places[i][char] += share * _thousandths(sure)
            squares[i][char] += share * _thousandths(sure) ** 2
        self._weights[size] += share
        self._counts[size] += 1
        self._wholes[reading.text] += 1
        if reading.colour is not None:
            self._colours[reading.colour] += share * _thousandths(reading.colour_confidence)

    @property
    def looks(self) -> int:
        """How many looks were taken in."""
        return self._counts.total()

    def result(self) -> PlateReading:
        """The plate, or `unread` with what the looks came to."""
        if not self._weights:
            return _unread(0, [])
        size = max(self._weights, key=lambda each: (self._weights[each], -each))
        text = "".join(_winner(place) for place in self._places[size])
        sure = [self._sure(size, i) for i in range(size)]
        colour = _winner(self._colours) if self._colours else None
        frames, grammar = self._counts[size], classify(text)
        if grammar is None or not self._believed(text, sure, colour):
            return _unread(frames, sure)
        return PlateReading.model_validate(
            {
                "status": "read",
                "text": text,
                "grammar": grammar,
                "colour": colour,
                "confidence_pm": _thousandths(_product(sure)),
                "chars_pm": [_thousandths(each) for each in sure],
                "frames": frames,
            }
        )

    def _sure(self, size: int, i: int) -> float:
        """How sure a character is: its share of the votes, times the mean confidence of the looks
        that named it, in which sure looks weigh more than unsure ones."""
        votes, squares = self._places[size][i], self._squares[size][i]
        char = _winner(votes)
        if not votes[char]:
            return 0.0
        return votes[char] / votes.total() * squares[char] / (1000 * votes[char])

    def _mean_sure(self, colour: str) -> float:
        """Mean confidence of a colour over all looks; those that told another count as none."""
        return self._colours[colour] / (1000 * self._weights.total())

    def _believed(self, text: str, sure: Sequence[float], colour: str | None) -> bool:
        rules, size = self._rules, len(text)
        enough = self._counts[size] >= rules.looks and self._wholes[text] >= rules.whole
        length = self._weights[size] >= rules.majority * self._weights.total()
        chars = min(sure) >= rules.char and _product(sure) >= rules.all_chars
        if not (enough and length and chars) or colour is None:
            return False
        if text[0].isascii() and self._mean_sure(colour) < rules.bare:
            return False
        share = self._colours[colour] / max(self._colours.total(), 1)
        return share >= rules.colour and consistent(text, colour)


def _winner(votes: Counter[str]) -> str:
    """The strongest; among equals always the same one."""
    return max(votes, key=lambda each: (votes[each], each))


def _thousandths(share: float) -> int:
    return round(1000 * min(max(share, 0.0), 1.0))


def _product(values: Sequence[float]) -> float:
    result = 1.0
    for value in values:
        result *= value
    return result


def _unread(frames: int, sure: Sequence[float]) -> PlateReading:
    """The characters' confidences are told, so that it shows how near it came; no text is."""
    return PlateReading(
        status="unread",
        text=None,
        grammar=None,
        colour=None,
        confidence_pm=0,
        chars_pm=[_thousandths(each) for each in sure][:10],
        frames=frames,
    )
