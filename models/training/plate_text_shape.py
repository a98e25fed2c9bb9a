"""The shape of the plate text network, known to torch and to Keras alike."""

from models.training.plate_grammar import CHARACTERS

WIDTH, HEIGHT = 160, 64
BLANK = 0
SYMBOLS = 1 + len(CHARACTERS)  # blank, then CHARACTERS in order

# name, inputs, outputs, stride, whether its input is added to its output
LAYERS = (
    ("c1", 3, 20, (2, 2), False),
    ("c2", 20, 48, (2, 2), False),
    ("c3", 48, 48, (1, 1), True),
    ("c4", 48, 72, (2, 1), False),
    ("c5", 72, 72, (1, 1), True),
    ("c6", 72, 96, (2, 1), False),
    ("c7", 96, 96, (1, 1), True),
    ("c8", 96, 96, (1, 1), True),
    ("c9", 96, 128, (2, 1), False),
    ("c10", 128, 128, (1, 1), True),
    ("c11", 128, 128, (1, 1), True),
)
