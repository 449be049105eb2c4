"""The icon as a picture: drawn for each size on its own pixel grid, told apart by its shape before its colour.

    stopped     a ring around a square        ready       a disc with a flame
    starting    a ring that is open           generating  a disc with three dots
    error       a triangle with a mark

The colours are of a middling lightness, so that they stand out from light and from dark panels alike.
"""

import functools
import math
from typing import TYPE_CHECKING

from andiron_tray.state import Condition

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

SIZES = (16, 22, 24, 32, 48, 64)
COLOURS: dict[Condition, str] = {
    "stopped": "#868e96",
    "starting": "#1c7ed6",
    "ready": "#2f9e44",
    "generating": "#e8590c",
    "error": "#e03131",
}
_MARK = "#ffffff"
# Curves are drawn this many times larger and scaled down; straight edges lie on whole pixels either way.
_OVERSAMPLING = 8
_FLAME = (
    (0.50, 0.10),
    (0.60, 0.28),
    (0.72, 0.42),
    (0.76, 0.58),
    (0.70, 0.75),
    (0.58, 0.83),
    (0.42, 0.83),
    (0.30, 0.75),
    (0.24, 0.60),
    (0.28, 0.46),
    (0.36, 0.36),
    (0.40, 0.48),
    (0.47, 0.38),
)


@functools.cache
def picture(condition: Condition, size: int) -> "Image":
    """Draw the icon of a condition, `size` pixels wide and high, on nothing."""
    from PIL import Image, ImageDraw

    large = Image.new("RGBA", (size * _OVERSAMPLING, size * _OVERSAMPLING), (0, 0, 0, 0))
    _DRAWERS[condition](_Pen(ImageDraw.Draw(large), size, COLOURS[condition]))
    return large.resize((size, size), Image.Resampling.BOX)


def argb(image: "Image") -> bytes:
    """Give the pixels as a StatusNotifierItem wants them: alpha, red, green, blue, row by row."""
    from PIL import Image as images  # noqa: N813 -- the module, beside the class of the same name

    red, green, blue, alpha = image.split()
    return images.merge("RGBA", (alpha, red, green, blue)).tobytes()


class _Pen:
    """Draws in pixels of the finished picture."""

    def __init__(self, draw: "ImageDraw", size: int, colour: str) -> None:
        self._draw = draw
        self.size = size
        self._colour = colour
        self.stroke = max(2, round(size / 8))
        # What lies in the middle is as even or odd as the picture, or its edges would fall between pixels.
        self._parity = size % 2

    def near(self, share: float) -> int:
        """Give the length nearest to a share of the size that can lie in the very middle."""
        return max(2, 2 * round((self.size * share - self._parity) / 2) + self._parity)

    def disc(self, left: float, top: float, width: float, colour: str | None = None) -> None:
        self._draw.ellipse(_scaled(left, top, left + width, top + width), fill=colour or self._colour)

    def ring(self, start: float = 0, end: float = 360) -> None:
        """Draw along the edge, from an angle to another, clockwise from the right."""
        box = _scaled(0, 0, self.size, self.size)
        self._draw.arc(box, start, end, fill=self._colour, width=self.stroke * _OVERSAMPLING)

    def box(self, left: float, top: float, width: float, height: float, colour: str | None = None) -> None:
        self._draw.rectangle(_scaled(left, top, left + width, top + height), fill=colour or self._colour)

    def shape(self, points: tuple[tuple[float, float], ...], colour: str | None = None) -> None:
        scale = self.size * _OVERSAMPLING
        self._draw.polygon([(x * scale, y * scale) for x, y in points], fill=colour or self._colour)


def _scaled(left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
    """Scale a box; Pillow counts the last pixel in."""
    return left * _OVERSAMPLING, top * _OVERSAMPLING, right * _OVERSAMPLING - 1, bottom * _OVERSAMPLING - 1


def _stopped(pen: _Pen) -> None:
    pen.ring()
    side = pen.near(0.36)
    at = (pen.size - side) / 2
    pen.box(at, at, side, side)


def _starting(pen: _Pen) -> None:
    pen.ring(-30, 210)
    width = pen.near(0.34)
    at = (pen.size - width) / 2
    pen.disc(at, at, width)


def _ready(pen: _Pen) -> None:
    pen.disc(0, 0, pen.size)
    pen.shape(_FLAME, _MARK)


def _generating(pen: _Pen) -> None:
    pen.disc(0, 0, pen.size)
    width = max(2, math.floor(pen.size / 6))
    gap = max(1, round(pen.size / 10))
    left = (pen.size - (3 * width + 2 * gap)) // 2
    top = (pen.size - width) // 2
    for number in range(3):
        if width > 4:
            pen.disc(left + number * (width + gap), top, width, _MARK)
        else:  # too few pixels to be round: squares are sharper
            pen.box(left + number * (width + gap), top, width, width, _MARK)


def _error(pen: _Pen) -> None:
    foot = round(pen.size * 0.94) / pen.size
    pen.shape(((0.5, 0.0), (1.0, foot), (0.0, foot)))
    width = pen.near(0.11)
    left = (pen.size - width) / 2
    pen.box(left, round(pen.size * 0.34), width, round(pen.size * 0.3), _MARK)
    pen.box(left, round(pen.size * 0.72), width, max(2, round(pen.size * 0.11)), _MARK)


_DRAWERS = {
    "stopped": _stopped,
    "starting": _starting,
    "ready": _ready,
    "generating": _generating,
    "error": _error,
}
