"""Builds the findings of a run from its network, its record and the parts of its data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid import nn
from pellucid.data import Arrays, Data, Split
from pellucid.errors import RunError
from pellucid.record import Event, Record
from pellucid.report.findings import Findings
from pellucid.report.page import write
from pellucid.train import Run
from pellucid.train.run import read_config
from pellucid.train.task import answers, probabilities

__all__ = ["NAME", "findings_of", "last_figures", "write_report"]

NAME = "report.html"
SAMPLES = ("classification", "regression")  # tasks with an answer a sample
MOST_POINTS = 1000  # drawn on a decision boundary


def write_report(run: Run, parts: Split, sections: Sequence[str] = ()) -> Path:
    """Write ``report.html`` into the run's folder and return its path.

    What is shown is measured on the test part, or on the validation part where there is no test;
    ``sections`` are more parts of the page, ready as HTML.
    Raises RunError for a run that has no folder.
    """
    if run.folder is None:
        raise RunError("report", got="a run without a folder", needs="fit(..., out=FOLDER)")
    path = run.folder / NAME
    write(replace(findings_of(run, parts), sections=tuple(sections)), path)
    return path


def findings_of(run: Run, parts: Split) -> Findings:
    """Everything that the report shows of a run."""
    config = {} if run.folder is None else read_config(run.folder)
    note = config.get("note") or {}
    part, data = _measured(parts)
    if run.task not in SAMPLES:
        return Findings(
            title=run.folder.name if run.folder is not None else run.task,
            task=run.task,
            config=_chosen(run),
            record=run.record,
            environment=_environment(run, note.get("command")),
            **last_figures(run.record),
        )
    return Findings(
        title=run.folder.name if run.folder is not None else parts.train.name,
        task=run.task,
        config={**_chosen(run), "data": parts.train.source},
        record=run.record,
        classes=run.classes,
        environment=_environment(run, note.get("command")),
        **(last_figures(run.record) if data is None else {"part": part}),
        **_predictions(run, data),
        **_first_layer(run),
        **_boundary(run, parts.train if data is None else data),
    )


def last_figures(record: Record) -> dict[str, Any]:
    """The part and the metrics of the test, or of the epoch whose weights were kept.

    That epoch was measured on the validation part, or on the training part where there is none.
    """
    tests, kept = record.of("test"), record.kept
    if tests:
        return {"part": "test", "metrics": _named_with("", tests[-1])}
    part = "validation" if "validation_loss" in kept else "training"
    metrics = _named_with({"training": "train_"}.get(part, "validation_"), kept)
    return {"part": part, "metrics": metrics} if metrics else {}


def _named_with(start: str, event: Event) -> dict[str, Any]:
    """The fields whose names begin so, under the rest of their names."""
    names = [k for k in event if k.startswith(start) and k not in ("event", "time")]
    return {name.removeprefix(start): event[name] for name in names}


def _measured(parts: Split) -> tuple[str, Data | None]:
    return ("test", parts.test) if parts.test is not None else ("validation", parts.validation)


def _chosen(run: Run) -> dict[str, Any]:
    """The settings that say something."""
    settings = run.settings.to_json()
    return {name: value for name, value in settings.items() if value not in (None, {}, 0.0, "")}


def _environment(run: Run, command: str | None) -> dict[str, Any]:
    names = ("pellucid", "numpy", "python", "platform", "cores", "threads")
    known = {name: run.record.start[name] for name in names if name in run.record.start}
    return known | ({"command": command} if command else {})


def _predictions(run: Run, data: Data | None) -> dict[str, Any]:
    """Truth and prediction of every example, and the example itself."""
    if data is None:
        return {}
    shown = _shown(data)
    if run.task == "regression":
        return {"y_true": data.y, "y_pred": run.predict(data.x), **_named(data), **shown}
    outputs = run.outputs(data.x)
    predicted = {"y_pred": answers(outputs), "probabilities": probabilities(outputs)}
    return {"y_true": data.y, **predicted, **_named(data), **shown}


def _shown(data: Data | Arrays) -> dict[str, Any]:
    """The examples as pictures or rows; other kinds of work show their own."""
    if not isinstance(data, Data):
        return {}
    return {"images": _bright(data.x)} if data.is_images else {"rows": data.x}


def _named(data: Data | Arrays) -> dict[str, Any]:
    return {"features": data.features} if isinstance(data, Data) and data.features else {}


def _bright(images: Any) -> Any:
    """(N, H, W), or colours (N, H, W, 3), stretched so that the brightest pixel is white."""
    if images.ndim == 4 and images.shape[3] != 3:
        images = images.mean(axis=3)
    if images.max() == 255:
        return images.astype(np.uint8, copy=False)
    return np.rint(images * (255.0 / max(float(images.max()), 1.0))).astype(np.uint8)


def _first_layer(run: Run) -> dict[str, Any]:
    """The first linear layer's weights, where its inputs are the pixels of an image."""
    preparation = run.problem.preparation
    layer = next((m for m in run.model.modules() if isinstance(m, nn.Linear)), None)
    flat = preparation is not None and preparation.flatten
    if layer is None or preparation is None or not flat or len(preparation.shape) != 2:
        return {}
    if layer.in_features != int(np.prod(preparation.shape)):
        return {}
    return {"first_weights": layer.weight.data, "image_shape": preparation.shape}


def _boundary(run: Run, data: Data) -> dict[str, Any]:
    """What the network says in the plane of two features, and the examples there."""
    if not isinstance(data, Data) or data.is_images or data.shape != (2,):
        return {}
    if any(column.is_text for column in data.columns) or np.isnan(data.x).any():
        return {}
    ask = run.predict if run.task == "regression" else run.predict_proba
    rows = slice(MOST_POINTS)
    return {"boundary": ask, "points": (data.x[rows], data.y[rows])}
