"""The icon as a picture."""

import itertools

import pytest
from PIL import Image, ImageColor

from andiron_tray.picture import COLOURS, SIZES, argb, picture
from andiron_tray.state import Condition

CONDITIONS = tuple(COLOURS)
PANELS = ("#f6f5f4", "#2b2b2b")


def luminance(colour: str) -> float:
    channels = [value / 255 for value in ImageColor.getrgb(colour)[:3]]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def alpha(condition: Condition, size: int) -> bytes:
    return picture(condition, size).getchannel("A").tobytes()


def grey(condition: Condition, size: int) -> list[int]:
    """The picture as one sees it who sees no colours, on a panel of middling grey."""
    panel = Image.new("RGBA", (size, size), "#808080")
    panel.alpha_composite(picture(condition, size))
    return list(panel.convert("L").tobytes())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("condition", CONDITIONS)
def test_it_fills_its_size_and_leaves_the_corners_to_the_panel(condition: Condition, size: int) -> None:
    drawn = picture(condition, size)
    assert drawn.size == (size, size)
    left, _, right, _ = drawn.getchannel("A").point(lambda value: 255 * (value > 60)).getbbox() or (0, 0, 0, 0)
    assert right - left >= size - 2
    assert drawn.getpixel((0, 0)) == (0, 0, 0, 0) or drawn.getchannel("A").getpixel((0, 0)) < 40  # type: ignore[operator] # one channel is one number


@pytest.mark.parametrize("size", SIZES)
def test_any_two_are_told_apart_without_their_colours(size: int) -> None:
    for one, other in itertools.combinations(CONDITIONS, 2):
        apart = sum(abs(a - b) > 24 for a, b in zip(grey(one, size), grey(other, size), strict=True))
        assert apart > size * size * 0.04, (one, other)


@pytest.mark.parametrize("size", SIZES)
def test_it_is_crisp_only_the_rim_of_a_curve_is_between_pixels(size: int) -> None:
    for condition in CONDITIONS:
        values = [value for value in alpha(condition, size) if value]
        assert sum(value == 255 for value in values) / len(values) > 0.35, condition


@pytest.mark.parametrize("size", SIZES)
def test_the_square_of_stopped_has_no_blurred_edge(size: int) -> None:
    middle = picture("stopped", size).getchannel("A")
    row = [middle.getpixel((x, size // 2)) for x in range(size // 4 + 1, size - size // 4 - 1)]
    assert set(row) <= {0, 255}


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("condition", CONDITIONS)
def test_it_stands_out_from_light_and_dark_panels(condition: Condition, panel: str) -> None:
    darker, lighter = sorted((luminance(COLOURS[condition]), luminance(panel)))
    assert (lighter + 0.05) / (darker + 0.05) >= 3


def test_each_size_is_drawn_and_not_scaled() -> None:
    small, large = picture("ready", 16), picture("ready", 64)
    assert small.tobytes() != large.resize((16, 16), Image.Resampling.BICUBIC).tobytes()


def test_panels_get_the_opacity_first() -> None:
    pixel = Image.new("RGBA", (1, 1), (1, 2, 3, 4))
    assert argb(pixel) == bytes((4, 1, 2, 3))
