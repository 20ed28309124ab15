"""The first screen: the title, one sentence, and the figures that matter."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.record import number as as_float
from pellucid.report.findings import Findings
from pellucid.report.markup import escape, number, percent, seconds

__all__ = ["headline"]


def headline(findings: Findings) -> str:
    """The page's head."""
    cards = "\n".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in _figures(findings)
    )
    lead = _sentence(findings).replace(" %", "&nbsp;%")  # which no line begins with
    return (
        f'<header>\n<p class="kind">Pellucid report</p>\n<h1>{escape(findings.title)}</h1>\n'
        f'<p class="lead">{lead}</p>\n{_alarm(findings)}'
        f'<dl class="cards">\n{cards}\n</dl>\n</header>\n'
    )


def _sentence(findings: Findings) -> str:
    """What was measured on which examples."""
    if findings.y_true is not None:
        return _of_examples(findings)
    found = {name: value for name, value in findings.metrics.items() if _is_number(value)}
    said = _said(findings.task, found)
    if not said:
        return "How this network learnt; no epoch was finished, so nothing was measured."
    one, many = _UNITS.get(findings.task, ("example", "examples"))
    count, epoch = found.get("samples"), findings.record.kept.get("epoch")
    units = many if count is None else f"{count:,} {one if count == 1 else many}"
    network = "the network" if findings.part == "test" else f"the network of epoch {epoch}"
    who = f"the critic of {network}" if findings.task == "adversarial" else network
    return f"On {units} {_WHOSE[findings.part]}, {who} {said}."


_UNITS = {
    "tokens": ("character", "characters"),
    "translation": ("text", "texts"),
    "series": ("stretch of time", "stretches of time"),
    "pictures": ("picture", "pictures"),
    "variational": ("picture", "pictures"),
    "adversarial": ("picture", "pictures"),
}
_WHOSE = {
    "test": "that it had never seen",
    "validation": "that it did not learn from, though training was steered by them",
    "training": "that it learnt from",
}


def _of_examples(findings: Findings) -> str:
    """How many answers were right, or how far off they were."""
    count, whose = f"{len(findings.y_true):,}", _WHOSE[findings.part]
    if findings.is_classification:
        right = int((findings.y_true == findings.y_pred).sum())
        return f"Of {count} examples {whose}, the network got {right:,} right."
    off = number(findings.metrics.get("mae"))
    return f"On {count} examples {whose}, the network was off by {off} on average."


def _said(task: str, found: dict[str, Any]) -> str:
    """The figures of a part in words; nothing where there are none."""
    if "recognised" in found:
        said = f"called {percent(found['recognised'])} real"
        if "deceived" not in found:
            return said
        return f"{said}, and {percent(found['deceived'])} of as many made ones"
    if "accuracy" in found:
        return _share(task, found)
    if "mae" in found:
        return f"was off by {number(found['mae'])} a row"
    if "rmse" not in found:
        return ""
    unit = " (RMSE)" if task == "regression" else " a pixel, where black is 0 and white is 1"
    return f"was off by {number(found['rmse'])}{unit}"


def _share(task: str, found: dict[str, Any]) -> str:
    share = percent(found["accuracy"])
    if task == "translation":
        return f"translated {share} without a single wrong character"
    if task != "tokens":
        return f"got {share} right"
    if "loss" not in found:
        return f"foresaw {share}"
    among = np.exp(min(found["loss"], 50.0))
    return f"foresaw {share} and hesitated among {among:,.1f} on average"


def _figures(findings: Findings) -> list[tuple[str, str]]:
    """The cards: name and text."""
    part, found = findings.part, findings.metrics
    shares = {"accuracy": f"{part} accuracy", "balanced_accuracy": "balanced accuracy"}
    shares |= {"token_accuracy": "characters right"}
    shares |= {"recognised": "real called real", "deceived": "made called real"}
    plain = {"log_loss": f"{part} loss", "loss": f"{part} loss", "kl": "KL divergence"}
    plain |= {"rmse": f"{part} RMSE", "mae": "mean error", "r2": "R²"}
    cards = [(text, percent(found[k], 2)) for k, text in shares.items() if _is_number(found.get(k))]
    cards += [(text, number(found[k])) for k, text in plain.items() if _is_number(found.get(k))]
    if _is_number(found.get("roc_auc")):
        cards.append(("area under ROC", f"{found['roc_auc']:.4f}"))
    return cards + _training(findings)


def _training(findings: Findings) -> list[tuple[str, str]]:
    record = findings.record
    epochs = record.epochs()
    cards = [("epochs", str(len(epochs)))] if epochs else []
    if record.best_epoch is not None:
        cards.append(("best epoch", str(record.best_epoch)))
    times = [as_float(e["seconds"]) for e in epochs if e.get("seconds") is not None]
    if times and np.isfinite(times).all():
        cards.append(("training time", seconds(sum(times))))
    if record.start.get("parameters") is not None:
        cards.append(("parameters", number(record.start["parameters"])))
    return cards


def _alarm(findings: Findings) -> str:
    """What must not be overlooked: a run that met a number that is not finite."""
    found = findings.record.of("nonfinite")
    if not found:
        return ""
    event = found[-1]
    where = f"step {event.get('step')}, layer {event.get('layer')}, {event.get('operation')}"
    cause = f" Likely cause: {event['cause']}" if event.get("cause") else ""
    return (
        '<p class="alarm"><b>Training stopped at a number that is not finite</b> '
        f"({escape(where)}: {escape(event.get('value'))}).{escape(cause)}</p>\n"
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
