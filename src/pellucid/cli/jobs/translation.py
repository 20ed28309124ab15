"""Translation: a network reads a text and writes another, character by character."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.cli.configure import numbers
from pellucid.cli.jobs.base import RECURRENT, TRANSFORMER, Job, Progress, digest
from pellucid.cli.plan import Plan, fit_arguments
from pellucid.cli.recipes import COMMON
from pellucid.data import Split
from pellucid.data.dates import dates
from pellucid.data.pairs import Pairs, encoded, looks_like_pairs, read_pairs
from pellucid.errors import OptionError
from pellucid.models.translator import Translator
from pellucid.report.translation import Shown, alignments, translations
from pellucid.train import Run
from pellucid.train.task import log_probabilities, wholly_right

if TYPE_CHECKING:
    from pellucid.cli.choices import Choices
    from pellucid.cli.source import Source

__all__ = ["TranslationJob"]

TABLES = (".tsv", ".csv")
TRAINING: dict[str, Any] = {
    "test": 0.1,
    "batch_size": "64",
    "optimizer": "adam",
    "schedule": "onecycle",
    "clip_norm": 1.0,
}
RECIPES: dict[str, dict[str, Any]] = {
    "transformer": {
        "model": "transformer",
        "width": 64,
        "heads": 4,
        "layers": "2",
        "lr": 0.004,
        "epochs": 10,
    },
    "lstm-attention": {
        "model": "lstm-attention",
        "layers": "1",
        "embedding": 32,
        "hidden": 64,
        "lr": 0.01,
        "epochs": 5,
    },
}


class TranslationJob(Job):
    """Pairs of texts: the made set "dates", or a file of two columns."""

    name = "translation"
    networks: ClassVar = {"transformer": TRANSFORMER, "lstm-attention": RECURRENT}
    has = ("samples",)
    unit = "pairs"
    kinds = ("pairs", "tables", "texts")

    def takes(self, data: str, given: Mapping[str, Any]) -> bool:
        if data.lower() == "dates":
            return True
        path = Path(data).expanduser()
        table = path.suffix.lower() in TABLES and path.is_file()
        return table and not given.keys() & {"target", "task"} and looks_like_pairs(path)

    def load(self, source: Source, progress: Progress | None = None) -> Pairs:
        if source.name.lower() == "dates":
            return dates(source.samples, source.seed)
        if source.samples is not None:
            raise OptionError(
                f"data {source.name}", got="the option 'samples'", needs="dates, which are made"
            )
        return read_pairs(source.path())

    def fingerprint(self, data: Pairs) -> str:
        return digest(data.sources, data.targets)

    def split(self, source: Source, data: Pairs) -> Split:
        return data.split(source.validation, source.test, source.seed)

    def other(self, source: Source, run: Run) -> Any:
        spelling = Translator(run.model, run.classes).spelling  # type: ignore[arg-type]
        made = source.name.lower() == "dates"
        pairs = self.load(source if made else replace(source, samples=None))
        return encoded(spelling, pairs.sources, pairs.targets, pairs.name, pairs.source)

    def recipe(self, data: Pairs, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        kind = str(given.get("model") or "transformer")
        return f"pairs, {kind}", COMMON | TRAINING | RECIPES[kind]

    def plan(self, choices: Choices, data: Pairs, parts: Split) -> Plan:
        vocabulary = data.spelling.vocabulary
        arguments = fit_arguments(choices) | {"task": "translation", "classes": vocabulary}
        return Plan(self._network(choices, data), None, arguments)

    def _network(self, choices: Choices, data: Pairs) -> dict[str, Any]:
        spelling = data.spelling
        sizes = {
            "vocabulary": len(spelling.vocabulary),
            "source": spelling.source,
            "target": spelling.target,
        }
        if choices.model == "transformer":
            own = {"layers": _layers(choices), "heads": choices.heads, "width": choices.width}
        else:
            if _layers(choices) != 1:
                raise OptionError(
                    "--layers",
                    got=str(choices.layers),
                    needs="1: this LSTM has one layer that reads and one that writes",
                    try_="--hidden for a larger one",
                )
            own = {"embedding": choices.embedding, "hidden": choices.hidden}
        name = {"transformer": "translation-transformer"}.get(str(choices.model))
        return {
            "model": name or "translation-lstm",
            **sizes,
            **own,
            "dropout": choices.dropout or 0.0,
        }

    def described(self, data: Pairs, parts: Split) -> str:
        spelling = data.spelling
        words = (
            f"{data.name}: {len(data):,} pairs of {len(spelling.vocabulary) - 3} different "
            f"characters, at most {spelling.source} to {spelling.target - 1}"
        )
        sizes = [f"{len(p):,} {u}" for p, u in zip(parts, _USES, strict=True) if p is not None]
        return f"{words}; {', '.join(sizes)}"

    def sections(self, run: Run, parts: Split) -> list[str]:
        part, name = (parts.test, "test") if parts.test else (parts.validation, "validation")
        return [] if part is None else _sections(run, part, name)

    def next(self, run: Run) -> list[tuple[str, str]]:
        text = '"3 march 1987"' if run.folder and run.folder.name.startswith("dates") else '"TEXT"'
        return [("next", f"pellucid translate {run.folder} {text}")]


def _sections(run: Run, part: Any, name: str) -> list[str]:
    """Translations and attention maps of the part, or of its beginning."""
    x, y = part.x[:MOST], part.y[:MOST]
    outputs, translator = run.outputs(x), Translator(run.model, run.classes)  # type: ignore[arg-type]
    right, logs = wholly_right(outputs, y), log_probabilities(outputs, y)
    spelling = translator.spelling
    sources = [spelling.text(row[: spelling.source]) for row in x]
    targets = [spelling.text(row) for row in y]

    def shown(rows: Any) -> list[Shown]:
        found = translator.translate([sources[i] for i in rows]) if len(rows) else []
        pairs = zip(rows, found, strict=True)
        return [Shown(sources[i], t.text, targets[i], t.probability) for i, t in pairs]

    wrong = sorted(shown(np.flatnonzero(~right)[:MOST_WRONG]), key=lambda s: -s.probability)
    rows = np.flatnonzero(right)
    unsure = shown(rows[np.argsort(logs[rows], kind="stable")][:SHOWN])
    drawn = [i for i in rows.tolist() if len(sources[i]) <= WIDEST]
    by_length = sorted(drawn, key=lambda i: -len(sources[i]))
    maps = [
        (sources[i], targets[i], translator.alignment(sources[i], targets[i])[-1].mean(axis=0))
        for i in by_length[:: max(1, len(by_length) // MAPS)][:MAPS]
    ]
    figures = int(right.sum()), len(right)
    return [translations(wrong[:SHOWN], unsure, figures, name), alignments(maps, _WHERE)]


MOST, MOST_WRONG = 5000, 500  # pairs that are looked at for the report
SHOWN, MAPS, WIDEST = 8, 3, 60  # examples, maps, characters of a source that fit in a map
_WHERE = (
    "While it writes a character the network looks back at the source. The weights are those of "
    "its last attention, the mean of its heads, in translations that are right."
)
_USES = ("to train", "to validate", "to test")


def _layers(choices: Choices) -> int:
    found = numbers("--layers", choices.layers or "2", int, 1)
    if found[0] < 1:
        raise OptionError("--layers", got=str(choices.layers), needs="how many layers, from 1")
    return int(found[0])
