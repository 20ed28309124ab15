"""What a kind of work is to the commands: how its data are read, what network, what is shown."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.cli.plan import Plan
from pellucid.data.fetch import PUBLISHED
from pellucid.data.toy import TOYS
from pellucid.train import Listener, Run

if TYPE_CHECKING:
    from pellucid.cli.choices import Choices
    from pellucid.cli.source import Source

__all__ = [
    "OF_NETWORKS",
    "OF_SAMPLES",
    "RECURRENT",
    "TEXTS",
    "TRANSFORMER",
    "Job",
    "Progress",
    "digest",
    "kind_of",
]

# options that not every kind of work has: of samples, and of networks
OF_SAMPLES = (
    *("target", "task", "impute", "noise", "samples", "scale", "class_weights"),
    *("augment_shift", "augment_rotate", "augment_flip", "augment_crop", "augment_noise"),
)
OF_NETWORKS = (
    *("layers", "embedding", "hidden", "width", "heads", "patch", "pooling", "latent"),
    *("activation", "init", "dropout", "batch_norm"),
)
RECURRENT = ("embedding", "hidden", "layers", "dropout")
TRANSFORMER = ("width", "heads", "layers", "dropout")
TEXTS = (".txt", ".text", ".md")

Progress = Callable[[str, int, int | None], None]


class Job:
    """A kind of work. To add one: a file here, its network in pellucid.models, its task in train.

    ``name`` is what a run's folder notes; ``networks`` are the values of --model that mean this
    work, each with the options that its network has; ``reads`` are the options that decide what the
    data are (they go into the folder, so that the same data are there again); ``has`` are those of
    OF_SAMPLES that mean something; ``kinds`` are the data it can learn from, as :func:`kind_of`
    says.
    """

    name: ClassVar[str]
    networks: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    unit: ClassVar[str] = "rows"  # what len(data) counts
    reads: ClassVar[tuple[str, ...]] = ()
    has: ClassVar[tuple[str, ...]] = ()
    recipes: ClassVar[tuple[str, ...]] = ()  # that --recipe may name
    kinds: ClassVar[tuple[str, ...]] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """The values of --model that mean this work."""
        return tuple(self.networks)

    def takes(self, data: str, given: Mapping[str, Any]) -> bool:
        """Whether this work is meant by DATA alone, where no --model was named."""
        raise NotImplementedError

    def load(self, source: Source, progress: Progress | None = None) -> Any:
        """The data."""
        raise NotImplementedError

    def fingerprint(self, data: Any) -> str:
        """16 hexadecimal digits that change with any number of the data."""
        raise NotImplementedError

    def split(self, source: Source, data: Any) -> Any:
        """Training, validation and test part, the same each time."""
        raise NotImplementedError

    def other(self, source: Source, run: Run) -> Any:
        """Other data with known answers, as the run takes them, to measure it on."""
        raise NotImplementedError

    def recipe(self, data: Any, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """What is done unless the user says otherwise, and the name of that recipe."""
        raise NotImplementedError

    def plan(self, choices: Choices, data: Any, parts: Any) -> Plan:
        """The network and the arguments of fit."""
        raise NotImplementedError

    def described(self, data: Any, parts: Any) -> str:
        """The data in a line."""
        raise NotImplementedError

    def notes(self, data: Any) -> tuple[str, ...]:
        """What was decided for the user while reading."""
        return tuple(getattr(data, "notes", ()))

    def network(self, plan: Plan) -> str:
        """The network in a few words."""
        options = {k: v for k, v in plan.network.items() if k not in ("model", "vocabulary")}
        words = [f"{k.replace('_', ' ')} {v}" for k, v in options.items() if v]
        return ", ".join([str(plan.network.get("model", "mlp")), *words])

    def listeners(self) -> list[Listener]:
        """Who else is told of the training."""
        return []

    def sections(self, run: Run, parts: Any) -> list[str]:
        """What the report shows of this work, as HTML."""
        return []

    def next(self, run: Run) -> list[tuple[str, str]]:
        """What to do with the run."""
        return [("next", f"pellucid evaluate {run.folder}")]


def kind_of(data: str) -> str | None:
    """What DATA are, by their name alone; None where that does not tell.

    >>> kind_of("dates"), kind_of("story.txt"), kind_of("story")
    ('pairs', 'texts', None)
    """
    named = NAMED.get(data.lower().replace("_", "-"))
    if named is not None or Path(data).expanduser().is_dir():
        return named or "pictures"
    return SUFFIXES.get(Path(data).suffix.lower())


NAMED = {"dates": "pairs", "sentiment": "sentences", "digits": "pictures"}
NAMED |= dict.fromkeys(PUBLISHED, "pictures") | dict.fromkeys(TOYS, "arrays")
SUFFIXES = {".npz": "arrays", ".zip": "pictures"}
SUFFIXES |= dict.fromkeys((".csv", ".tsv"), "tables") | dict.fromkeys(TEXTS, "texts")


def digest(*arrays: Any) -> str:
    """A fingerprint of arrays and texts."""
    found = hashlib.blake2b(digest_size=8)
    for array in arrays:
        if isinstance(array, np.ndarray):
            found.update(repr((array.shape, array.dtype.str)).encode())
            found.update(np.ascontiguousarray(array).data)
        else:
            found.update(repr(array).encode())
    return found.hexdigest()
