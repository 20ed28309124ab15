"""Pictures of digits of any kind, prepared as MNIST's were."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pellucid.data import digits, load, prepare_digit
from pellucid.errors import DataError, FormatError, OptionError


def seven(width: int = 300, height: int = 260, pen: int = 22, ink: int = 0, paper: int = 255):
    """A seven drawn with a thick pen, off the centre."""
    picture = Image.new("L", (width, height), paper)
    draw = ImageDraw.Draw(picture)
    draw.line([(150, 40), (250, 40), (190, 200)], fill=ink, width=pen, joint="curve")
    return picture


REFERENCE = prepare_digit(seven())


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """The share of ink that differs, at the best of nine places: centres are rounded to pixels."""
    moved = [np.roll(a.astype(float), (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return min(float(np.abs(place - b).sum() / b.sum()) for place in moved)


def lit(picture: Image.Image, strength: float, noise: float) -> Image.Image:
    """The picture as a photo: light from one corner, and grain."""
    grey = np.asarray(picture, float)
    y, x = np.mgrid[0 : 1 : grey.shape[0] * 1j, 0 : 1 : grey.shape[1] * 1j]
    grain = np.random.default_rng(0).normal(0, noise, grey.shape)
    return Image.fromarray(np.uint8(np.clip(grey * (1 - strength * (x + y) / 2) + grain, 0, 255)))


def test_it_is_light_on_dark_fits_the_box_and_is_centred():
    assert REFERENCE.shape == (28, 28)
    assert REFERENCE.dtype == np.uint8
    assert REFERENCE.max() == 255
    rows, columns = np.nonzero(REFERENCE)
    assert np.ptp(rows) + 1 == 20
    assert np.ptp(columns) + 1 <= 20
    mass = REFERENCE / REFERENCE.sum()
    centre = [(mass.sum(axis=1) * range(28)).sum(), (mass.sum(axis=0) * range(28)).sum()]
    assert np.allclose(centre, 14, atol=0.6)
    assert REFERENCE[:3].sum() == 0


@pytest.mark.parametrize(
    "picture",
    [
        seven(ink=255, paper=0),
        seven(ink=90, paper=200),
        seven(width=700, height=500),
        seven().resize((900, 780)),
        seven().resize((100, 87)),
        seven().convert("RGB"),
        seven().convert("1"),
        seven().convert("P"),
        seven().convert("CMYK"),
        Image.merge("LA", (Image.new("L", (300, 260), 0), seven(ink=255, paper=0))),
        Image.merge("LA", (Image.new("L", (300, 260), 255), seven(ink=255, paper=0))),
        Image.fromarray(np.asarray(seven()).astype(np.uint16) * 200),
        lit(seven(ink=60, paper=230), 0.5, 4),
        lit(seven(ink=200, paper=40), 0.4, 6),
        np.asarray(seven()),
    ],
    ids=[
        "inverted",
        "grey",
        "large paper",
        "large",
        "small",
        "RGB",
        "1",
        "P",
        "CMYK",
        "black on nothing",
        "white on nothing",
        "16 bit",
        "photo",
        "photo of a blackboard",
        "array",
    ],
)
def test_every_kind_of_picture_of_it_gives_the_same_digit(picture):
    assert distance(prepare_digit(picture), REFERENCE) < 0.2


def test_a_thin_pen_does_not_fade():
    thin = prepare_digit(seven(pen=2))
    assert thin.sum() > 0.5 * REFERENCE.sum()
    assert (thin > 128).sum() > 0.5 * (REFERENCE > 128).sum()


def test_dust_is_dropped():
    dusty = seven()
    draw = ImageDraw.Draw(dusty)
    for x, y in [(10, 10), (40, 240), (285, 250), (60, 120)]:
        draw.ellipse([x, y, x + 5, y + 5], fill=0)
    assert distance(prepare_digit(dusty), REFERENCE) < 0.05


def test_a_photo_that_says_it_lies_on_its_side(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    path = tmp_path / "photo.jpg"
    seven().rotate(90, expand=True).save(path, exif=exif, quality=95)
    assert distance(prepare_digit(path), REFERENCE) < 0.15


def test_mnists_digits_stay_what_they_are(needs_mnist):
    for image in load("mnist", data_dir=needs_mnist).test.x[:40]:
        assert distance(prepare_digit(image), image) < 0.15
        big = Image.fromarray(255 - image).resize((280, 280), Image.Resampling.BICUBIC)
        assert distance(prepare_digit(big), image) < 0.6


def test_uci_digits_fill_their_frame():
    x = digits().x[:60]
    errors = []
    for image in x:
        big = Image.fromarray(255 - image * 15).resize((160, 160), Image.Resampling.BICUBIC)
        small = prepare_digit(big, size=8)
        assert small.shape == (8, 8)
        assert small.dtype == np.uint8
        assert small.max() <= 16
        errors.append(np.abs(small.astype(float) - image).mean())
    assert np.mean(errors) < 2.0  # of 16; putting a wrong digit there gives about 5


def test_a_leaning_digit_is_set_upright_for_the_uci_network():
    def stroke(lean: int) -> Image.Image:
        picture = Image.new("L", (200, 200), 255)
        ImageDraw.Draw(picture).line([(100 + lean, 20), (100 - lean, 180)], fill=0, width=20)
        return picture

    for lean in (0, 35, -35):
        columns = np.flatnonzero(prepare_digit(stroke(lean), size=8).any(axis=0))
        assert columns.tolist() == [3, 4]


def refusal(error, picture, **options) -> str:
    with pytest.raises(error) as caught:
        prepare_digit(picture, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("L", (50, 50), 200),
        Image.new("RGBA", (50, 50), (0, 0, 0, 0)),
        lit(Image.new("L", (200, 200), 220), 0.5, 0),
        lit(Image.new("L", (200, 200), 220), 0.3, 5),
        Image.new("L", (1, 1)),
    ],
    ids=["white", "transparent", "shaded", "grain", "one pixel"],
)
def test_a_blank_picture(picture):
    assert refusal(DataError, picture) == (
        "DataError in picture\n"
        "  got:    a blank picture\n"
        "  needs:  a digit that stands out from the paper"
    )


def test_files_that_are_no_pictures(tmp_path):
    path = tmp_path / "seven.png"
    path.write_text("not a picture")
    text = refusal(FormatError, path)
    assert f"FormatError in picture {path}" in text
    assert "no picture that can be read (of no known format)" in text
    seven().save(path)
    path.write_bytes(path.read_bytes()[:200])
    assert "no picture that can be read" in refusal(FormatError, path)
    assert "no such file" in refusal(FormatError, tmp_path / "nothing.png")


def test_a_picture_too_large_is_refused_before_it_is_unpacked(tmp_path):
    for side in (9_000, 14_000):
        path = tmp_path / f"{side}.png"
        Image.new("1", (side, side)).save(path)
        assert "at most 64,000,000 pixels" in refusal(FormatError, path)


def test_a_box_that_does_not_fit():
    assert "box=40" in refusal(OptionError, seven(), box=40)
