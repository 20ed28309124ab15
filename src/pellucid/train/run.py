"""A training run: the network, its record and its folder; loading one, predicting, evaluating."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid import durable, interop, models, nn
from pellucid.data import Arrays, Preparation
from pellucid.data.series_windows import Scaling
from pellucid.data.words import preparation_from
from pellucid.errors import DataError, FormatError, OptionError, RunError, ShapeError
from pellucid.nn import Module
from pellucid.record import Record
from pellucid.train.measure import outputs_of
from pellucid.train.parts import Part, Problem, Source, make_part, refuse_bad_numbers
from pellucid.train.picture_task import Pictures
from pellucid.train.settings import Settings
from pellucid.train.task import answers, probabilities

__all__ = ["CONFIG", "FORMAT", "Run", "load", "read_config", "write_config"]

Array = NDArray[Any]
FORMAT = "pellucid run 1"
CONFIG, INITIAL, WEIGHTS, CHECKPOINT, RECORD = (
    "config.json",
    "initial.safetensors",  # the weights before the first step
    "weights.safetensors",
    "checkpoint.safetensors",
    "record.jsonl",
)


@dataclass
class Run:
    """What :func:`pellucid.fit` returns and :func:`pellucid.load` reads."""

    model: Module
    record: Record
    problem: Problem
    settings: Settings
    best_epoch: int | None
    folder: Path | None = None

    @property
    def task(self) -> str:
        """ "classification" or "regression"."""
        return self.problem.task

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; empty for a regression."""
        return self.problem.classes

    def outputs(self, x: ArrayLike) -> Array:
        """The network's own outputs (logits, or numbers in the units it was trained in)."""
        return outputs_of(self.model, self._part(np.asarray(x)), self.problem.kind)

    def predict(self, x: ArrayLike) -> Array:
        """Class names (whole numbers where all names are), or numbers in the target's units, (N,).

        ``x`` are raw samples, as they were before training: images (N, H, W), table rows (N, F).
        """
        outputs = self.outputs(x)
        if isinstance(self.problem.kind, Pictures):
            return self.problem.kind.shown(outputs, self.problem)
        if self.task == "classification":
            return self.labels[answers(outputs)]
        values = outputs[:, 0] if outputs.ndim == 2 and outputs.shape[1] == 1 else outputs
        preparation = self.problem.preparation
        return values if preparation is None else preparation.inverse_target(values)

    def predict_proba(self, x: ArrayLike) -> Array:
        """The probability of every class, (N, C). Raises OptionError for a regression."""
        if self.task != "classification":
            raise OptionError("predict_proba", got=self.problem.kind.title, needs="a classifier")
        return probabilities(self.outputs(x))

    @property
    def labels(self) -> Array:
        """The classes as an array, whole numbers where all their names are."""
        if all(name.lstrip("-").isdigit() for name in self.classes):
            return np.array([int(name) for name in self.classes])
        return np.array(self.classes)

    def evaluate(self, data: Source) -> dict[str, Any]:
        """All the metrics on data with known answers: Data, or a pair of arrays (x, y)."""
        measured = data.measured() if isinstance(data, Arrays) else data
        part = make_part("evaluation", measured, self.problem)
        kind = self.problem.kind
        y = part.targets(slice(None))
        found = kind.report(outputs_of(self.model, part, kind), y, self.problem)
        return found | kind.beside(self.model, len(part))

    def _part(self, x: Array) -> Part:
        preparation = self.problem.preparation
        sample = None if preparation is None else preparation.shape
        if sample is not None and x.shape == sample:
            raise ShapeError(
                "predict",
                got=f"one sample of shape {x.shape}",
                needs=f"a batch of samples, shape {('N', *sample)}",
                try_="x[np.newaxis]",
            )
        if not len(x):
            raise DataError("predict", got="no rows", needs="at least one")
        if x.dtype.kind == "f" and (preparation is None or preparation.fills is None):
            refuse_bad_numbers("predict", x)
        if preparation is None:
            x = x.astype(self.problem.dtype) if x.dtype.kind == "f" else x
            return Part(x, x)
        if preparation.columns:
            return Part(preparation.transform(x, self.problem.dtype), x)
        return Part(x, x, lambda batch: preparation.transform(batch, self.problem.dtype))

    def __repr__(self) -> str:
        where = f", {self.folder}" if self.folder else ""
        return (
            f"Run({self.task}, {len(self.record.epochs())} epochs, best {self.best_epoch}{where})"
        )


