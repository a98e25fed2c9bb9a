"""Pictures from files: for the commands that look at them, and a folder of them as a camera."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray


class PictureError(Exception):
    """Why a file gives no picture, in a sentence that names it."""


def read_picture(path: Path) -> NDArray[np.uint8]:
    """BGR [height, width, 3], of any depth or number of channels. Raises PictureError."""
    if path.is_dir():
        raise PictureError(f"{path}: is a folder, must be a picture")
    if not path.is_file():
        raise PictureError(f"{path}: is not there")
    found = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if found is None:
        raise PictureError(f"{path}: is not a picture that can be read")
    return np.asarray(found, np.uint8)
