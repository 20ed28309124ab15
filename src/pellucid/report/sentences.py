"""What decided: sentences with each word in the colour of what it does to the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data import Split
from pellucid.data.labelled_text import Sentences
from pellucid.data.words import UNKNOWN, words_of
from pellucid.models.influence import influence
from pellucid.models.sentences import SentenceTransformer
from pellucid.report.markup import (
    escape,
    figure,
    fold,
    key,
    percent,
    section,
    side_by_side,
    table,
)
from pellucid.report.translation import alignment
from pellucid.train import Run
from pellucid.train.task import probabilities

__all__ = ["sentences"]

Array = NDArray[Any]
EXAMPLES, MISTAKES, LONG = 6, 12, 12  # LONG: words of an example that has something to decide
NARROW, WIDE, MAPS = 6, 16, 2  # words of a sentence whose map is drawn, and maps of each kind
COUNTED, STRONGEST = 300, 12  # sentences whose words are added up, and the words that are shown


def sentences(run: Run, parts: Split) -> str:
    """The sections on the words of a run that names the class of sentences."""
    part: Any = parts.test if parts.test is not None else parts.validation
    if not isinstance(part, Sentences):
        return ""
    shown = _Shown(run, part)
    return shown.examples() + shown.attention() + shown.mistakes()


class _Shown:
    """A part of the data, and what the network says of it."""

    def __init__(self, run: Run, part: Sentences) -> None:
        self.run, self.part = run, part
        self.shares = probabilities(run.outputs(part.x))
        self.said = self.shares.argmax(axis=1)

    def examples(self) -> str:
        """Sentences that were named rightly, and the words that count most over many."""
        right = np.flatnonzero(self.said == self.part.y)
        long = [i for i in right.tolist() if (self.part.x[i] != 0).sum() >= LONG]
        rest = [i for i in right.tolist() if i not in set(long)]
        chosen = self._of_every_class([*long, *rest])
        body = "\n".join(self._sentence(i) for i in chosen)
        words = (
            "<p>Blue words speak for the class that the network names, orange ones against it, the "
            "stronger the colour the more: it is what the lead of that class over the next one "
            "loses where the word is left blank. Two words that turn each other’s meaning, such as "
            "“not bad”, are both strong.</p>"
        )
        legend = key(("var(--first)", "for the answer"), ("var(--second)", "against it"))
        return section(
            "words",
            "Which words decide",
            words,
            f"<p>{legend}</p>",
            body,
            fold(_OVER, self._strongest()),
        )

    def _of_every_class(self, rows: Sequence[int]) -> list[int]:
        """The first rows, the classes in turn."""
        by_class = [[i for i in rows if self.part.y[i] == k] for k in range(len(self.run.classes))]
        turns = [group[n] for n in range(EXAMPLES) for group in by_class if n < len(group)]
        return turns[:EXAMPLES]

    def attention(self) -> str:
        """Where each word looks, in sentences named rightly and wrongly; of a Transformer only."""
        if not isinstance(self.run.model, SentenceTransformer) or not self.part.texts:
            return ""
        lengths = (self.part.x != 0).sum(axis=1)
        fit = np.flatnonzero((lengths >= NARROW) & (lengths <= WIDE))
        right = self._of_every_class(fit[self.said[fit] == self.part.y[fit]].tolist())
        wrong = self._of_every_class(fit[self.said[fit] != self.part.y[fit]].tolist())
        maps = "\n".join(self._map(i, int(lengths[i])) for i in [*right[:MAPS], *wrong[:MAPS]])
        return section("attention", "Where it looks", f"<p>{_LOOKS}</p>", maps) if maps else ""

    def _map(self, i: int, count: int) -> str:
        """The attention of the first and of the last layer over one sentence."""
        words = words_of(self.part.texts[i])[:count]
        looks = self.run.model.attention(self.part.x[i : i + 1, :count])[:, 0].mean(axis=1)
        drawn = {"The first layer": looks[0], "The last layer": looks[-1]}
        drawn = {"The layer": looks[0]} if len(looks) == 1 else drawn
        maps = [_looks(title, words, weights) for title, weights in drawn.items()]
        return f"<h3>{self._head(i)}</h3>\n{side_by_side(*maps)}"

    def mistakes(self) -> str:
        """The wrong answers, the surest first."""
        wrong = np.flatnonzero(self.said != self.part.y)
        if not len(wrong):
            return ""  # the page says so itself
        sure = self.shares[wrong, self.said[wrong]]
        order = wrong[np.argsort(-sure, kind="stable")][:MISTAKES]
        words = (
            f"<p>{len(wrong):,} of {len(self.part):,} sentences were named wrongly; here are the "
            "surest first, coloured by what made the network say so.</p>"
        )
        body = "\n".join(self._sentence(i) for i in order.tolist())
        return section("mistakes", "The most confident mistakes", words, body)

    def _sentence(self, i: int) -> str:
        """One sentence in its colours, under what was said and what is true."""
        tokens = self.part.x[i]
        added = influence(self.run.model, tokens, int(self.said[i]))
        words = words_of(self.part.texts[i]) if self.part.texts else []
        largest = float(np.abs(added).max()) or 1.0
        marked = [
            _word(word, int(token), float(value) / largest)
            for word, token, value in zip(words, tokens, added, strict=False)
        ]
        told = f'<p style="line-height:2">{" ".join(marked)}</p>'
        return f'<figure class="one">\n<h3>{self._head(i)}</h3>\n{told}\n</figure>'

    def _head(self, i: int) -> str:
        """What was said of a sentence, and what is true."""
        said, true = int(self.said[i]), int(self.part.y[i])
        classes = self.run.classes
        head = f"<b>{escape(classes[said])}</b>, {percent(float(self.shares[i, said]))} sure"
        return head + (f"; it is <b>{escape(classes[true])}</b>" if said != true else "")

    def _strongest(self) -> str:
        """For each class the words that add most to it, on average over many sentences."""
        known: Any = self.run.problem.preparation
        words = len(known.vocabulary)
        rows = np.arange(min(COUNTED, len(self.part)))
        lines = []
        totals = np.zeros((len(self.run.classes), words))
        counts = np.zeros((len(self.run.classes), words))
        for i in rows:
            said = int(self.said[i])
            np.add.at(totals[said], self.part.x[i], influence(self.run.model, self.part.x[i], said))
            np.add.at(counts[said], self.part.x[i], 1)
        mean = np.where(counts >= 3, totals / np.maximum(counts, 1), 0.0)
        mean[:, : UNKNOWN + 1] = 0.0
        for name, row in zip(self.run.classes, mean, strict=True):
            best = np.argsort(-row, kind="stable")[:STRONGEST]
            told = ", ".join(escape(known.vocabulary[k]) for k in best.tolist() if row[k] > 0)
            lines.append([escape(name), told])
        return table(["said", "the words that added most to it"], lines, "plain")


_LOOKS = (
    "In each layer every word looks at all words of its sentence and takes something from each. "
    "The weights are the mean of the layer’s heads, in sentences that were named rightly, and in "
    "some that were not."
)
_OVER = "The words that count most, over many sentences"


def _word(word: str, token: int, strength: float) -> str:
    """A word in its colour; dotted where the network does not know it."""
    kind = "right" if strength > 0 else "wrong"
    style = f"background:rgba(var(--{kind}),{abs(strength) * 0.75:.2f});"
    style += "padding:.1em .25em;border-radius:4px;"
    style += "border-bottom:2px dotted var(--muted);" if token == UNKNOWN else ""
    unknown = ' title="not in the vocabulary"' if token == UNKNOWN else ""
    return f'<span style="{style}"{unknown}>{escape(word)}</span>'


def _looks(title: str, words: list[str], weights: Array) -> str:
    """The attention map of a layer, (T, T), its greatest weight in the full colour."""
    most = float(weights.max())
    told = (
        "A row is a word that looks; the darker a square, the more it looks at the word above it, "
        f"up to {percent(most)}."
    )
    return figure(alignment(words, words, weights / most), title, told)
