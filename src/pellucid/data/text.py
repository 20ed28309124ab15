"""Reads a text file as tokens, its characters: one long text, or many short lines such as names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from pellucid.data.arrays import Arrays
from pellucid.data.base import Array
from pellucid.data.split import refuse_shares
from pellucid.errors import DataError, FormatError, OptionError, nearest
from pellucid.random import generator

__all__ = ["IGNORED", "Lines", "Text", "Windows", "covered", "encode", "read_text", "token_dtype"]

IGNORED = -100  # the target of a place that does not count
LARGEST = 1 << 31  # bytes of a text file
SHORT = 40  # characters of a line that may be a name, an item, a word


@dataclass(frozen=True, eq=False)
class Windows(Arrays):
    """Windows that begin at every place of one text, x (N, T), and what follows, y (N, T): views.

    >>> windows = Windows.over(np.arange(6), 3, "six")
    >>> windows.x.tolist(), windows.y[0].tolist()
    ([[0, 1, 2], [1, 2, 3], [2, 3, 4]], [1, 2, 3])
    """

    @classmethod
    def over(cls, tokens: Array, context: int, name: str = "text", source: str = "") -> Windows:
        """All windows of ``context`` tokens that have a token behind them."""
        both = np.lib.stride_tricks.sliding_window_view(tokens, context + 1)
        return cls(both[:, :-1], both[:, 1:], name, source)

    @property
    def tokens(self) -> Array:
        """The text itself, (N + T,)."""
        return np.concatenate([self.x[:, 0], self.y[-1]])

    def measured(self) -> Arrays:
        """The same text to be measured on: windows one behind the other, no character twice."""
        return covered(self.tokens, self.x.shape[1], self.name, self.source)


@dataclass(frozen=True, eq=False)
class Lines(Arrays):
    """Texts of one line: x begins with the end of a line, y is x from its second place on."""


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

    def info(self) -> dict[str, object]:
        """What there is to know about the text, in plain numbers and texts."""
        end = self.vocabulary.index("\n") if "\n" in self.vocabulary else -1
        lines = int((self.tokens == end).sum())
        return {
            "name": self.name,
            "source": self.source,
            "task": "the next character" + (", each line a text of its own" * self.lines),
            "characters": len(self),
            "lines": lines,
            "different characters": len(self.vocabulary),
            "vocabulary": repr("".join(self.vocabulary)),
            "for example": [repr(self.decode(self.tokens[:60]))],
        }

    def encode(self, text: str) -> Array:
        """Characters as tokens; raises DataError for one that is not in the vocabulary."""
        return encode(text, self.vocabulary)

    def decode(self, tokens: Array) -> str:
        """Tokens as characters."""
        return "".join(self.vocabulary[int(t)] for t in tokens)

    def told_in(self, vocabulary: tuple[str, ...]) -> Text:
        """The same text in another vocabulary; raises DataError for a character not in it."""
        try:
            tokens = encode(self.decode(self.tokens), vocabulary)
        except DataError as error:
            error.who = f"text {self.name}"
            raise
        return replace(self, tokens=tokens, vocabulary=vocabulary)

    def windows(
        self, context: int, validation: float, test: float, seed: int
    ) -> list[Arrays | None]:
        """Training, validation and test part as (x, y): texts, and what follows each character.

        Of one long text the parts are its beginning, what follows, and its end, so that no
        character is in two of them. Training windows begin anywhere (they are views: the text is in
        memory once); the others stand one behind the other and cover their part. Lines are dealt
        out by the seed. Raises OptionError for a context below 1 and shares out of range, DataError
        for a part shorter than a window.
        """
        refuse_shares(validation, test)
        if context < 1:
            raise OptionError("--context", got=str(context), needs="a whole number from 1")
        if self.lines:
            return self._by_lines(context, validation, test, seed)
        n = len(self.tokens)
        held = [round(share * n) for share in (validation, test)]
        ends = [n - sum(held), n - held[1], n]
        longest = 0 if 1 in held else ends[0] // 4
        self._refuse_short(ends[0], context, "training", longest)
        train = self.tokens[: ends[0]]
        parts: list[Arrays | None] = [Windows.over(train, context, self.name, self.source)]
        for name, (start, end) in zip(("validation", "test"), pairwise(ends), strict=True):
            if start == end:
                parts.append(None)
                continue
            self._refuse_short(end - start, 1, name)
            parts.append(covered(self.tokens[start:end], context, self.name, self.source))
        return parts

    def _refuse_short(self, n: int, context: int, part: str, longest: int = 0) -> None:
        if n < context + 1:
            raise DataError(
                f"text {self.name}",
                got=f"{n:,} character{'' if n == 1 else 's'} in the {part} part",
                needs=f"at least {context + 1:,}: a context of {context}, and what follows it",
                try_=f"--context {longest}" if longest else "a longer text",
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
        return Lines(x, y, self.name, self.source)


def covered(tokens: Array, context: int, name: str = "text", source: str = "") -> Arrays:
    """Windows one behind the other over all the tokens; IGNORED fills up the last of them.

    >>> covered(np.arange(6), 3).y.tolist()
    [[1, 2, 3], [4, 5, -100]]
    """
    n = len(tokens) - 1
    count = -(-n // context)
    x = np.zeros(count * context, tokens.dtype)
    y = np.full(count * context, IGNORED, np.int32)
    x[:n], y[:n] = tokens[:-1], tokens[1:]
    return Arrays(x.reshape(count, context), y.reshape(count, context), name, source)


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
    return np.array([place[c] for c in text], token_dtype(len(vocabulary)))


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
        tokens.reshape(-1).astype(token_dtype(len(known))),
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


def token_dtype(count: int) -> type[np.unsignedinteger]:
    """The smallest dtype that holds ``count`` different tokens."""
    return np.uint8 if count <= 256 else np.uint16 if count <= 65536 else np.uint32
