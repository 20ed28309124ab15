"""Makes a set of short film reviews in which what is said depends on the order of the words.

Every sentence is put together from clauses that praise or blame a part of a film. A clause says it
plainly ("the plot was good"), by a verb ("i loved the cast"), by a denial of the opposite ("the
ending was anything but dull", "not bad at all"), or by two denials ("nobody could say that the
music was not charming"). A frame joins clauses: of a contrast the half that counts is the
reviewer's last word ("although ...", "... but ...", "the critics wrote that ..., and they were
wrong"). Details beside the point praise or blame the seats and the popcorn. In the long run half of
the reviews are good, and so is half of what follows "not".

The test part asks for more than memory: each of its sentences has a combination that no sentence to
learn from has, a denial of an adjective that was never denied in this way, or a frame around kinds
of clauses that it never joined. Every word and every frame by itself is there to be learnt.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pellucid.data.base import Array
from pellucid.errors import DataError
from pellucid.random import generator

__all__ = ["CLASSES", "SAMPLES", "reviews"]

CLASSES = ("bad", "good")
SAMPLES = 6000
TEST = 0.25  # the share of the sentences with a combination that is new
MOST = 20_000  # the grammar has more, but not so many that each can differ from all others


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


PARTS = _listed(
    """
    plot story acting cast music ending dialogue script pace humour opening hero villain
    editing sound camera finale title beginning photography
    """
)
PRAISE = _listed(
    """
    good great brilliant charming moving funny clever gripping fresh warm elegant witty
    thrilling lovely convincing subtle superb tender bold delightful
    """
)
BLAME = _listed(
    """
    bad dull awful boring clumsy weak stale cold lifeless tiresome silly predictable shallow
    annoying hollow lazy messy dreadful forgettable painful
    """
)
DEGREES = ("", "", "", "very ", "really ", "so ", "rather ", "truly ")
DENIALS = (
    "was not {}",
    "was not {} at all",
    "was never {}",
    "was hardly {}",
    "was far from {}",
    "was anything but {}",
    "was by no means {}",
    "was in no way {}",
)
LIKED = ("i loved the {}", "i enjoyed the {}", "the {} won me over", "the {} kept me smiling")
DISLIKED = ("i hated the {}", "i regretted the {}", "the {} let me down", "the {} put me to sleep")
TWICE = (
    "nobody could say that the {} was not {}",
    "i cannot claim that the {} was not {}",
    "it is wrong that the {} was not {}",
    "you never feel that the {} was not {}",
)
BESIDE = (
    "the seats were {}",
    "the popcorn was {}",
    "the film before it was {}",
    "my neighbour was {} company",
)
NEUTRAL = (
    "we saw it on a sunday",
    "it runs for two hours",
    "it was shot in the winter",
    "the hall was half full",
    "it is based on a book",
    "my sister came along",
)
SOURCES = ("the critics wrote", "my friends said", "the posters claim", "everybody told me")

# how clauses are joined; + is what the review says in the end, - is its opposite
FRAMES = (
    "{+}",
    "{+} and {+}",
    "{+} , {+} and {+}",
    "{-} but {+}",
    "although {-} , {+}",
    "{+} , although {-}",
    "{-} . even so , {+}",
    "{+} , even if {-}",
    "{source} that {-} , and they were wrong",
    "{source} that {+} , and they were right",
    "i expected that {-} . in truth {+}",
    "in the first film {-} , but here {+}",
    "here {+} , while in the first film {-}",
)
OFTEN = np.array([16, 26, 26, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1], np.float64)  # how often each is drawn
KINDS = ("plain", "verb", "denied", "twice")
KIND_OFTEN = np.array([24, 8, 5, 2], np.float64)


def reviews(samples: int = SAMPLES, seed: int = 0) -> tuple[list[str], list[int], int]:
    """Sentences, 1 for each good review and 0 for each bad one, and how many are to learn from.

    Those with a new combination come last: they are the test part. No sentence is there twice.
    Raises DataError for a number of sentences that the grammar is not made for.

    >>> texts, labels, rest = reviews(40)
    >>> len(texts), rest, labels[:2]
    (40, 30, [0, 1])
    """
    if not 40 <= samples <= MOST:
        raise DataError("sentiment", got=f"samples={samples}", needs=f"40 to {MOST:,} sentences")
    rng = generator(seed, "sentiment")
    rest = samples - round(TEST * samples)
    texts: dict[str, int] = {}
    while len(texts) < samples:
        label = len(texts) % 2
        maker = _Review(rng, bool(label))
        text, new = maker.text, maker.new
        if new == (len(texts) >= rest) and text not in texts:
            texts[text] = label
    return list(texts), list(texts.values()), rest


class _Review:
    """One review, and whether a combination in it is kept for the test part."""

    def __init__(self, rng: np.random.Generator, good: bool) -> None:
        self.rng, self.new = rng, False
        self.frame = self._place(OFTEN)
        self.kinds: list[int] = []
        text = FRAMES[self.frame].replace("{source}", self._one(SOURCES))
        while "{+}" in text or "{-}" in text:
            at = min(text.find(mark) for mark in ("{+}", "{-}") if mark in text)
            clause = self._clause(good if text[at + 1] == "+" else not good)
            text = text[:at] + clause + text[at + 3 :]
        self._note_frame()
        self.text = self._with_details(text) + " ."

    def _clause(self, good: bool) -> str:
        kind = self._place(KIND_OFTEN)
        self.kinds.append(kind)
        part = self._one(PARTS)
        says: tuple[Callable[[str, bool], str], ...] = (
            self._plain,
            self._verb,
            self._denied,
            self._twice,
        )
        return says[kind](part, good)

    def _plain(self, part: str, good: bool) -> str:
        """A fifth of the pairs of a part and an adjective are new."""
        word = int(self.rng.integers(len(PRAISE)))
        self.new |= (PARTS.index(part) + word) % 5 == 0
        return f"the {part} was {self._one(DEGREES)}{(PRAISE if good else BLAME)[word]}"

    def _verb(self, part: str, good: bool) -> str:
        return str(self._one(LIKED if good else DISLIKED).format(part))

    def _denied(self, part: str, good: bool) -> str:
        """The opposite, denied; a fifth of the pairs of a denial and an adjective are new."""
        denial, word = (int(self.rng.integers(n)) for n in (len(DENIALS), len(PRAISE)))
        self.new |= (denial + word) % 5 == 0
        return f"the {part} " + DENIALS[denial].format((BLAME if good else PRAISE)[word])

    def _twice(self, part: str, good: bool) -> str:
        return str(self._one(TWICE).format(part, self._one(PRAISE if good else BLAME)))

    def _note_frame(self) -> None:
        """A fifth of the ways to fill a frame of two clauses are new."""
        if len(self.kinds) == 2:
            first, second = self.kinds
            self.new |= (self.frame + 2 * first + 3 * second) % 5 == 0

    def _with_details(self, text: str) -> str:
        """A quarter has a detail that says nothing of the film, before or behind."""
        if self.rng.random() > 0.25:
            return text
        detail = self._one(NEUTRAL)
        if self.rng.random() < 0.5:
            detail = self._one(BESIDE).format(self._one(PRAISE + BLAME))
        return f"{detail} . {text}" if self.rng.random() < 0.5 else f"{text} . {detail}"

    def _place(self, often: Array) -> int:
        return int(self.rng.choice(len(often), p=often / often.sum()))

    def _one(self, of: tuple[str, ...]) -> str:
        return of[int(self.rng.integers(len(of)))]
