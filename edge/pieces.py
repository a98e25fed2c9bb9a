"""A region in pieces, so that small vehicles come out large enough, and which pieces to look at."""

from dataclasses import dataclass

from edge.geometry import Box

_TILE_OVERLAP = 0.25
_EDGE_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces to look at enlarged: those that show something of `near`, and one in its turn."""

    near: tuple[Box, ...] = ()
    turn: int | None = None

    def wants(self, number: int, count: int, piece: Box) -> bool:
        in_turn = self.turn is not None and self.turn % count == number
        return in_turn or any(box.shared(piece) > 0 for box in self.near)


def tiles(
    whole: tuple[int, int, int, int], side: float, most: int
) -> list[tuple[int, int, int, int]]:
    """The whole region, and where it is larger than `side` also overlapping pieces of about that
    size, at most `most` of them. The whole stays in, so that a large near vehicle is not cut."""
    left, top, right, bottom = whole
    width, height = right - left, bottom - top
    if width <= 0 or height <= 0:
        return []
    columns = max(1, min(most, round(width / side)))
    rows = max(1, min(most // columns, round(height / side)))
    if columns * rows == 1:
        return [whole]
    cut_w = width / (columns - (columns - 1) * _TILE_OVERLAP)
    cut_h = height / (rows - (rows - 1) * _TILE_OVERLAP)
    pieces = [whole]
    for row in range(rows):
        for column in range(columns):
            x = left + column * cut_w * (1 - _TILE_OVERLAP)
            y = top + row * cut_h * (1 - _TILE_OVERLAP)
            pieces.append(
                (int(x), int(y), min(right, round(x + cut_w)), min(bottom, round(y + cut_h)))
            )
    return pieces


def cut_off(box: Box, piece: tuple[int, int, int, int], whole: tuple[int, int, int, int]) -> bool:
    """Whether the box touches an edge of its piece that is not one of the whole region's."""
    near = _EDGE_SHARE * max(piece[2] - piece[0], piece[3] - piece[1])
    return (
        (piece[0] > whole[0] and box.x1 <= piece[0] + near)
        or (piece[1] > whole[1] and box.y1 <= piece[1] + near)
        or (piece[2] < whole[2] and box.x2 >= piece[2] - near)
        or (piece[3] < whole[3] and box.y2 >= piece[3] - near)
    )
