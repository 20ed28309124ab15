"""Reads a text file as tokens, its characters: one long text, or many short lines such as names."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from pellucid.data.arrays import Arrays
from pellucid.data.base import Array
from pellucid.errors import DataError, FormatError, nearest
from pellucid.random import generator

__all__ = ["IGNORED", "Text", "read_text"]

IGNORED = -100  # the target of a place that does not count
LARGEST = 1 << 31  # bytes of a text file
SHORT = 40  # characters of a line that may be a name, an item, a word


@dataclass(frozen=True, eq=False)
class Text:
    """A text as numbers: ``tokens`` are places in ``vocabulary``, the characters in order.

    ``lines``: whether each line is a text of its own, such as a name; its end is a token like any
    other, and stands before its beginning too.
    """

    tokens: Array  # (N,), of the smallest unsigned dtype that holds them
    vocabulary: tuple[str, ...]
    lines: bool
    name: str
    source: str

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, text: str) -> Array:
        """Characters as tokens; raises DataError for one that is not in the vocabulary."""
        return encode(text, self.vocabulary)

    def decode(self, tokens: Array) -> str:
        """Tokens as characters."""
        return "".join(self.vocabulary[int(t)] for t in tokens)

    def windows(
        self, context: int, validation: float, test: float, seed: int
    ) -> list[Arrays | None]:
        """Training, validation and test part as (x, y): texts, and what follows each character.

        Of one long text the parts are its beginning, what follows, and its end, so that no
        character is in two of them. Training windows begin anywhere (they are views: the text is in
        memory once); the others stand one behind the other and cover their part. Lines are dealt
        out by the seed. Raises DataError for a part shorter than a window.
        """
        if self.lines:
            return self._by_lines(context, validation, test, seed)
        n = len(self.tokens)
        held = [round(share * n) for share in (validation, test)]
        ends = [n - sum(held), n - held[1], n]
        self._refuse_short(ends[0], context, "training")
        train = np.lib.stride_tricks.sliding_window_view(self.tokens[: ends[0]], context + 1)
        parts: list[Arrays | None] = [self._part(train[:, :-1], train[:, 1:])]
        for name, (start, end) in zip(("validation", "test"), pairwise(ends), strict=True):
            if start == end:
                parts.append(None)
                continue
            self._refuse_short(end - start, 1, name)
            parts.append(self._part(*_covering(self.tokens[start:end], context)))
        return parts

    def _part(self, x: Array, y: Array) -> Arrays:
        return Arrays(x, y, self.name, self.source)

    def _refuse_short(self, n: int, context: int, part: str) -> None:
        if n < context + 1:
            raise DataError(
                f"text {self.name}",
                got=f"{n:,} characters in the {part} part",
                needs=f"at least {context + 1:,}: a context of {context}, and what follows it",
                try_=f"--context {max(1, n // 4)}" if n > 4 else "a longer text",
            )

    def _by_lines(
        self, context: int, validation: float, test: float, seed: int
    ) -> list[Arrays | None]:
        end = self.vocabulary.index("\n")
        marks = np.flatnonzero(self.tokens == end)
        starts, stops = np.concatenate([[0], marks[:-1] + 1]), marks
        order = generator(seed, "split").permutation(len(starts))
        cuts = np.cumsum([round(share * len(order)) for share in (test, validation)])
        parts: list[Arrays | None] = []
        for rows in reversed(np.split(order, cuts)):
            parts.append(
                self._lined(starts[rows], stops[rows], context, end) if len(rows) else None
            )
        if parts[0] is None:
            raise DataError(
                f"text {self.name}", got=f"{len(order)} lines", needs="more to train on"
            )
        return parts

    def _lined(self, starts: Array, stops: Array, context: int, end: int) -> Arrays:
        """Lines as rows: the end of a line, its characters, and in y the end again."""
        width = min(context, int((stops - starts).max()) + 1)
        x = np.full((len(starts), width), end, self.tokens.dtype)
        y = np.full((len(starts), width), IGNORED, np.int16)
        for i, (a, b) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
            line = self.tokens[a : min(b, a + width)]
            x[i, 1 : 1 + len(line)] = line[: width - 1]
            y[i, : len(line)] = line
            if len(line) < width:
                y[i, len(line)] = end
        return self._part(x, y)


def encode(text: str, vocabulary: tuple[str, ...]) -> Array:
    """Characters as places in the vocabulary; raises DataError for one that is not there.

    >>> encode("abba", ("a", "b")).tolist()
    [0, 1, 1, 0]
    """
    place = {token: i for i, token in enumerate(vocabulary)}
    for i, character in enumerate(text):
        if character not in place:
            raise DataError(
                "text",
                got=f"the character {character!r} at place {i}",
                needs=f"one of the {len(place)} that the network has seen: "
                + "".join(t for t in vocabulary if t.isprintable()),
                try_=nearest(character, vocabulary) if character.isalpha() else None,
            )
    return np.array([place[c] for c in text], _dtype(len(vocabulary)))


def read_text(path: str | Path, *, lines: bool | None = None) -> Text:
    """The file as a text of characters; ``lines``: each line by itself (found out unless given).

    Raises DataError for an empty or one-character text, FormatError for a file that is no UTF-8.
    """
    path = Path(path).expanduser()
    content = _content(path)
    separate = _is_a_list(content) if lines is None else lines
    if separate:
        content = "\n".join(line.strip() for line in content.splitlines() if line.strip()) + "\n"
    points = np.frombuffer(content.encode("utf-32-le"), np.uint32)
    known, tokens = np.unique(points, return_inverse=True)
    if len(known) < 2:
        what = "an empty text" if not len(points) else f"{len(points):,} times the same character"
        raise DataError(f"text {path}", got=what, needs="a text of at least two characters")
    vocabulary = tuple(chr(point) for point in known)
    return Text(
        tokens.reshape(-1).astype(_dtype(len(known))),
        vocabulary,
        separate,
        path.stem,
        f"text file {path}",
    )


def _content(path: Path) -> str:
    if path.stat().st_size > LARGEST:
        raise DataError(f"text {path}", got="more than 2 GB", needs="a smaller text")
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise FormatError(
            f"text {path}",
            got=f"bytes that are no UTF-8 at place {error.start:,}",
            needs="a text file in UTF-8",
            try_="iconv -f latin1 -t utf8 FILE",
        ) from None


def _is_a_list(content: str) -> bool:
    """Whether nearly all lines are short and without spaces: names, words, items."""
    lines = [line for line in content.splitlines() if line.strip()]
    if len(lines) < 50:
        return False
    short = sum(len(line) <= SHORT and line.strip().count(" ") <= 2 for line in lines)
    return short > 0.98 * len(lines)


def _covering(tokens: Array, context: int) -> tuple[Array, Array]:
    """Windows one behind the other over all of a part; what is missing in the last is IGNORED."""
    n = len(tokens) - 1
    count = -(-n // context)
    x = np.zeros(count * context, tokens.dtype)
    y = np.full(count * context, IGNORED, np.int32)
    x[:n], y[:n] = tokens[:-1], tokens[1:]
    return x.reshape(count, context), y.reshape(count, context)


def _dtype(count: int) -> type[np.unsignedinteger]:
    return np.uint8 if count <= 256 else np.uint16 if count <= 65536 else np.uint32
