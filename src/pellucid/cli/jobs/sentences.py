"""Sentences and their classes: a network reads the words in their order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pellucid.cli.jobs.base import RECURRENT, TRANSFORMER, Job, Progress, digest
from pellucid.cli.plan import Plan, class_weights, fit_arguments
from pellucid.cli.recipes import COMMON
from pellucid.data import Data, Split, split
from pellucid.data.labelled_text import (
    LabelledText,
    Sentences,
    has_texts,
    looks_like_sentences,
    made_reviews,
    read_labelled,
)
from pellucid.data.words import SentencePreparation
from pellucid.errors import OptionError
from pellucid.report.sentences import sentences
from pellucid.train import Run

if TYPE_CHECKING:
    from pellucid.cli.choices import Choices
    from pellucid.cli.source import Source

__all__ = ["MADE", "SentenceJob"]

MADE = "sentiment"  # the named set, which is made up
CELLS = ("lstm", "gru")
TABLES = (".csv", ".tsv")
RECIPES: dict[str, dict[str, Any]] = {
    "recurrent": {
        "model": "lstm",
        "embedding": 32,
        "hidden": 64,
        "layers": "1",
        "dropout": 0.2,
        "optimizer": "adam",
        "lr": 0.005,
        "epochs": 8,
    },
    "transformer": {
        "model": "transformer",
        "width": 48,
        "heads": 4,
        "layers": "2",
        "dropout": 0.1,
        "optimizer": "adamw",
        "lr": 0.003,
        "weight_decay": 0.01,
        "epochs": 20,
    },
    "bag-of-words": {
        "model": "bag-of-words",
        "layers": None,
        "optimizer": "adamw",
        "lr": 0.03,
        "weight_decay": 0.01,
        "epochs": 20,
    },
}
SEEN, MOST_EPOCHS = 30_000, 60
READING = {"min_count": 2, "batch_size": "32", "schedule": "onecycle", "clip_norm": 1.0}


class SentenceJob(Job):
    """A CSV file with a column of sentences and one of classes, or the set "sentiment"."""

    name = "sentences"
    networks = dict.fromkeys(CELLS, RECURRENT) | {"transformer": TRANSFORMER, "bag-of-words": ()}
    has = ("target", "task", "samples", "class_weights")
    unit = "sentences"
    reads = ("text", "context", "min_count")
    kinds = ("sentences", "tables")

    def takes(self, data: str, given: Mapping[str, Any]) -> bool:
        """With --text; with a --model that reads where there are words; else see the reader."""
        if data.lower() == MADE:
            return True
        if Path(data).suffix.lower() not in TABLES:
            return False
        path, model = Path(data).expanduser(), given.get("model")
        if given.get("text") is not None or model == "bag-of-words":
            return True
        if model == "transformer":  # which translates the pairs of a TSV file
            return path.suffix.lower() != ".tsv" or given.get("target") is not None
        if model is None:
            return looks_like_sentences(path)
        return looks_like_sentences(path, asked=True) or has_texts(path)

    def load(self, source: Source, progress: Progress | None = None) -> LabelledText:
        self._refuse(source)
        if source.name.lower() == MADE:
            return made_reviews(source.samples, source.seed)
        return read_labelled(source.path(), text=source.options.get("text"), target=source.target)

    def _refuse(self, source: Source) -> None:
        """Options of tables and toy sets that sentences do not have."""
        made = source.name.lower() == MADE
        option = "target" if made else "samples"
        if getattr(source, option) is not None:
            raise OptionError(
                f"--{option}", got=f"{source.name}, a set of sentences", needs="no such option"
            )
        if made and source.options.get("text") is not None:
            raise OptionError("--text", got="a set that is made up", needs="a CSV file")
        if source.task == "regression":
            raise OptionError(
                "--task", got="regression, of sentences", needs="classes to be told apart"
            )

    def fingerprint(self, data: LabelledText) -> str:
        test = () if data.test is None else (data.test.texts, data.test.y)
        return digest(data.texts, data.y, data.classes, *test)

    def split(self, source: Source, data: LabelledText) -> Split:
        cut = split(cast(Data, data), source.validation, source.test, source.seed)
        train, *held = cast(list[LabelledText | None], list(cut))
        assert train is not None
        known = SentencePreparation.of(
            train.texts,
            data.classes,
            context=source.options.get("context"),
            min_count=source.options.get("min_count", 1),
            column=data.column,
            target=data.target,
        )
        parts = [None if part is None else Sentences.of(part, known) for part in (train, *held)]
        return Split(*cast(list[Any], parts))

    def recipe(self, data: LabelledText, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        model = given.get("model", "lstm")
        kind = "recurrent" if model in CELLS else model
        entries = COMMON | READING | RECIPES[kind]
        longer = min(MOST_EPOCHS, SEEN // max(len(data), 1))  # few sentences are read more often
        entries["epochs"] = max(entries["epochs"], longer)
        return f"sentence, {kind}", entries

    def plan(self, choices: Choices, data: LabelledText, parts: Split) -> Plan:
        train: Any = parts.train
        known = train.preparation
        arguments = fit_arguments(choices) | {
            "task": "classification",
            "classes": data.classes,
            "class_weights": class_weights(choices.class_weights),
        }
        return Plan(self._network(choices, known), known, arguments)

    def _network(self, choices: Choices, known: SentencePreparation) -> dict[str, Any]:
        sizes = {"vocabulary": len(known.vocabulary), "classes": len(known.classes)}
        dropout = choices.dropout or 0.0
        if choices.model == "bag-of-words":
            return {"model": "bag-of-words", **sizes}
        if choices.model == "transformer":
            return {
                "model": "sentence-transformer",
                **sizes,
                "context": known.context,
                "layers": _layers(choices.layers),
                "heads": choices.heads,
                "width": choices.width,
                "dropout": dropout,
            }
        return {
            "model": "sentence-rnn",
            **sizes,
            "cell": choices.model,
            "embedding": choices.embedding,
            "hidden": choices.hidden,
            "layers": _layers(choices.layers),
            "dropout": dropout,
        }

    def described(self, data: LabelledText, parts: Split) -> str:
        total = len(data) + (len(data.test) if data.test is not None else 0)
        sizes = [f"{len(p):,} {u}" for p, u in zip(parts, _USES, strict=True) if p is not None]
        return f"{data.name}: {total:,} sentences, {len(data.classes)} classes; {', '.join(sizes)}"

    def sections(self, run: Run, parts: Split) -> list[str]:
        return [sentences(run, parts)]

    def next(self, run: Run) -> list[tuple[str, str]]:
        return [("next", f'pellucid predict {run.folder} "a sentence"')]


_USES = ("to train", "to validate", "to test")


def _layers(text: str | None) -> int:
    if text is None or not text.isdigit() or int(text) < 1:
        raise OptionError("--layers", got=repr(text), needs="how many layers, from 1")
    return int(text)
