"""Splits and folds: who gets which row, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pellucid.data import Data, digits, folds, split, stratified_folds, toy
from pellucid.errors import DataError, OptionError


def classed(*counts: int) -> Data:
    y = np.repeat(np.arange(len(counts)), counts)
    names = tuple("abcdefgh"[: len(counts)])
    return Data(np.arange(len(y), dtype=float)[:, None], y, "classification", names, "set")


def rows_of(part: Data) -> list[int]:
    return part.x[:, 0].astype(int).tolist()


def test_every_row_is_in_exactly_one_part():
    parts = split(classed(50, 30, 20), 0.1, 0.2, seed=3)
    rows = [row for part in parts for row in rows_of(part)]
    assert sorted(rows) == list(range(100))


@pytest.mark.parametrize("counts", [(50, 30, 20), (33, 33, 34), (7, 5, 9), (101, 3)])
@pytest.mark.parametrize("share", [0.1, 0.25, 1 / 3])
def test_every_class_has_its_share_rounded_up_or_down(counts, share):
    parts = split(classed(*counts), validation=share, test=share)
    for part in (parts.validation, parts.test):
        assert len(part) == round(share * sum(counts))
        found = np.bincount(part.y, minlength=len(counts))
        assert np.all(np.abs(found - share * np.array(counts)) < 1)


def test_the_same_seed_gives_the_same_parts_and_another_seed_others():
    data = digits()
    first, again, other = (split(data, seed=seed).test.x for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    rows = [set(rows_of(split(classed(50, 50), seed=seed).test)) for seed in (0, 1)]
    assert rows[0] != rows[1]  # other rows, not the same ones in another order


def test_rows_are_shuffled():
    train = split(classed(200, 200)).train
    assert rows_of(train) != sorted(rows_of(train))
    assert len(set(train.y[:20].tolist())) == 2  # not one class after the other


def test_a_share_of_zero_leaves_the_part_out():
    parts = split(toy("xor"), validation=0, test=0)
    assert parts.validation is None
    assert parts.test is None
    assert len(parts.train) == 4


def test_an_official_test_part_is_kept():
    data = dataclasses.replace(classed(50, 50), test=classed(5, 5))
    parts = split(data, validation=0.1, test=0.2)
    assert parts.test is data.test
    assert (len(parts.train), len(parts.validation)) == (90, 10)


def test_regression_is_cut_by_number():
    assert [len(part) for part in split(toy("sine", samples=50))] == [35, 5, 10]


def refusal(error, act) -> str:
    with pytest.raises(error) as caught:
        act()
    return str(caught.value)


def test_an_empty_part_is_refused():
    text = refusal(DataError, lambda: split(toy("xor"), validation=0.1, test=0))
    assert "an empty validation part: 0.1 of 4 rows" in text
    assert "validation=0 for none" in text


def test_a_class_too_small_is_refused():
    text = refusal(DataError, lambda: split(classed(50, 2)))
    assert "class 'b' with 2 rows" in text
    assert "at least 3 rows" in text


@pytest.mark.parametrize("shares", [(-0.1, 0.2), (0.5, 0.5), (0.1, 1.0), (float("nan"), 0.1)])
def test_shares_out_of_range(shares):
    assert "leave something to train on" in refusal(
        OptionError, lambda: split(classed(9, 9), *shares)
    )


def test_folds_test_every_row_once():
    pairs = folds(10, 3, seed=1)
    assert sorted(np.concatenate([test for _, test in pairs]).tolist()) == list(range(10))
    for train, test in pairs:
        assert sorted([*train, *test]) == list(range(10))


def test_stratified_folds_spread_every_class():
    y = np.repeat([0, 1, 2], [20, 11, 7])
    pairs = stratified_folds(y, 5)
    assert sorted(np.concatenate([test for _, test in pairs]).tolist()) == list(range(38))
    for _, test in pairs:
        found = np.bincount(y[test], minlength=3)
        assert np.all(np.abs(found - np.array([20, 11, 7]) / 5) < 1)
        assert len(test) in (7, 8)


def test_folds_that_cannot_be():
    assert "two folds or more" in refusal(OptionError, lambda: folds(10, 1))
    assert "3 rows for 4 folds" in refusal(DataError, lambda: folds(3, 4))
    text = refusal(DataError, lambda: stratified_folds(np.array([0, 0, 0, 1]), 2))
    assert "1 row of class 1" in text
