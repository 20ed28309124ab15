"""Which classes are told apart: the confusion matrix, and precision, recall and F1 per class."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.report.findings import Findings
from pellucid.report.markup import escape, figure, number, percent, section, side_by_side, table

__all__ = ["classes"]


def classes(findings: Findings) -> str:
    """The section with the confusion matrix and the table of the classes."""
    counts = findings.metrics.get("confusion_matrix")
    rows = findings.metrics.get("classes")
    if not findings.is_classification or not counts:
        return ""
    names = [findings.class_name(i) for i in range(len(counts))]
    matrix = _confusion(np.asarray(counts), names)
    per_class = _per_class(rows, findings.metrics) if rows else ""
    wide = len(names) > 10  # then each needs the width of the page
    body = (
        f'{matrix}<div class="one">{per_class}</div>' if wide else side_by_side(matrix, per_class)
    )
    return section("classes", "Which classes it tells apart", body)


def _confusion(counts: npt.NDArray[np.int64], names: list[str]) -> str:
    rows = [
        [escape(name), *(_cell(counts[i], i, j) for j in range(len(names)))]
        for i, name in enumerate(names)
    ]
    kind = "confusion dense" if len(names) > 12 else "confusion"
    longest = min(max(len(name) for name in names), 16)
    body = table(["", *map(escape, names)], rows, kind, f"--n:{len(names)};--first:{longest + 2}ch")
    wrong = counts.sum() - np.trace(counts)
    explanation = (
        "Each row holds the examples of one true class and each column what they were taken for: "
        "blue on the diagonal is right, orange beside it is wrong, the stronger the more often"
        f"{_commonest(counts, names) if wrong else '; here nothing was wrong'}."
    )
    axes = '<span class="key">rows: true, columns: predicted</span>'
    return figure(body, "Confusion matrix", explanation, axes)


def _cell(row: npt.NDArray[np.int64], i: int, j: int) -> str:
    count, total = int(row[j]), max(int(row.sum()), 1)
    if count == 0:
        return '<span class="none">0</span>'
    kind = "right" if i == j else "wrong"
    # the square root makes a single mistake among a thousand right answers visible
    strength = (0.15 + 0.55 * count / total) if i == j else 0.12 + 0.8 * (count / total) ** 0.5
    return f'<span class="{kind}" style="--s:{min(strength, 0.9):.2f}">{count}</span>'


def _commonest(counts: npt.NDArray[np.int64], names: list[str]) -> str:
    wrong = counts - np.diag(np.diag(counts))
    i, j = np.unravel_index(int(wrong.argmax()), wrong.shape)
    times = int(wrong[i, j])
    return (
        f". Most often ({times:,} {'time' if times == 1 else 'times'}) "
        f"“{escape(names[i])}” was taken for “{escape(names[j])}”"
    )


def _per_class(rows: list[dict[str, Any]], metrics: dict[str, Any]) -> str:
    lines = [
        [
            escape(row["name"]),
            *(_bar(row[score]) for score in ("precision", "recall", "f1")),
            number(row["support"]),
        ]
        for row in rows
    ]
    lines += [
        _mean_line(metrics, "macro", "mean"),
        _mean_line(metrics, "weighted", "weighted mean"),
    ]
    body = table(
        ["class", "precision", "recall", "F1", "examples"],
        [line for line in lines if line],
        "scores",
    )
    explanation = (
        "Precision: of the examples given this name, how many deserve it. Recall: of the examples "
        "that deserve it, how many got it. F1 is high only when both are."
    )
    return figure(body, "Class by class", explanation)


def _mean_line(metrics: dict[str, Any], average: str, label: str) -> list[str]:
    scores = [metrics.get(f"{average}_{name}") for name in ("precision", "recall", "f1")]
    if None in scores:
        return []
    return [f"<em>{label}</em>", *(_bar(s) for s in scores if s is not None), ""]


def _bar(share: float) -> str:
    return f'<span class="bar" style="--w:{100 * share:.1f}%">{percent(share)}</span>'
