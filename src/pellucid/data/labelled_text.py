"""Reads a CSV file of sentences and their classes: which column holds which, and when it is one."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from pellucid.data.arrays import Arrays
from pellucid.data.base import Array, infer_task, read_labels
from pellucid.data.cells import is_missing, parse_number
from pellucid.data.csv_file import CsvFile, read_csv
from pellucid.data.sentiment import CLASSES, SAMPLES, reviews
from pellucid.data.words import SentencePreparation, words_of
from pellucid.errors import DataError, FormatError, OptionError, nearest

__all__ = [
    "LabelledText",
    "Sentences",
    "has_texts",
    "looks_like_sentences",
    "made_reviews",
    "read_labelled",
]

WORDS = 3  # so many words on average make a column one of sentences
NAMED = 5
PEEK = 1 << 16  # bytes of a file that are looked at first
TABLES = (".csv", ".tsv")


@dataclass(frozen=True, eq=False)
class LabelledText:
    """Sentences and their classes: ``y`` (N,) are places in ``classes``."""

    texts: tuple[str, ...]
    y: Array
    classes: tuple[str, ...]
    name: str
    source: str
    notes: tuple[str, ...] = ()
    column: str = "text"
    target: str = "class"
    test: LabelledText | None = None  # the official test part, where the set has one
    task: str = "classification"

    def __len__(self) -> int:
        return len(self.texts)

    def subset(self, index: ArrayLike) -> LabelledText:
        """The rows of ``index`` as a set of the same kind, without its test part."""
        rows = np.asarray(index)
        texts = tuple(self.texts[i] for i in rows.tolist())
        return replace(self, texts=texts, y=self.y[rows], test=None)

    def info(self) -> dict[str, object]:
        """What there is to know about the set, in plain numbers and texts."""
        counts = [int((self.y == i).sum()) for i in range(len(self.classes))]
        lengths = [len(words_of(text)) for text in self.texts]
        return {
            "name": self.name,
            "source": self.source,
            "task": self.task,
            "rows": len(self),
            "test rows": 0 if self.test is None else len(self.test),
            "words of a sentence": f"{min(lengths)} to {max(lengths)}",
            "sentences": self.column,
            "target": self.target,
            "rows per class": dict(zip(self.classes, counts, strict=True)),
            "notes": list(self.notes),
            "for example": list(self.texts[:3]),
        }


@dataclass(frozen=True, eq=False)
class Sentences(Arrays):
    """Tokens x (N, T) and classes y (N,), with the sentences themselves beside them."""

    texts: tuple[str, ...] = ()
    preparation: SentencePreparation | None = None

    @classmethod
    def of(cls, data: LabelledText, preparation: SentencePreparation) -> Sentences:
        """The sentences of a part as tokens."""
        x = preparation.transform(np.array(data.texts, dtype=object))
        return cls(x, data.y, data.name, data.source, data.texts, preparation)


def made_reviews(samples: int | None = None, seed: int = 0) -> LabelledText:
    """The set "sentiment": short film reviews made by :mod:`pellucid.data.sentiment`.

    >>> data = made_reviews(40)
    >>> len(data), len(data.test), data.classes
    (30, 10, ('bad', 'good'))
    """
    texts, labels, rest = reviews(SAMPLES if samples is None else samples, seed)
    y = np.array(labels, np.int64)
    notes = ("made up; the test part has combinations of words that no other sentence has",)

    def part(rows: slice, test: LabelledText | None = None) -> LabelledText:
        source = f"made by pellucid.data.sentiment.reviews(seed={seed})"
        return LabelledText(
            tuple(texts[rows]), y[rows], CLASSES, "sentiment", source, notes, test=test
        )

    return part(slice(rest), part(slice(rest, None)))


def read_labelled(
    path: str | Path,
    *,
    text: str | None = None,
    target: str | None = None,
    classes: Sequence[str] | None = None,
) -> LabelledText:
    """The sentences and classes of a CSV file.

    ``text`` is the column of sentences (else the one with the most words), ``target`` that of the
    classes (else the last of the others). With ``classes`` given, the targets are read as theirs.
    Raises DataError for a file without a column of sentences, an empty cell in one of the two
    columns, numbers as targets, and fewer than two classes; OptionError for a column that is not
    there.
    """
    file = read_csv(path)
    place = _text_place(file, text, target)
    goal = _target_place(file, target, place)
    texts = tuple(row[place] for row in file.rows)
    _refuse_empty(file, place, [line for t, line in _lined(texts, file) if not words_of(t)])
    names = [row[goal] for row in file.rows]
    _refuse_empty(file, goal, [line for t, line in _lined(names, file) if is_missing(t)])
    y, known = _classes(file, goal, names, classes)
    notes = [] if file.headed else ["no header row: the columns are called column 1, column 2 ..."]
    others = [n for j, n in enumerate(file.names) if j not in (place, goal)]
    notes.append(f"sentences: column {file.names[place]!r}; classes: column {file.names[goal]!r}")
    notes += [f"not looked at: {', '.join(map(repr, others))}"] if others else []
    if _no_table(_kinds(file)):
        notes.append("no table: its other columns would tell nothing (--model mlp for a table)")
    return LabelledText(
        texts,
        y,
        known,
        file.path.stem,
        f"CSV file {path}",
        tuple(notes),
        file.names[place],
        file.names[goal],
    )


def looks_like_sentences(path: str | Path, *, asked: bool = False) -> bool:
    """Whether a CSV file is one of sentences and classes rather than a table.

    A column of sentences is one of texts with three words or more on average, most of them
    different. ``asked``: somebody wants a network that reads; then one such column is enough. Else
    a file is taken for sentences only where a table of it would have nothing to learn from: beside
    the target all its columns are sentences, texts that are different in most rows, or the numbers
    of the rows. False for what cannot be read; whoever reads it then says why.
    """
    path = Path(path)
    if path.suffix.lower() not in TABLES or not path.is_file() or not _peek(path):
        return False
    try:
        file = read_csv(path)
    except (DataError, FormatError):
        return False
    kinds = _kinds(file)
    return "sentences" in kinds and (asked or _no_table(kinds))


def _no_table(kinds: list[str]) -> bool:
    """Whether one column alone has something to tell, and that is the target."""
    return kinds.count("other") == 1


def has_texts(path: str | Path) -> bool:
    """Whether a CSV file's first rows have a column of words that are no dates."""
    rows = _first_rows(Path(path))[1:]
    dates = re.compile(r"\d{1,4}[-/.]\d{1,2}([-/.]\d{1,4})?([ T].*)?$")
    return any(
        all(cell and parse_number(cell) is None and not dates.match(cell) for cell in column)
        for column in zip(*rows, strict=False)
    )


