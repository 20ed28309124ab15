"""What a data set is: inputs, targets, and what their numbers mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import DataError, DtypeError, ShapeError, choose, nearest

__all__ = ["Array", "Column", "Data", "from_arrays", "infer_task", "read_labels"]

Array = NDArray[Any]

TASKS = ("classification", "regression")
IMPUTE = ("mean", "median", "most_frequent")
NAMED = 5  # how many bad rows, cells or classes an error names before it says "and more"


@dataclass(frozen=True)
class Column:
    """A column of a table: numbers, or texts stored as their place in ``values``."""

    name: str
    values: tuple[str, ...] | None = None

    @property
    def is_text(self) -> bool:
        """Whether the column holds texts, which become one-hot columns."""
        return self.values is not None


@dataclass(frozen=True, eq=False)
class Data:
    """Inputs and targets that passed the checks at the door.

    ``x`` is (N, H, W) or (N, H, W, C) uint8 images, or (N, F) float features, where a text column
    holds places in its ``values`` and NaN marks a missing cell that ``impute`` will fill.
    ``y`` is (N,): int64 places in ``classes``, or float targets.

    Raises DataError for lengths that differ, no rows, fewer than two classes, labels outside the
    classes, NaN or infinity; DtypeError or ShapeError for arrays of another kind.

    >>> len(Data(np.zeros((2, 3)), np.array([0, 1]), "classification", ("no", "yes")))
    2
    """

    x: Array
    y: Array
    task: str
    classes: tuple[str, ...] = ()
    name: str = "data"
    source: str = ""  # one line: where it came from, and its licence
    notes: tuple[str, ...] = ()  # what was decided for the user while reading
    maximum: float = 255.0  # the largest value a pixel can have
    columns: tuple[Column, ...] = ()  # of a table; numbers called x1, x2 ... unless named
    target: str = "target"
    impute: str | None = None
    left_out: tuple[str, ...] = ()  # columns of the file that are not in x
    test: Data | None = None  # the official test part, where the set has one

    def __post_init__(self) -> None:
        if self.x.ndim == 2 and not self.columns:
            names = tuple(Column(f"x{i + 1}") for i in range(self.x.shape[1]))
            object.__setattr__(self, "columns", names)
        _check(self)

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        kind = f"{len(self.classes)} classes" if self.classes else self.task
        return f"Data({self.name}: {len(self):,} x {self.shape}, {kind})"

    @property
    def features(self) -> tuple[str, ...]:
        """The names of a table's columns; empty for images."""
        return tuple(column.name for column in self.columns)

    @property
    def is_images(self) -> bool:
        """Whether ``x`` holds uint8 pictures."""
        return self.x.dtype == np.uint8 and self.x.ndim >= 3

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample, (H, W) or (F,)."""
        return self.x.shape[1:]

    def subset(self, index: ArrayLike) -> Data:
        """The rows of ``index`` (places or a mask) as a data set of the same kind, without test."""
        rows = np.asarray(index)
        return replace(self, x=self.x[rows], y=self.y[rows], test=None)


def from_arrays(
    x: ArrayLike,
    y: ArrayLike,
    *,
    task: str | None = None,
    classes: Sequence[str] | None = None,
    name: str = "arrays",
    source: str = "arrays in memory",
    maximum: float = 255.0,
    notes: Sequence[str] = (),
) -> Data:
    """A data set from arrays or lists; the task and the classes are read from ``y`` unless given.

    uint8 arrays of three or four axes are images; every other number becomes a float.
    Texts, booleans and whole numbers with few different values are classes, the rest is regression.

    >>> from_arrays([[0.0], [1.0]], ["off", "on"]).classes
    ('off', 'on')
    """
    inputs, targets = _inputs(_array(x, name), name), _one_column(_array(y, name), name)
    task = choose("data", task or infer_task(targets), TASKS)
    known: tuple[str, ...] = ()
    if task == "regression":
        values = _numbers(targets, name)
    else:
        values, known = read_labels(targets, classes, name)
    return Data(inputs, values, task, known, name, source, tuple(notes), maximum)


def infer_task(targets: Array) -> str:
    """Classification for texts, booleans and few whole numbers; else regression.

    Few: two, or at most 20 and at most a quarter of the rows.

    >>> infer_task(np.array([0, 1, 1, 0])), infer_task(np.array([0.5, 1.5]))
    ('classification', 'regression')
    """
    if targets.dtype.kind in "USb":
        return "classification"
    if targets.dtype.kind == "f" and not np.all(targets == np.round(targets)):
        return "regression"
    different = len(np.unique(targets))
    few = max(2, min(20, len(targets) // 4))
    return "classification" if different <= few else "regression"


def read_labels(
    labels: Array, classes: Sequence[str] | None = None, name: str = "data"
) -> tuple[Array, tuple[str, ...]]:
    """Labels of any kind as int64 places in the classes, and the classes' names.

    With ``classes`` given, labels are their names or their places. Raises DataError for a label
    outside them.

    >>> read_labels(np.array([7, 3, 7]))
    (array([1, 0, 1]), ('3', '7'))
    """
    if classes is not None:
        return _places(labels, tuple(classes), name), tuple(classes)
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        rows = np.flatnonzero(~np.isfinite(labels))
        raise DataError(
            name,
            got=f"{len(rows)} labels that are NaN or infinite: {_some(rows)}",
            needs="a label in every row",
        )
    known, places = np.unique(labels, return_inverse=True)
    return places.reshape(-1).astype(np.int64), tuple(_class_name(value) for value in known)


def _class_name(value: Any) -> str:
    if isinstance(value, np.floating) and value == np.round(value):
        return str(int(value))
    return str(value)


def _places(labels: Array, classes: tuple[str, ...], name: str) -> Array:
    if labels.dtype.kind in "iu":
        return labels.astype(np.int64)  # the door checks their range
    place = {text: i for i, text in enumerate(classes)}
    names = [_class_name(label) for label in labels]
    strange = sorted({text for text in names if text not in place})
    if strange:
        raise DataError(
            name,
            got=f"the label {strange[0]!r}",
            needs="one of the classes " + _some(classes),
            try_=nearest(strange[0], classes),
        )
    return np.array([place[text] for text in names], np.int64)


def _array(values: ArrayLike, name: str) -> Array:
    try:
        return np.asarray(values)
    except ValueError as error:  # NumPy's word for rows of different lengths
        raise ShapeError(name, got=str(error), needs="rows of one length") from error


def _inputs(x: Array, name: str) -> Array:
    if x.dtype.kind not in "fiub":
        raise DtypeError(name, got=f"inputs of dtype {x.dtype}", needs="numbers")
    if x.ndim == 1:
        raise ShapeError(
            name,
            got=f"inputs of shape {x.shape}",
            needs="two axes or more, one row a sample",
            try_="x.reshape(-1, 1) for a single feature",
        )
    if x.dtype == np.uint8 and x.ndim >= 3:
        return np.ascontiguousarray(x)
    small = x.dtype in (np.dtype("float32"), np.dtype("float16")) or x.dtype.itemsize == 1
    return np.ascontiguousarray(x, np.float32 if small else np.float64)


def _one_column(y: Array, name: str) -> Array:
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise ShapeError(
            name,
            got=f"targets of shape {y.shape}",
            needs="one target a row, shape (N,)",
            try_="y.argmax(axis=1) if they are one-hot" if y.ndim == 2 else None,
        )
    if y.dtype.kind not in "fiubUS":
        raise DtypeError(name, got=f"targets of dtype {y.dtype}", needs="numbers or texts")
    return y.astype(str) if y.dtype.kind == "S" else y


def _numbers(targets: Array, name: str) -> Array:
    if targets.dtype.kind in "US":
        raise DataError(
            name,
            got=f"texts as targets, such as {str(targets[0])!r}",
            needs="numbers for a regression",
            try_="task='classification'",
        )
    return targets.astype(np.float64)


def _check(data: Data) -> None:
    choose(data.name, data.task, TASKS)
    if data.impute is not None:
        choose(f"{data.name}: impute", data.impute, IMPUTE)
    if len(data.x) != len(data.y):
        raise DataError(
            data.name,
            got=f"{len(data.x):,} inputs and {len(data.y):,} targets",
            needs="as many targets as inputs",
        )
    if not len(data.x):
        raise DataError(data.name, got="no rows", needs="at least one row")
    _check_inputs(data)
    if data.task == "classification":
        _check_labels(data)
    elif not np.isfinite(data.y).all():
        _refuse_targets(data)


def _check_inputs(data: Data) -> None:
    if data.x.dtype.kind != "f" and data.x.dtype != np.uint8:
        raise DtypeError(
            data.name,
            got=f"inputs of dtype {data.x.dtype}",
            needs="uint8 images or float features",
            try_="pellucid.data.from_arrays(x, y)",
        )
    if data.x.ndim < 2 or 0 in data.shape:
        raise ShapeError(
            data.name, got=f"inputs of shape {data.x.shape}", needs="at least one value a row"
        )
    if data.columns and len(data.columns) != data.x.shape[1]:
        raise ShapeError(
            data.name,
            got=f"{data.x.shape[1]} columns and {len(data.columns)} names",
            needs="a name for every column",
        )
    if data.x.dtype.kind == "f":
        bad = ~np.isfinite(data.x) if data.impute is None else np.isinf(data.x)
        if bad.any():
            _refuse_inputs(data, bad)


def _refuse_inputs(data: Data, bad: Array) -> None:
    cells = np.argwhere(bad)
    rows = len(np.unique(cells[:, 0]))
    named = [f"{_cell(data, cell)} is {data.x[tuple(cell)]}" for cell in cells[:NAMED]]
    more = f"\nand {len(cells) - NAMED:,} more" if len(cells) > NAMED else ""
    raise DataError(
        data.name,
        got=f"{len(cells):,} values that are not finite, in {rows:,} of {len(data):,} rows:\n"
        + "\n".join(named)
        + more,
        needs="finite numbers (rows are counted from 0)",
    )


def _cell(data: Data, cell: Array) -> str:
    row, *place = (int(i) for i in cell)
    if data.columns:
        return f"row {row}, column {data.columns[place[0]].name!r}"
    return f"row {row}, place {tuple(place)}"


def _check_labels(data: Data) -> None:
    if len(data.classes) < 2:
        only = f"one class only, {data.classes[0]!r}" if data.classes else "no classes"
        raise DataError(data.name, got=only, needs="at least two classes to tell apart")
    if data.y.dtype.kind not in "iu" or data.y.ndim != 1:
        raise DtypeError(
            data.name,
            got=f"labels of dtype {data.y.dtype} and shape {data.y.shape}",
            needs="whole numbers, one a row: places in the classes",
            try_="pellucid.data.from_arrays(x, y)",
        )
    outside = np.flatnonzero((data.y < 0) | (data.y >= len(data.classes)))
    if len(outside):
        row = outside[0]
        raise DataError(
            data.name,
            got=f"{len(outside):,} labels outside the classes; row {row} has {data.y[row]}",
            needs=f"labels 0 to {len(data.classes) - 1} for {len(data.classes)} classes",
        )


def _refuse_targets(data: Data) -> None:
    rows = np.flatnonzero(~np.isfinite(data.y))
    raise DataError(
        data.name,
        got=f"{len(rows):,} targets that are not finite: {_some(rows)}",
        needs="finite targets (rows are counted from 0)",
    )


def _some(items: Sequence[Any] | Array) -> str:
    named = ", ".join(str(item) for item in list(items)[:NAMED])
    return named if len(items) <= NAMED else f"{named} and {len(items) - NAMED:,} more"
