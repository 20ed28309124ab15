"""Mini-batches: which rows, in which order, and how they resume."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data import Augment, DataLoader
from pellucid.errors import DataError, OptionError


def numbered(n: int, size, **options) -> DataLoader:
    return DataLoader(np.arange(n)[:, None], np.arange(n) * 10, size, **options)


def sizes(loader: DataLoader) -> list[int]:
    return [len(x) for x, _ in loader]


def test_937_full_batches_of_64_and_one_of_32_in_60_000():
    """Source: the from-scratch chapter's MNIST example."""
    found = sizes(DataLoader(np.zeros((60_000, 1), np.uint8), np.zeros(60_000)))
    assert found == [64] * 937 + [32]


def test_every_row_once_an_epoch_and_targets_stay_with_their_rows():
    pairs = list(numbered(10, 3))
    assert [len(x) for x, _ in pairs] == [3, 3, 3, 1]
    x, y = (np.concatenate(part) for part in zip(*pairs, strict=True))
    assert sorted(x[:, 0].tolist()) == list(range(10))
    assert np.array_equal(x[:, 0] * 10, y)


def test_each_epoch_has_an_order_of_its_own_and_the_seed_decides_it():
    loader = numbered(50, "all")
    first, second = (next(iter(loader))[0].tolist() for _ in range(2))
    assert first != second
    assert next(iter(numbered(50, "all")))[0].tolist() == first
    assert next(iter(numbered(50, "all", seed=1)))[0].tolist() != first


def test_without_shuffling_the_order_is_the_datas():
    x = np.concatenate([x for x, _ in numbered(10, 4, shuffle=False)])
    assert x[:, 0].tolist() == list(range(10))


def test_an_epoch_can_be_entered_in_its_middle_with_the_same_bits():
    images = np.random.default_rng(0).integers(0, 256, (40, 6, 6)).astype(np.uint8)
    loader = DataLoader(images, np.arange(40), 8, seed=5, augment=Augment(2, 10, 0.1))
    whole = list(loader.batches(epoch=3))
    rest = list(loader.batches(epoch=3, start=2))
    assert len(rest) == 3
    for (x, y), (x2, y2) in zip(whole[2:], rest, strict=True):
        assert np.array_equal(x, x2)
        assert np.array_equal(y, y2)
    assert not np.array_equal(whole[0][0], next(loader.batches(epoch=4))[0])


def test_each_batch_is_augmented_in_a_way_of_its_own():
    images = np.tile(np.random.default_rng(0).integers(0, 256, (1, 6, 6)), (8, 1, 1))
    loader = DataLoader(images.astype(np.uint8), np.zeros(8), 4, augment=Augment(noise=0.1))
    (first, _), (second, _) = loader.batches(epoch=0)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, next(loader.batches(epoch=1))[0])


def test_iterating_advances_the_epoch_and_agrees_with_batches():
    loader = numbered(10, 10)
    seen = [next(iter(loader))[1].tolist() for _ in range(3)]
    assert loader.epoch == 3
    assert seen == [next(loader.batches(epoch))[1].tolist() for epoch in range(3)]


@pytest.mark.parametrize(
    ("n", "size", "expected"),
    [(9, 4, [4, 5]), (10, 4, [4, 4, 2]), (1, 4, None), (3, 1, [1, 2]), (8, 4, [4, 4])],
)
def test_a_last_batch_of_one_joins_its_neighbour_when_asked(n, size, expected):
    if expected is None:
        assert sizes(numbered(1, "all", join_last=True)) == [1]
    else:
        loader = numbered(n, size, join_last=True)
        assert sizes(loader) == expected
        assert len(loader) == len(expected)


def test_the_batch_alone_is_converted():
    images = np.full((10, 2, 2), 255, np.uint8)
    loader = DataLoader(images, np.zeros(10), 5, prepare=lambda x: x.astype(np.float32) / 255)
    x, _ = next(iter(loader))
    assert x.dtype == np.float32
    assert loader.x is images
    assert images.dtype == np.uint8


def refusal(error, act) -> str:
    with pytest.raises(error) as caught:
        act()
    return str(caught.value)


def test_a_batch_larger_than_the_data():
    assert refusal(DataError, lambda: numbered(10, 64)) == (
        "DataError in DataLoader\n"
        "  got:    a batch of 64 from 10 rows\n"
        "  needs:  a batch of at most 10\n"
        "  try:    batch_size='all'"
    )


@pytest.mark.parametrize("size", [0, -3, 2.5, "64"])
def test_a_batch_size_that_is_none(size):
    text = refusal(OptionError, lambda: numbered(10, size))
    assert f"batch_size={size!r}" in text
    assert "a whole number from 1, or 'all'" in text


def test_inputs_and_targets_of_other_lengths():
    text = refusal(DataError, lambda: DataLoader(np.zeros((3, 1)), np.zeros(2), 1))
    assert "3 inputs and 2 targets" in text
    assert "no rows" in refusal(DataError, lambda: DataLoader(np.zeros((0, 1)), np.zeros(0), 1))