def _peek(path: Path) -> bool:
    """Whether the first rows may be sentences: quick, where a large table is none."""
    rows = _first_rows(path)
    return any(_is_wordy(column) for column in zip(*rows, strict=False))


def _first_rows(path: Path) -> list[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            start = file.read(PEEK)
        lines = next(iter(start.splitlines()), "")
        mark = max(",;\t", key=lines.count)
        rows = list(csv.reader(io.StringIO(start, newline=""), delimiter=mark))
    except (OSError, UnicodeDecodeError, csv.Error):
        return []
    return rows[:-1] if len(rows) > 2 else rows  # the last one may be cut in the middle


def _kinds(file: CsvFile) -> list[str]:
    return [_kind([row[j] for row in file.rows]) for j in range(len(file.names))]


def _kind(cells: Sequence[str]) -> str:
    """What a table would make of a column: "sentences", "useless", or "other"."""
    different = set(cells)
    if all(parse_number(cell) is not None for cell in cells):
        numbers = [parse_number(cell) for cell in cells]
        first = numbers[0]
        counts = len(cells) > 1 and numbers == [(first or 0.0) + i for i in range(len(cells))]
        return "useless" if counts else "other"
    if len(different) <= max(10, len(cells) // 2):
        return "other"
    return "sentences" if _is_wordy(cells) else "useless"


def _is_wordy(cells: Sequence[str]) -> bool:
    there = [cell for cell in cells if not is_missing(cell)]
    if not there:
        return False
    words = sum(word[0].isalpha() for cell in there for word in words_of(cell))
    return words >= WORDS * len(there)


# -- which column --


def _text_place(file: CsvFile, text: str | None, target: str | None) -> int:
    if text is not None:
        return _place(file, "--text", text)
    found = [
        (sum(len(words_of(row[j])) for row in file.rows), -j)
        for j, name in enumerate(file.names)
        if name != target and _is_wordy([row[j] for row in file.rows])
    ]
    if not found:
        raise DataError(
            f"CSV file {file.path}",
            got="no column of sentences; the columns are " + ", ".join(file.names),
            needs=f"a column of texts with {WORDS} words or more on average",
            try_="--text COLUMN to say which it is, or --model mlp for a table",
        )
    return -max(found)[1]


def _target_place(file: CsvFile, target: str | None, text: int) -> int:
    if target is not None:
        place = _place(file, "--target", target)
        if place == text:
            raise OptionError(
                "--target", got=f"{target!r}, which holds the sentences", needs="another column"
            )
        return place
    others = [j for j in range(len(file.names)) if j != text]
    if not others:
        raise DataError(
            f"CSV file {file.path}",
            got=f"one column only, {file.names[text]!r}",
            needs="a column of classes beside the sentences",
            try_="rename it to .txt for a network that writes on",
        )
    kinds = {j: _kind([row[j] for row in file.rows]) for j in others}
    return max(others, key=lambda j: (kinds[j] == "other", j))


def _place(file: CsvFile, option: str, name: str) -> int:
    """A column by its name, or by its place from 0."""
    if name in file.names:
        return file.names.index(name)
    if name.lstrip("-").isdigit() and -len(file.names) <= int(name) < len(file.names):
        return int(name) % len(file.names)
    raise OptionError(
        f"CSV file {file.path}",
        got=f"{option} {name}, and no such column",
        needs="one of the columns " + ", ".join(file.names),
        try_=nearest(name, file.names),
    )


# -- what stands in them --


def _lined(cells: Sequence[str], file: CsvFile) -> list[tuple[str, int]]:
    return list(zip(cells, file.lines, strict=True))


def _refuse_empty(file: CsvFile, place: int, lines: list[int]) -> None:
    if not lines:
        return
    named = ", ".join(map(str, lines[:NAMED]))
    more = f" and {len(lines) - NAMED:,} more" if len(lines) > NAMED else ""
    raise DataError(
        f"CSV file {file.path}",
        got=f"column {file.names[place]!r} is empty on line{'s' * (len(lines) > 1)} {named}{more}",
        needs="a sentence and a class in every row",
        try_="delete these rows",
    )


def _classes(
    file: CsvFile, goal: int, names: list[str], known: Sequence[str] | None
) -> tuple[Array, tuple[str, ...]]:
    name = f"target column {file.names[goal]!r}"
    numbers = [parse_number(text) for text in names]
    labels = np.array(names if None in numbers else numbers)
    if known is not None:
        return read_labels(labels if labels.dtype.kind == "U" else np.array(names), known, name)
    if infer_task(labels) != "classification":
        raise DataError(
            name,
            got=f"{len(set(names)):,} different numbers in {len(names):,} rows",
            needs="classes: texts, or few whole numbers",
            try_="--target COLUMN to name the column of classes",
        )
    y, classes = read_labels(labels, name=name)
    if len(classes) < 2:
        raise DataError(
            name, got=f"one class only, {classes[0]!r}", needs="at least two classes to tell apart"
        )
    return y, classes
