"""Names, words, items that a network made up: how many are new, and what they are made of."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pellucid.report.markup import escape, percent, section

__all__ = ["figures_of", "invented"]

SHOWN = 120


def figures_of(made: Sequence[str], known: Collection[str]) -> dict[str, float]:
    """The share of ``made`` that is new, the share that is different, and the letters covered.

    ``letters`` is the share of the letters of ``known`` that occur.

    >>> figures_of(["ann", "bo", "bo"], ["ann", "otto"])
    {'new': 0.6666666666666666, 'different': 0.6666666666666666, 'letters': 0.6666666666666666}
    """
    learnt = set(known)
    there = {c for line in learnt for c in line}
    used = {c for line in made for c in line}
    return {
        "new": sum(line not in learnt for line in made) / max(len(made), 1),
        "different": len(set(made)) / max(len(made), 1),
        "letters": len(used & there) / max(len(there), 1),
    }


def invented(made: Sequence[str], known: Collection[str], temperature: float) -> str:
    """The section with what was made up, those that were learnt by heart struck pale."""
    found = figures_of(made, known)
    words = (
        f"<p>{len(made):,} texts drawn from an empty page at temperature {temperature:g}: "
        f"{percent(found['new'])} are not among those that the network learnt from, "
        f"{percent(found['different'])} are different, and they use {percent(found['letters'], 0)} "
        "of the characters. Pale: learnt by heart.</p>"
    )
    learnt = set(known)
    pale = ' style="opacity:.45"'
    told = " ".join(
        f"<span{pale if line in learnt else ''}>{escape(line)}</span>"
        for line in list(dict.fromkeys(made))[:SHOWN]
    )
    return section("invented", "What it invents", words, f'<pre class="text">{told}</pre>')
