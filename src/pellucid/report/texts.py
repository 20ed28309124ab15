"""What a network wrote after each epoch: the first, the middle and the last texts."""

from __future__ import annotations

from pellucid.record import Record
from pellucid.report.markup import escape, fold, section

__all__ = ["texts"]

SHOWN = 4  # epochs whose texts are open; the others are folded away


def texts(record: Record, title: str, words: str) -> str:
    """A section with the samples that the record holds; nothing where it holds none."""
    samples = [(e["epoch"], e["sample"]) for e in record.epochs() if e.get("sample")]
    if not samples:
        return ""
    step = max(1, (len(samples) - 1) // (SHOWN - 1)) if len(samples) > 1 else 1
    shown = [*samples[:-1:step][: SHOWN - 1], samples[-1]]
    rest = [sample for sample in samples if sample not in shown]
    parts = [f"<p>{words}.</p>", *(_text(*sample) for sample in shown)]
    if rest:
        parts.append(fold("The other epochs", "\n".join(_text(*sample) for sample in rest)))
    return section("texts", title, *parts)


def _text(epoch: int, text: str) -> str:
    return f'<h3>Epoch {epoch}</h3>\n<pre class="text">{escape(text)}</pre>'
