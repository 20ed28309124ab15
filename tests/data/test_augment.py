"""Augmentation of images."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data import Augment
from pellucid.data.augment import crop_anew, flip_some, shift_whole, turn
from pellucid.errors import OptionError, ShapeError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (16, 6, 7)).astype(np.uint8)
COLOURS = RNG.integers(0, 256, (16, 6, 7, 3)).astype(np.uint8)


def moved(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """The plain way to shift one image, to compare with."""
    out = np.zeros_like(image)
    for row in range(image.shape[0]):
        for column in range(image.shape[1]):
            i, j = row - down, column - right
            if 0 <= i < image.shape[0] and 0 <= j < image.shape[1]:
                out[row, column] = image[i, j]
    return out


@pytest.mark.parametrize("batch", [IMAGES, COLOURS], ids=["grey", "colour"])
@pytest.mark.parametrize("way", ["whole", "turn"])
def test_a_shift_by_whole_pixels_is_exact_and_zeros_move_in(batch, way):
    offsets = np.random.default_rng(1).integers(-3, 4, (16, 2))
    out = shift_whole(batch, offsets) if way == "whole" else turn(batch, np.zeros(16), offsets)
    for image, result, (down, right) in zip(batch, out, offsets, strict=True):
        assert np.array_equal(result, moved(image, down, right))


def test_shifts_reach_every_distance_and_no_further():
    dot = np.zeros((400, 9, 9), np.uint8)
    dot[:, 4, 4] = 9
    _, rows, columns = np.nonzero(Augment(shift=2)(dot, np.random.default_rng(0)))
    assert len(rows) == 400
    assert sorted(set(rows)) == sorted(set(columns)) == [2, 3, 4, 5, 6]


def test_a_quarter_turn_is_exact():
    square = IMAGES[:, :, :6]
    out = turn(square, np.full(16, np.pi / 2), np.zeros((16, 2)))
    assert np.array_equal(out, np.rot90(square, -1, (1, 2)))


def test_half_a_pixel_mixes_two_neighbours():
    batch = np.array([[[0, 100, 200, 0]]], np.uint8)
    out = turn(batch, np.zeros(1), np.array([[0, 0.5]]))
    assert out.tolist() == [[[0, 50, 150, 100]]]


def test_a_small_turn_keeps_the_ink():
    batch = np.zeros((50, 20, 20), np.float32)
    batch[:, 7:13, 7:13] = 1
    out = Augment(rotate=15)(batch, np.random.default_rng(0))
    assert np.allclose(out.sum(axis=(1, 2)), 36, rtol=0.02)
    assert not np.allclose(out[0], out[1], atol=0.01)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_dtype_and_range_stay(dtype):
    top = 255 if dtype == np.uint8 else 1
    batch = (IMAGES / 255 * top).astype(dtype)
    before = batch.copy()
    out = Augment(1.5, 20, 0.3)(batch, np.random.default_rng(0))
    assert out.dtype == dtype
    assert out.shape == batch.shape
    assert out.min() >= 0
    assert out.max() <= top
    assert np.array_equal(batch, before)


def test_noise_has_the_deviation_asked_for_and_the_range_given():
    batch = np.full((4, 100, 100), 8, np.uint8)
    out = Augment(noise=0.1, maximum=16)(batch, np.random.default_rng(0)).astype(float)
    assert out.max() <= 16
    assert abs(out.std() - np.hypot(1.6, np.sqrt(1 / 12))) < 0.02  # rounding adds a twelfth
    assert abs(out.mean() - 8) < 0.02


def test_nothing_asked_nothing_done():
    assert Augment()(IMAGES, np.random.default_rng(0)) is IMAGES


def test_what_is_refused():
    with pytest.raises(OptionError, match="rotate=-5"):
        Augment(rotate=-5)
    with pytest.raises(ShapeError, match=r"a batch of shape \(3, 4\)"):
        Augment(1)(np.zeros((3, 4)), np.random.default_rng(0))


@pytest.mark.parametrize("batch", [IMAGES, COLOURS], ids=["grey", "colour"])
def test_chosen_images_are_mirrored_and_no_other(batch):
    chosen = np.arange(16) % 3 == 0
    out = flip_some(batch, chosen)
    assert np.array_equal(out[chosen], batch[chosen, :, ::-1])
    assert np.array_equal(out[~chosen], batch[~chosen])
    assert not np.shares_memory(out, batch)


@pytest.mark.parametrize("batch", [IMAGES, COLOURS], ids=["grey", "colour"])
def test_a_crop_is_a_part_of_the_continued_image(batch):
    places = np.random.default_rng(1).integers(0, 5, (16, 2))
    edge = [(0, 0), (2, 2), (2, 2)] + [(0, 0)] * (batch.ndim - 3)
    padded = np.pad(batch, edge, mode="reflect")
    out = crop_anew(batch, 2, places)
    for image, result, (down, right) in zip(padded, out, places, strict=True):
        assert np.array_equal(result, image[down : down + 6, right : right + 7])


def test_flip_and_crop_keep_the_memory_order_and_draw_nothing_else():
    changed = Augment(flip=True, crop=2)(COLOURS, np.random.default_rng(0))
    assert changed.flags.c_contiguous
    assert changed.dtype == np.uint8
    again = Augment(flip=True, crop=2)(COLOURS, np.random.default_rng(0))
    assert np.array_equal(changed, again)
    plain, with_noughts = Augment(shift=2), Augment(shift=2, flip=False, crop=0)
    draws = [make(IMAGES, np.random.default_rng(3)) for make in (plain, with_noughts)]
    assert np.array_equal(*draws)
    with pytest.raises(OptionError, match="whole pixels"):
        Augment(crop=1.5)
