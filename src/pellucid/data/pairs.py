"""Pairs of texts, a source and its translation: from a file of two columns, or made."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from pellucid.data.arrays import Arrays
from pellucid.data.base import Array
from pellucid.data.split import Split, refuse_shares
from pellucid.data.text import IGNORED
from pellucid.errors import DataError, FormatError, nearest
from pellucid.random import generator

__all__ = [
    "BEGIN",
    "END",
    "MARKS",
    "PAD",
    "Pairs",
    "Spelling",
    "looks_like_pairs",
    "read_pairs",
    "read_sources",
]

MARKS = ("<pad>", "<begin>", "<end>")  # the first tokens of every vocabulary
PAD, BEGIN, END = range(3)
HEADS = {("source", "target")}
SHOWN = 40  # characters of a text in an error
LOOKED_AT = 200  # lines that tell whether a file holds pairs


@dataclass(frozen=True)
class Spelling:
    """How pairs become arrays: the vocabulary, and the widths of a source and of a target."""

    vocabulary: tuple[str, ...]  # MARKS, then characters
    source: int  # places of the longest source
    target: int  # characters of the longest target, and a mark

    def rows(self, texts: Sequence[str], kind: str = "source") -> Array:
        """Sources, or targets, as tokens (N, longest), filled up with PAD.

        Raises DataError for an empty text, a character that the network has not seen, and a text
        longer than its longest.
        """
        longest = self.source if kind == "source" else self.target - 1
        x = np.full((len(texts), longest), PAD, _dtype(len(self.vocabulary)))
        for row, text in zip(x, texts, strict=True):
            tokens = self._encode(text, kind, longest)
            row[: len(tokens)] = tokens
        return x

    def _encode(self, text: str, kind: str, longest: int) -> list[int]:
        who = f"{kind} {text if len(text) <= SHOWN else text[:SHOWN] + '...'!r}"
        if not text:
            raise DataError(kind, got="an empty text", needs="a text to translate")
        for i, character in enumerate(text):
            if character not in self._places:
                raise DataError(
                    who,
                    got=f"the character {character!r} at place {i}",
                    needs=f"one of the {len(self._places)} that the network has seen: "
                    + "".join(c for c in self._places if c.isprintable()),
                    try_=nearest(character, list(self._places)) if character.isalpha() else None,
                )
        if len(text) > longest:
            raise DataError(
                who,
                got=f"{len(text)} characters",
                needs=f"at most {longest}, the longest that the network was trained on",
            )
        return [self._places[c] for c in text]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {c: i for i, c in enumerate(self.vocabulary) if i >= len(MARKS)}

    def text(self, tokens: Sequence[int]) -> str:
        """The characters of tokens, without marks."""
        return "".join(self.vocabulary[int(t)] for t in tokens if t >= len(MARKS))


@dataclass(frozen=True, eq=False)
class Pairs:
    """Texts and their translations, character by character.

    ``by_target``: the parts are cut so that no target is in two of them; else no source is.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    name: str
    source: str
    by_target: bool = False
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.sources)

    @cached_property
    def spelling(self) -> Spelling:
        """The characters of all pairs in order, and the longest texts."""
        known = sorted({c for text in (*self.sources, *self.targets) for c in text})
        longest = max(map(len, self.sources)), max(map(len, self.targets))
        return Spelling((*MARKS, *known), longest[0], longest[1] + 1)

    def info(self) -> dict[str, object]:
        """What there is to know about the set, in plain numbers and texts."""
        return {
            "name": self.name,
            "source": self.source,
            "task": "translation",
            "pairs": len(self),
            "different sources": len(set(self.sources)),
            "different targets": len(set(self.targets)),
            "characters": "".join(self.spelling.vocabulary[len(MARKS) :]),
            "notes": list(self.notes),
            "for example": [
                f"{x} -> {y}" for x, y in zip(self.sources[:3], self.targets[:3], strict=True)
            ],
        }

    def arrays(self, rows: Array) -> Arrays:
        """These pairs as x (N, S + T), source | begin mark, target, and y (N, T), target, end mark.

        What is left of a source and a target is PAD in x; y is IGNORED there.
        """
        sources = [self.sources[i] for i in rows.tolist()]
        targets = [self.targets[i] for i in rows.tolist()]
        return encoded(self.spelling, sources, targets, self.name, self.source)

    def split(self, validation: float, test: float, seed: int) -> Split:
        """Training, validation and test part; what is in one of them is in no other.

        Raises OptionError for shares out of range, DataError where nothing is left to train on.
        """
        refuse_shares(validation, test)
        apart = self.targets if self.by_target else self.sources
        _, group = np.unique(np.array(apart, dtype=object), return_inverse=True)
        count = int(group.max()) + 1
        order = generator(seed, "split").permutation(count)
        cuts = np.cumsum([round(share * count) for share in (test, validation)])
        parts = [np.flatnonzero(np.isin(group, part)) for part in np.split(order, cuts)]
        for part, share, name in zip(parts, (test, validation, 1), _PARTS, strict=True):
            if share and not len(part):
                raise DataError(
                    f"pairs {self.name}",
                    got=f"{count} different {'targets' if self.by_target else 'sources'}",
                    needs=f"at least one for the {name} part",
                    try_="more pairs" if name == "training" else f"--{name} 0",
                )
        held = [self.arrays(part) if len(part) else None for part in parts]
        return Split(held[2], held[1], held[0])  # type: ignore[arg-type]