def load(folder: str | Path, model: Module | None = None) -> Run:
    """Read a run folder: the network with its best weights, ready to predict.

    ``model`` is needed for a network of your own whose class Pellucid does not know (it must have
    been built with the same arguments). No code in the folder is ever run. Raises RunError and
    FormatError for a folder that is no run, or a damaged one.
    """
    folder = Path(folder)
    config = read_config(folder)
    problem, settings = problem_from(config), Settings.from_json(config["settings"])
    model = model or build_model(config)
    if not (folder / WEIGHTS).exists():
        raise RunError(
            f"run {folder}",
            got="no weights yet: it has not finished an epoch",
            needs="weights.safetensors",
            try_=f"pellucid resume {folder}",
        )
    interop.load_weights(model, folder / WEIGHTS)
    record = Record.read(folder / RECORD)
    return Run(model.eval(), record, problem, settings, record.best_epoch, folder)


def build_model(config: dict[str, Any]) -> Module:
    """The network of a run folder, with fresh weights."""
    if config.get("model") is None:
        raise RunError(
            "loading a run",
            got="a network of a class that could not be written down",
            needs="the network itself",
            try_="pellucid.load(folder, model=MyNet(...))",
        )
    assert models.MODELS  # loaded, so that nn.rebuild knows them
    return nn.rebuild(config["model"]).to(np.dtype(config["dtype"]))


def _preparation(content: Any) -> Preparation:
    """The preparation that was written down: of a series, of sentences, or of samples."""
    return Scaling.from_json(content) if "log" in content else preparation_from(content)


def problem_from(config: dict[str, Any]) -> Problem:
    """What the run learnt, from its configuration."""
    content = config["preparation"]
    preparation = None if content is None else _preparation(content)
    return Problem(
        config["task"],
        tuple(config["classes"]),
        preparation,
        np.dtype(config["dtype"]),
        config["columns"],
        _inputs(config.get("inputs")),
    )


def _inputs(content: Any) -> tuple[tuple[int, ...], str] | None:
    return None if content is None else (tuple(content[0]), np.dtype(content[1]).name)


def write_config(folder: Path, content: dict[str, Any]) -> None:
    """Write ``config.json``: everything a new process needs to load or resume the run."""
    durable.write_text(folder / CONFIG, json.dumps({"format": FORMAT, **content}, indent=1) + "\n")


def read_config(folder: Path) -> dict[str, Any]:
    """Read ``config.json``; raises RunError where there is none, FormatError for a damaged one."""
    path = folder / CONFIG
    if not path.is_file():
        if folder.is_file():
            advice = "pellucid.load_weights(model, path) for a file of weights"
            raise RunError(f"run {folder}", got="a file", needs="a run folder", try_=advice)
        what = "a folder without config.json" if folder.is_dir() else "no such folder"
        raise RunError(f"run {folder}", got=what, needs="a run folder", try_="pellucid runs")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        known = content.get("format")
    except (ValueError, AttributeError) as error:
        raise FormatError(
            str(path), got=f"no whole JSON ({error})", needs="a run's config"
        ) from None
    if known != FORMAT:
        raise FormatError(
            str(path),
            got=f"format {known!r}",
            needs=f"format {FORMAT!r}",
            try_="the version of Pellucid that wrote it",
        )
    missing = [
        name
        for name in ("settings", "model", "dtype", "task", "classes", "preparation", "columns")
        if name not in content
    ]
    if missing:
        raise FormatError(
            str(path), got="no " + ", ".join(missing), needs="all entries of a run's config"
        )
    return content  # type: ignore[no-any-return]
