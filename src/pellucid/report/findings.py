"""What a report is made of: a record, predictions and a few arrays; no network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid import metrics
from pellucid.errors import ShapeError, choose
from pellucid.metrics.inputs import class_indices
from pellucid.record import Record
from pellucid.train.task import TASKS

__all__ = ["Findings"]

Array = npt.NDArray[Any]


@dataclass
class Findings:
    """Everything that the report of one run shows; what is None is left out.

    ``task``: "classification" or "regression". ``y_true``, ``y_pred``: class indices or numbers,
    shape (N,). ``probabilities``: (N, C). ``images``: the evaluated examples, uint8 (N, H, W)
    or (N, H, W, 3).
    ``rows``: the evaluated examples as a table, (N, F), with the F names ``features``.
    ``first_weights``: (units, inputs), shown as pictures of ``image_shape`` (H, W).
    ``boundary``: for two features, a function of (M, 2) that gives class probabilities (M, C), or
    numbers (M,); ``points``: the examples to draw on it, x (N, 2) and y (N,). ``part``: what was
    measured, "test", "validation" or "training". ``metrics``: a report of :mod:`pellucid.metrics`,
    worked out here when empty, or the figures that the record has of the part.
    ``environment``: versions and machine; its "command" is shown as the way to run it again.
    Raises ShapeError where the arrays do not fit together, OptionError for an unknown task or part.

    >>> Findings("gates", "classification", {}, Record([]), ("no", "yes"), [0, 1], [0, 1]).metrics[
    ...     "accuracy"
    ... ]
    1.0
    """

    title: str
    task: str
    config: dict[str, Any]
    record: Record
    classes: tuple[str, ...] = ()
    y_true: Any = None
    y_pred: Any = None
    probabilities: Any = None
    images: Array | None = None
    rows: Any = None
    first_weights: Array | None = None
    image_shape: tuple[int, ...] | None = None
    boundary: Callable[[Array], Array] | None = None
    points: tuple[Array, Array] | None = None
    part: str = "test"
    metrics: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    features: Sequence[str] = ()
    sections: Sequence[str] = ()  # more of the page, ready as HTML

    def __post_init__(self) -> None:
        choose("Findings", self.task, TASKS)
        choose("Findings", self.part, ["test", "validation", "training"])
        self.classes = tuple(str(name) for name in self.classes)
        if self.y_true is None or self.y_pred is None:
            self.y_true = self.y_pred = self.probabilities = self.images = self.rows = None
        else:
            self._check_predictions()
            self._check_lengths()
            self.metrics = self.metrics or self._work_out()
        self._check_weights()

    @property
    def is_classification(self) -> bool:
        """Whether classes were predicted, not numbers."""
        return self.task == "classification"

    def class_name(self, index: int) -> str:
        """The name of a class; its number where it has none."""
        return self.classes[index] if index < len(self.classes) else str(index)

    def _work_out(self) -> dict[str, Any]:
        if not self.is_classification:
            return metrics.regression_report(self.y_true, self.y_pred)
        return metrics.classification_report(
            self.y_true,
            self.y_pred,
            probabilities=self.probabilities,
            target_names=self.classes or None,
        )

    def _check_predictions(self) -> None:
        """Predictions and truth as vectors; class indices that have a probability each."""
        columns = None
        if self.probabilities is not None:
            self.probabilities = _two_columns(np.asarray(self.probabilities))
            columns = self.probabilities.shape[1]
        for name in ("y_true", "y_pred"):
            values = np.asarray(getattr(self, name)).ravel()
            if self.is_classification:
                values = class_indices(f"Findings ({name})", values, columns)
            setattr(self, name, values)

    def _check_lengths(self) -> None:
        parts = {
            "y_pred": self.y_pred,
            "probabilities": self.probabilities,
            "images": self.images,
            "rows": self.rows,
        }
        for name, part in parts.items():
            if part is not None and len(part) != len(self.y_true):
                raise ShapeError(
                    "Findings",
                    got=f"{name} of length {len(part)} for {len(self.y_true)} examples",
                    needs=f"one row of {name} per example",
                )
        if self.images is None:
            return
        shape = tuple(self.images.shape)
        if len(shape) != 3 and (len(shape) != 4 or shape[3] != 3):
            raise ShapeError(
                "Findings",
                got=f"images of shape {shape}",
                needs="grey images of shape (N, H, W), or colours (N, H, W, 3)",
            )

    def _check_weights(self) -> None:
        if self.first_weights is None or self.image_shape is None:
            return
        units, inputs = self.first_weights.shape
        if inputs != int(np.prod(self.image_shape)):
            raise ShapeError(
                "Findings",
                got=f"{units} units of {inputs} inputs for images of shape {self.image_shape}",
                needs=f"{int(np.prod(self.image_shape))} inputs",
            )


def _two_columns(p: Array) -> Array:
    """Probabilities (N, C); of one class given alone, both columns."""
    if p.ndim == 2 and p.shape[1] > 1:
        return p
    return np.stack([1 - p.ravel(), p.ravel()], axis=1)
