"""Where the network was surest and wrong: pictures, or rows of the table."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.report.findings import Findings
from pellucid.report.markup import escape, number, percent, picture, section, table
from pellucid.report.raster import grey

__all__ = ["mistakes", "worst"]

PICTURES, ROWS, COLUMNS = 24, 12, 12


def mistakes(findings: Findings) -> str:
    """The section with the most confident mistakes of a classifier; the largest errors else."""
    if findings.y_true is None:
        return ""
    if not findings.is_classification:
        return _largest_errors(findings)
    wrong = int((findings.y_true != findings.y_pred).sum())
    title = "The most confident mistakes"
    if wrong == 0:
        words = f"<p>All {len(findings.y_true):,} examples were named rightly.</p>"
        return section("mistakes", title, words)
    if findings.images is None and findings.rows is None:
        return ""
    body = _gallery(findings) if findings.images is not None else _rows_of(findings)
    return section("mistakes", title, _introduction(findings, wrong), body)


def worst(findings: Findings, most: int) -> npt.NDArray[np.int64]:
    """The places of the wrong answers, the surest first (without probabilities: in order)."""
    wrong: npt.NDArray[np.int64] = np.flatnonzero(findings.y_true != findings.y_pred)
    if findings.probabilities is None:
        return wrong[:most]
    sure = _confidence(findings)[wrong]
    return wrong[np.argsort(-sure, kind="stable")[:most]]


def _confidence(findings: Findings) -> npt.NDArray[np.float64]:
    """The probability of the class that was named, shape (N,)."""
    p: npt.NDArray[np.float64] = np.asarray(findings.probabilities, dtype=np.float64)
    return np.take_along_axis(p, findings.y_pred[:, None], axis=1)[:, 0]


def _introduction(findings: Findings, wrong: int) -> str:
    total = len(findings.y_true)
    order = "the surest first" if findings.probabilities is not None else "the first of them"
    return (
        f"<p>{wrong:,} of {total:,} examples were named wrongly; here are {order}. "
        "A mistake that a person would make too asks for more data, one that no person would make "
        "asks for a better network.</p>"
    )


def _gallery(findings: Findings) -> str:
    assert findings.images is not None
    items = []
    for i in worst(findings, PICTURES):
        true, pred, sure = _words(findings, int(i))
        said = f"read as {pred}{f' with {sure}' if sure else ''}, is {true}"
        image = picture(grey(findings.images[i]), f"example {i}: {said}")
        caption = f"<div>read as <b>{escape(pred)}</b></div><div>is <b>{escape(true)}</b></div>"
        items.append(f"<li>{image}{caption}{f'<div>{sure} sure</div>' if sure else ''}</li>")
    return '<ul class="gallery">\n' + "\n".join(items) + "\n</ul>"


def _rows_of(findings: Findings) -> str:
    lines = []
    for i in worst(findings, ROWS):
        true, pred, sure = _words(findings, int(i))
        lines.append(
            [str(i), escape(true), escape(pred), sure or "-", *_values(findings.rows, int(i))]
        )
    head = ["row", "is", "read as", "confidence", *_feature_names(findings)]
    return table(head, lines)


def _words(findings: Findings, i: int) -> tuple[str, str, str]:
    true, pred = int(findings.y_true[i]), int(findings.y_pred[i])
    sure = "" if findings.probabilities is None else percent(_confidence(findings)[i])
    return findings.class_name(true), findings.class_name(pred), sure


def _largest_errors(findings: Findings) -> str:
    if findings.rows is None or len(findings.rows) != len(findings.y_true):
        return ""
    error = findings.y_pred - findings.y_true
    lines = []
    for i in np.argsort(-np.abs(error), kind="stable")[:ROWS]:
        figures = (findings.y_true[i], findings.y_pred[i], error[i])
        lines.append(
            [str(i), *(number(float(v)) for v in figures), *_values(findings.rows, int(i))]
        )
    words = "<p>The examples that the predictions miss by most; look for what they share.</p>"
    head = ["row", "is", "predicted", "off by", *_feature_names(findings)]
    return section("mistakes", "The largest errors", words, table(head, lines))


def _feature_names(findings: Findings) -> list[str]:
    width = len(_row(findings.rows, 0))
    names = [str(name) for name in findings.features] or [f"x{i + 1}" for i in range(width)]
    return [escape(name) for name in names[: min(width, COLUMNS)]] + _more(width)


def _values(rows: Any, i: int) -> list[str]:
    row = _row(rows, i)
    values = [escape(number(v.item() if isinstance(v, np.generic) else v)) for v in row[:COLUMNS]]
    return values + ["…" for _ in _more(len(row))]


def _row(rows: Any, i: int) -> list[Any]:
    row = rows[i]
    return list(row) if isinstance(row, list | tuple | np.ndarray) else [row]


def _more(width: int) -> list[str]:
    return [f"{width - COLUMNS} more"] if width > COLUMNS else []
