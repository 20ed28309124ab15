"""Sentences as tokens: how a text is cut into words, and which words a network knows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pellucid.data.base import Array
from pellucid.data.prepare import FORMAT, Preparation
from pellucid.errors import DataError, FormatError, OptionError

__all__ = ["PADDING", "UNKNOWN", "SentencePreparation", "preparation_from", "words_of"]

PADDING, UNKNOWN = 0, 1  # tokens; the words of the vocabulary follow
MARKS = ("<padding>", "<unknown>")
KIND, VERSION = "sentences", 1
WORD = r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s]|_"  # letters and digits with inner apostrophes, or a mark
LONGEST = 64  # words of a sentence that are read, unless the user says otherwise


def words_of(text: str) -> list[str]:
    """The words of a text in lower case; each mark of punctuation is a word of its own.

    A word is a run of letters and digits, with apostrophes inside it. White space only separates.

    >>> words_of("It's NOT bad at all -- 7/10!")
    ["it's", 'not', 'bad', 'at', 'all', '-', '-', '7', '/', '10', '!']
    """
    return re.findall(WORD, text.lower())


@dataclass(frozen=True, eq=False)
class SentencePreparation(Preparation):
    """What turns sentences into tokens (N, context), and class names into places.

    ``vocabulary``: <padding>, <unknown>, then the words of the training part, the commonest first.
    Longer sentences are cut, shorter ones filled with padding at their end. Build it with
    :meth:`of`.

    >>> made = SentencePreparation.of(["not bad", "bad"], ("bad", "good"))
    >>> made.vocabulary, made.transform(np.array(["Not good!", "bad"])).tolist()
    (('<padding>', '<unknown>', 'bad', 'not'), [[3, 1], [2, 0]])
    """

    vocabulary: tuple[str, ...] = MARKS
    context: int = 1
    column: str = "text"  # of a table, where the sentences stand

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        classes: tuple[str, ...],
        *,
        context: int | None = None,
        min_count: int = 1,
        column: str = "text",
        target: str = "target",
    ) -> SentencePreparation:
        """Learn the words of ``texts``, which must be the training part alone.

        Words that are there fewer than ``min_count`` times are unknown. ``context`` is the length
        of the longest sentence unless given, but at most 64 words.
        """
        for name, value in (("--context", context), ("--min-count", min_count)):
            if value is not None and value < 1:
                raise OptionError(name, got=str(value), needs="a whole number from 1")
        cut = [words_of(text) for text in texts]
        counts = Counter(word for words in cut for word in words)
        known = sorted(
            (w for w, n in counts.items() if n >= min_count), key=lambda w: (-counts[w], w)
        )
        longest = max(map(len, cut), default=1)
        width = min(longest, LONGEST) if context is None else context
        return cls(
            shape=(),
            scale="none",
            center=np.zeros(1),
            spread=np.ones(1),
            flatten=False,
            task="classification",
            classes=classes,
            target=target,
            notes=_notes(counts, known, cut, width, min_count),
            vocabulary=(*MARKS, *known),
            context=max(1, width),
            column=column,
        )

    @property
    def width(self) -> int:
        """The number of tokens of a prepared sentence."""
        return self.context

    def transform(self, x: Array, dtype: DTypeLike = np.int64) -> Array:
        """Sentences (N,) to tokens (N, context), int64; what are tokens already stay as they are.

        Raises DataError for a sentence without a word.
        """
        if x.dtype.kind in "iu":
            return x
        place = {word: i for i, word in enumerate(self.vocabulary)}
        tokens = np.full((len(x), self.context), PADDING, np.int64)
        for row, text in enumerate(x.tolist()):
            words = words_of(str(text))[: self.context]
            if not words:
                raise DataError(
                    f"sentence {row}", got=repr(text), needs="a text with at least one word"
                )
            tokens[row, : len(words)] = [place.get(word, UNKNOWN) for word in words]
        return tokens

    def unknown(self, text: str) -> list[str]:
        """The words of a text that the training part does not have, each once.

        >>> SentencePreparation.of(["not bad"], ("bad", "good")).unknown("Not good, not good")
        ['good', ',']
        """
        known = set(self.vocabulary[len(MARKS) :])
        return list(dict.fromkeys(word for word in words_of(text) if word not in known))

    def words(self, tokens: Array) -> list[str]:
        """The words of tokens (T,), without the padding."""
        return [self.vocabulary[int(t)] for t in tokens if t != PADDING]

    def to_json(self) -> dict[str, Any]:
        """Plain numbers and texts that :meth:`from_json` reads back exactly."""
        return {
            "format": FORMAT,
            "kind": KIND,
            "version": VERSION,
            "classes": list(self.classes),
            "target": self.target,
            "column": self.column,
            "context": self.context,
            "vocabulary": list(self.vocabulary),
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> SentencePreparation:
        """Read what :meth:`to_json` wrote; raises FormatError for anything else."""
        if (content.get("kind"), content.get("version")) != (KIND, VERSION):
            raise FormatError(
                "SentencePreparation",
                got=f"kind {content.get('kind')!r}, version {content.get('version')!r}",
                needs=f"kind {KIND!r}, version {VERSION}",
            )
        try:
            made = replace(
                cls.of([], _texts(content["classes"]), context=int(content["context"])),
                target=str(content["target"]),
                column=str(content["column"]),
                notes=_texts(content["notes"]),
                vocabulary=_texts(content["vocabulary"]),
            )
            if made.vocabulary[: len(MARKS)] != MARKS:
                raise ValueError("a vocabulary without its marks")
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(
                "SentencePreparation",
                got=f"a damaged description ({type(error).__name__}: {error})",
                needs="what SentencePreparation.to_json wrote",
            ) from error
        return made


def preparation_from(content: Mapping[str, Any]) -> Preparation:
    """The preparation that a run's configuration describes, of sentences or of another kind."""
    if isinstance(content, Mapping) and content.get("kind") == KIND:
        return SentencePreparation.from_json(content)
    return Preparation.from_json(content)


def _texts(items: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(item) for item in items)


def _notes(
    counts: Counter[str], known: list[str], cut: list[list[str]], width: int, min_count: int
) -> tuple[str, ...]:
    """What was decided, in words."""
    if not cut:
        return ()
    rare = len(counts) - len(known)
    words = f"{len(known):,} words of the training part are known"
    if rare:
        words += f"; {rare:,} that occur fewer than {min_count} times are <unknown>"
    longer = sum(len(sentence) > width for sentence in cut)
    more = f"{longer:,} of {len(cut):,} sentences have more than {width} words: what follows is not"
    return (words, f"{more} read (--context)") if longer else (words,)