_PARTS = ("test", "validation", "training")


def encoded(
    spelling: Spelling, sources: Sequence[str], targets: Sequence[str], name: str, origin: str
) -> Arrays:
    """Pairs as arrays in a spelling that may be that of other pairs; see :meth:`Pairs.arrays`.

    Raises DataError for what the spelling cannot write.
    """
    S, T = spelling.source, spelling.target
    x = np.full((len(sources), S + T), PAD, _dtype(len(spelling.vocabulary)))
    y = np.full((len(sources), T), IGNORED, np.int32)
    x[:, :S] = spelling.rows(sources)
    x[:, S] = BEGIN
    for i, row in enumerate(spelling.rows(targets, "target")):
        n = len(targets[i])
        x[i, S + 1 : S + 1 + n] = y[i, :n] = row[:n]
        y[i, n] = END
    return Arrays(x, y, name, origin)


def read_pairs(path: str | Path) -> Pairs:
    """A file with "source<TAB>target" in each line, or a CSV file of two columns.

    A first line that says "source" and "target" is a heading; blank lines are left out. Raises
    DataError, naming the line, for a pair without a source or a target and for one pair only;
    FormatError for a file that is no UTF-8.
    """
    path = Path(path).expanduser()
    sources: list[str] = []
    targets: list[str] = []
    notes: list[str] = []
    for number, cells in _rows(path, _content(path)):
        if number == 1 and tuple(c.lower() for c in cells) in HEADS:
            notes.append("the first line is a heading")
            continue
        _check_pair(path, number, cells)
        sources.append(cells[0])
        targets.append(cells[1])
    if len(sources) < 2:
        raise DataError(
            f"pairs {path}",
            got="no pair" if not sources else "one pair only",
            needs="many pairs: most to learn from, some to see whether it did",
        )
    return Pairs(tuple(sources), tuple(targets), path.stem, f"pairs in {path}", notes=tuple(notes))


def read_sources(path: str | Path) -> list[str]:
    """The first cell of each line that is not blank, without a heading "source".

    Raises DataError for a file without sources and a line without one, FormatError for no UTF-8.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise DataError(f"sources {path}", got="no such file", needs="a file, one source a line")
    rows = list(_rows(path, _content(path)))
    if rows and rows[0][1][0].lower() == "source":
        del rows[0]
    if not rows:
        raise DataError(f"sources {path}", got="no line", needs="at least one source")
    for number, cells in rows:
        if not cells[0]:
            raise DataError(
                f"sources {path}, line {number}", got="an empty source", needs="a text to translate"
            )
    return [cells[0] for _, cells in rows]


def looks_like_pairs(path: Path) -> bool:
    """Whether the file has two columns of texts, most of them different: no table of classes."""
    try:
        rows = [cells for _, cells in _rows(path, _content(path))][:LOOKED_AT]
    except (OSError, FormatError):
        return False
    if len(rows) < 2 or any(len(cells) != 2 for cells in rows):
        return False
    different = all(len(set(column)) > len(rows) / 2 for column in zip(*rows, strict=True))
    return different and not any(_is_number(cells[1]) for cells in rows[1:])


def _rows(path: Path, content: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that is not blank, and its number from 1."""
    lines = content.splitlines()
    if path.suffix.lower() == ".csv":
        reader = csv.reader(lines)
        for cells in reader:
            if any(cells):
                yield reader.line_num, [cell.strip() for cell in cells]
        return
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield number, [cell.strip() for cell in line.split("\t")]


def _check_pair(path: Path, number: int, cells: list[str]) -> None:
    csv_file = path.suffix.lower() == ".csv"
    between = "a comma" if csv_file else "a tab"
    got = None
    if len(cells) < 2 or (len(cells) == 2 and not cells[1]):
        got = f"a pair without a target: {cells[0]!r}"
    elif len(cells) > 2:
        got = f"{len(cells)} cells: {', '.join(map(repr, cells[:3]))}"
    elif not cells[0]:
        got = f"an empty source for {cells[1]!r}"
    if got is not None:
        raise DataError(
            f"pairs {path}, line {number}",
            got=got,
            needs=f"a source, {between} and its target",
            try_='quotes around a text with commas: "3 march, 1987"' if csv_file else None,
        )


def _content(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(
            f"pairs {path}",
            got=f"bytes that are no UTF-8 at place {error.start:,}",
            needs="a text file in UTF-8",
            try_="iconv -f latin1 -t utf8 FILE",
        ) from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _dtype(count: int) -> type[np.unsignedinteger]:
    return np.uint8 if count <= 256 else np.uint16
