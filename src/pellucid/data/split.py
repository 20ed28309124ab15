"""Cuts a data set into training, validation and test parts, and into folds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pellucid.data.base import Array, Data
from pellucid.errors import DataError, OptionError
from pellucid.random import generator

__all__ = ["Split", "folds", "split", "stratified_folds"]


class Split(NamedTuple):
    """The three parts; a part whose share is 0 is None."""

    train: Data
    validation: Data | None
    test: Data | None


def split(data: Data, validation: float = 0.1, test: float = 0.2, seed: int = 0) -> Split:
    """Shuffle and cut; for classes, every class is cut in the same proportions.

    The shares are of the whole set. A set that brings its official test part keeps it: then only
    the validation part is cut off. In each part a class has its share of rows rounded up or down.
    Raises OptionError for shares out of range and DataError for an empty part or a class with too
    few rows to be in every part.

    >>> from pellucid.data import toy
    >>> [len(part) for part in split(toy("moons", samples=100))]
    [70, 10, 20]
    """
    share = {"validation": validation, "test": 0.0 if data.test is not None else test}
    refuse_shares(*share.values())
    groups = _groups(data)
    cuts = {part: _cut(data, groups, part, s) for part, s in share.items()}
    _check_classes(data, groups, cuts)
    rng = generator(seed, "split")
    rows: dict[str, list[Array]] = {"train": [], "validation": [], "test": []}
    for k, group in enumerate(groups):
        ends = np.cumsum([cuts["test"][k], cuts["validation"][k]])
        pieces = np.split(rng.permutation(group), ends)
        for part, piece in zip(("test", "validation", "train"), pieces, strict=True):
            rows[part].append(piece)
    parts = {part: _take(data, pieces, rng) for part, pieces in rows.items()}
    train = parts["train"]
    assert train is not None  # the shares leave something
    return Split(train, parts["validation"], data.test if data.test is not None else parts["test"])


def refuse_shares(validation: float, test: float) -> None:
    """Raise OptionError for parts that no data can be cut into."""
    if not (validation >= 0 <= test and validation + test < 1):
        raise OptionError(
            "split",
            got=f"validation={validation:g}, test={test:g}",
            needs="shares from 0 up to 1 that leave something to train on",
        )


def _groups(data: Data) -> list[Array]:
    """The rows that are cut in the same proportions: one group a class, or all rows."""
    if data.task == "regression":
        return [np.arange(len(data))]
    return [np.flatnonzero(data.y == label) for label in np.unique(data.y)]


def _cut(data: Data, groups: list[Array], part: str, share: float) -> Array:
    """How many rows of each group the part takes: largest remainders, so the sum is right too."""
    wanted = share * np.array([len(group) for group in groups])
    taken = np.floor(wanted + 1e-9).astype(int)
    total = round(share * len(data))
    if share and not total:
        raise DataError(
            f"split of {data.name}",
            got=f"an empty {part} part: {share:g} of {_rows(len(data))}",
            needs=f"at least one row in the {part} part",
            try_=f"a larger share, or {part}=0 for none",
        )
    order = np.argsort(taken - wanted, kind="stable")
    taken[order[: total - taken.sum()]] += 1
    return taken


def _rows(n: int) -> str:
    return f"{n} row{'s' * (n != 1)}"


def _check_classes(data: Data, groups: list[Array], cuts: dict[str, Array]) -> None:
    parts = 1 + sum(bool(cut.sum()) for cut in cuts.values())
    left = np.array([len(group) for group in groups]) - sum(cuts.values())
    for group, rest in zip(groups, left, strict=True):
        if len(group) < parts or rest < 1:
            who = f"class {data.classes[data.y[group[0]]]!r}" if data.classes else "the set"
            raise DataError(
                f"split of {data.name}",
                got=f"{who} with {_rows(len(group))}",
                needs=f"at least {max(parts, 2)} rows, some of them to train on",
                try_="fewer parts (validation=0 or test=0), or leave the class out",
            )


def _take(data: Data, pieces: list[Array], rng: np.random.Generator) -> Data | None:
    rows = np.concatenate(pieces)
    return data.subset(rng.permutation(rows)) if len(rows) else None


def folds(n: int, k: int, seed: int = 0) -> list[tuple[Array, Array]]:
    """The (training rows, test rows) of k-fold cross-validation: each row is tested once.

    >>> [len(test) for _, test in folds(10, 3)]
    [4, 3, 3]
    """
    _check_folds(k, n, "")
    order = generator(seed, "folds").permutation(n)
    return _pairs(np.argsort(order) % k, k)


def stratified_folds(y: Array, k: int, seed: int = 0) -> list[tuple[Array, Array]]:
    """Folds in which every class is spread as evenly as its number of rows allows.

    Raises DataError when a class has fewer than ``k`` rows.

    >>> y = np.array([0, 0, 0, 0, 1, 1])
    >>> [int(y[test].sum()) for _, test in stratified_folds(y, 2)]
    [1, 1]
    """
    labels, places = np.unique(y, return_inverse=True)
    rng = generator(seed, "folds")
    fold = np.empty(len(y), int)
    start = 0  # each class goes on where the last one stopped, so that folds differ by one row
    for label in range(len(labels)):
        rows = np.flatnonzero(places == label)
        _check_folds(k, len(rows), f" of class {labels[label]}")
        fold[rng.permutation(rows)] = (start + np.arange(len(rows))) % k
        start += len(rows)
    return _pairs(fold, k)


def _check_folds(k: int, n: int, of: str) -> None:
    if k < 2:
        raise OptionError("folds", got=f"k={k}", needs="two folds or more")
    if n < k:
        raise DataError(
            "folds", got=f"{_rows(n)}{of} for {k} folds", needs=f"at least {k} rows{of}"
        )


def _pairs(fold: Array, k: int) -> list[tuple[Array, Array]]:
    return [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(k)]
