"""The data of a run: how they were loaded and cut, so that the same parts are there again later."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid import data as sets
from pellucid.data import Data, Split
from pellucid.data.catalogue import NAMES, TEXTS
from pellucid.errors import DataError, FormatError, RunError

__all__ = ["Source", "automatic", "fingerprint", "part_named"]

Progress = Callable[[str, int, int | None], None]
NAMED = (*NAMES, *TEXTS)  # data that need no path
PATIENCE = 5.0  # seconds that `auto` waits for MNIST
LOADING = ("data_dir", "target", "task", "impute", "noise", "samples")
PARTS = ("test", "validation", "train")


@dataclass(frozen=True)
class Source:
    """Everything that :func:`pellucid.data.load` and ``split`` were told."""

    name: str  # of a set, or a path
    data_dir: str | None = None
    target: str | None = None
    task: str | None = None
    impute: str | None = None
    noise: float | None = None
    samples: int | None = None
    seed: int = 0
    validation: float = 0.1
    test: float = 0.2
    fingerprint: str | None = None  # of all the numbers, once they were loaded
    job: str = "samples"  # the kind of work; see cli/jobs
    options: dict[str, Any] = field(default_factory=dict)  # what that work was told of its data

    @classmethod
    def chosen(cls, name: str, seed: int, given: Mapping[str, Any]) -> Source:
        """What the user said about the data; the shares of the parts come later."""
        options = {k: given[k] for k in LOADING if k in given}
        if "data_dir" in options:
            options["data_dir"] = str(options["data_dir"])
        return cls(name, seed=seed, **options)

    def path(self) -> Path:
        """The file or folder that is named; raises DataError where there is none."""
        path = Path(self.name).expanduser()
        if not path.exists():
            raise DataError(f"data {self.name}", got="no such file", needs="a file or a folder")
        return path

    def load(self, progress: Progress | None = None, patience: float | None = None) -> Data:
        """The whole set."""
        return sets.load(
            self.name,
            data_dir=self.data_dir,
            target=self.target,
            task=self.task,
            impute=self.impute,
            noise=self.noise,
            samples=self.samples,
            seed=self.seed,
            progress=progress,
            patience=patience,
            resize=self.options.get("resize"),
            skip_broken=self.options.get("skip_broken"),
        )

    def recognise(self, found: str, what: str) -> None:
        """Raise RunError where the data are not what they were in training."""
        if self.fingerprint is not None and self.fingerprint != found:
            raise RunError(
                f"data {self.name}",
                got=f"{what} that are not those the run was trained on",
                needs="the same data, so that no test row was trained on",
                try_="pellucid evaluate RUN --data FILE for new data",
            )

    def split(self, data: Data) -> Split:
        """The three parts, the same each time."""
        return sets.split(data, self.validation, self.test, self.seed)

    def settled(self, found: str) -> Source:
        """With the fingerprint of what was loaded, and paths that hold in any folder."""
        path = Path(self.name).expanduser()
        named = self.name.lower().replace("_", "-") in NAMED  # else mnist/ might be a path, too
        name = self.name if named or not path.exists() else str(path.resolve())
        given = self.data_dir or os.environ.get("PELLUCID_DATA")
        folder = str(Path(given).expanduser().resolve()) if given else None
        return replace(self, name=name, data_dir=folder, fingerprint=found)

    def to_json(self) -> dict[str, Any]:
        """Plain data for the run's configuration."""
        return asdict(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], folder: Path) -> Source:
        """What `pellucid train` wrote down; raises RunError for a run that was made elsewhere."""
        content = (config.get("note") or {}).get("data")
        if not isinstance(content, dict):
            raise RunError(
                f"run {folder}",
                got="no note of its data: it was not made by pellucid train",
                needs="the data",
                try_=f"pellucid evaluate {folder} --data FILE",
            )
        try:
            return cls(**content)
        except TypeError as error:
            raise FormatError(
                f"{folder}/config.json", got=str(error), needs="data as pellucid train notes them"
            ) from error


def fingerprint(data: Data) -> str:
    """16 hexadecimal digits that change with any number of the set or its test part."""
    digest = hashlib.blake2b(digest_size=8)
    for part in (data, data.test):
        if part is not None:
            digest.update(repr((part.x.shape, part.x.dtype.str, part.classes)).encode())
            digest.update(np.ascontiguousarray(part.x).data)
            digest.update(np.ascontiguousarray(part.y).data)
    return digest.hexdigest()


def automatic(source: Source, progress: Progress | None) -> tuple[Source, Data, str]:
    """MNIST where it is at hand within seconds, else the embedded digits; and which and why."""
    try:
        mnist = replace(source, name="mnist")
        data = mnist.load(progress, PATIENCE)
        return mnist, data, f"MNIST, {data.source.rpartition('; ')[2]}"
    except (DataError, FormatError) as error:
        if isinstance(error, FormatError):
            why = f"the MNIST found is damaged ({error.got})"
        else:
            why = f"MNIST was not found here nor fetched within {PATIENCE:g} s"
        digits = replace(source, name="digits")
        return digits, digits.load(), f"the embedded digits, since {why}"


def part_named(split: Split, name: str) -> Data:
    """The part called test, validation or train; raises DataError where the run has none."""
    part: Data | None = getattr(split, name)
    if part is None:
        there = [p for p in PARTS if getattr(split, p) is not None]
        raise DataError(
            f"the {name} part",
            got="none: nothing was kept back for it",
            needs="a part that is there: " + ", ".join(there),
            try_=f"--on {there[0]}",
        )
    return part
