"""Deals a data set out in mini-batches, in an order that depends on the seed and epoch alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from pellucid.data.base import Array
from pellucid.errors import DataError, OptionError
from pellucid.random import generator

__all__ = ["DataLoader"]

Batch = tuple[Array, Array]
Change = Callable[[Array, Array, np.random.Generator], Batch]


class DataLoader:
    """Mini-batches of (x, y), shuffled anew each epoch.

    ``x`` stays as it is in memory; each batch goes through ``augment(batch, rng)`` and then
    ``prepare(batch)``; ``prepare_target`` does the same for ``y``; then ``change(x, y, rng)`` may
    change both together. The last, smaller batch is used;
    with ``join_last`` a last batch of one row is joined to its neighbour, since batch norm cannot
    train on one row. With ``steps`` an epoch ends after so many batches, drawn anew each time.

    Raises DataError for a batch larger than the data and OptionError for one below 1.

    >>> loader = DataLoader(np.zeros((60_000, 1)), np.zeros(60_000), batch_size=64)
    >>> len(loader), len(list(loader)[-1][0])
    (938, 32)
    """

    def __init__(
        self,
        x: Array,
        y: Array,
        batch_size: int | str = 64,
        *,
        shuffle: bool = True,
        seed: int = 0,
        augment: Callable[[Array, np.random.Generator], Array] | None = None,
        prepare: Callable[[Array], Array] | None = None,
        prepare_target: Callable[[Array], Array] | None = None,
        join_last: bool = False,
        steps: int | None = None,
        change: Change | None = None,
    ) -> None:
        if len(x) != len(y):
            raise DataError(
                "DataLoader",
                got=f"{len(x):,} inputs and {len(y):,} targets",
                needs="as many targets as inputs",
            )
        self.x, self.y = x, y
        self.batch_size = _size(batch_size, len(x))
        self.shuffle, self.seed = shuffle, seed
        self.augment, self.prepare, self.prepare_target = augment, prepare, prepare_target
        self.change = change
        self.epoch = 0  # of the next iteration
        self._ends = _ends(len(x), self.batch_size, join_last)
        if steps is not None:
            self._ends = self._ends[: _checked(steps) + 1]

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[Batch]:
        """The batches of one epoch; the next iteration is the next epoch."""
        epoch = self.epoch
        self.epoch += 1
        return self.batches(epoch)

    def batches(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of ``epoch`` from step ``start`` on, the same bits as without a pause."""
        order = self.order(epoch)
        for step in range(start, len(self)):
            rows = order[self._ends[step] : self._ends[step + 1]]
            yield self._batch(rows, epoch, step)

    def order(self, epoch: int) -> Array:
        """The rows in the order in which ``epoch`` deals them out, (N,)."""
        if not self.shuffle:
            return np.arange(len(self.x))
        return generator(self.seed, "order", epoch).permutation(len(self.x))

    def _batch(self, rows: Array, epoch: int, step: int) -> Batch:
        x = _rows_of(self.x, rows)
        if self.augment is not None:
            x = self.augment(x, generator(self.seed, "augment", epoch, step))
        if self.prepare is not None:
            x = self.prepare(x)
        y = _rows_of(self.y, rows)
        y = y if self.prepare_target is None else self.prepare_target(y)
        if self.change is None:
            return x, y
        return self.change(x, y, generator(self.seed, "change", epoch, step))


def _rows_of(array: Array, rows: Array) -> Array:
    """These rows; ``take`` is quicker, but would copy all of a view of overlapping windows."""
    return array.take(rows, axis=0) if array.flags.c_contiguous else array[rows]


def _checked(steps: int) -> int:
    if not isinstance(steps, (int, np.integer)) or steps < 1:
        raise OptionError("DataLoader", got=f"steps={steps!r}", needs="a whole number from 1")
    return int(steps)


def _size(batch_size: int | str, n: int) -> int:
    if not n:
        raise DataError("DataLoader", got="no rows", needs="at least one row")
    if batch_size == "all":
        return n
    if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
        raise OptionError(
            "DataLoader", got=f"batch_size={batch_size!r}", needs="a whole number from 1, or 'all'"
        )
    if batch_size > n:
        raise DataError(
            "DataLoader",
            got=f"a batch of {batch_size:,} from {n:,} rows",
            needs=f"a batch of at most {n:,}",
            try_="batch_size='all'",
        )
    return int(batch_size)


def _ends(n: int, size: int, join_last: bool) -> list[int]:
    ends = [*range(0, n, size), n]
    if join_last and len(ends) > 2 and ends[-1] - ends[-2] == 1:
        del ends[-2]
    return ends
