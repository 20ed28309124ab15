"""Text: a network foresees the next character, and writes on from a beginning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.cli.jobs.base import RECURRENT, TRANSFORMER, Job, Progress, digest, kind_of
from pellucid.cli.plan import Plan, fit_arguments
from pellucid.cli.recipes import COMMON
from pellucid.data import Arrays, Split
from pellucid.data.hidden import hidden_parts
from pellucid.data.text import IGNORED, Lines, Text, covered, read_text
from pellucid.errors import OptionError
from pellucid.models import BERT
from pellucid.models.filling import Filler
from pellucid.models.sampling import Sampler
from pellucid.report.heads import heads_over_a_text
from pellucid.report.invented import invented
from pellucid.report.surprise import surprise
from pellucid.report.texts import texts
from pellucid.train import Listener, Run, Trainer
from pellucid.train.task import as_text

if TYPE_CHECKING:
    from pellucid.cli.choices import Choices
    from pellucid.cli.source import Source

__all__ = ["TextJob"]

CELLS = ("rnn", "lstm", "gru")
SHOWN = 300  # characters written at the end of an epoch, for the report
SHORT = 40  # lines written at the end of an epoch, where each is a text of its own
INVENTED = 300  # lines made up for it
WARM = 0.8  # the temperature of both
RECIPES: dict[str, dict[str, Any]] = {
    "recurrent": {
        "model": "lstm",
        "embedding": 64,
        "hidden": 128,
        "layers": "1",
        "context": 64,
        "batch_size": "32",
        "steps": 1000,
        "epochs": 20,
        "optimizer": "adam",
        "lr": 0.004,
        "schedule": "onecycle",
        "clip_norm": 1.0,
    },
    "gpt": {
        "model": "gpt",
        "width": 128,
        "heads": 4,
        "layers": "4",
        "context": 64,
        "batch_size": "12",
        "steps": 200,
        "epochs": 10,
        "optimizer": "adamw",
        "lr": 0.002,
        "weight_decay": 0.1,
        "betas": "0.9,0.99",
        "schedule": "onecycle",
        "clip_norm": 1.0,
    },
    "bert": {
        "model": "bert",
        "width": 128,
        "heads": 4,
        "layers": "4",
        "context": 64,
        "batch_size": "32",
        "steps": 200,
        "epochs": 15,
        "optimizer": "adamw",
        "lr": 0.003,
        "weight_decay": 0.1,
        "betas": "0.9,0.99",
        "schedule": "onecycle",
        "clip_norm": 1.0,
    },
    "lines": {"lines": True, "context": 32, "batch_size": "64", "steps": None, "epochs": 8},
}


class TextJob(Job):
    """A text file, character by character; a file of many short lines, line by line."""

    name = "text"
    networks = dict.fromkeys(CELLS, RECURRENT) | dict.fromkeys(("gpt", "bert"), TRANSFORMER)
    unit = "characters"
    reads = ("context", "lines", "model")
    kinds = ("texts",)

    def takes(self, data: str, given: Mapping[str, Any]) -> bool:
        """A text file; with a network for nothing but text, a table as the text that it is, too."""
        kind = kind_of(data)
        return kind == "texts" or (kind == "tables" and given.get("model") in ("gpt", "bert"))

    def load(self, source: Source, progress: Progress | None = None) -> Text:
        return read_text(source.path(), lines=source.options.get("lines"))

    def fingerprint(self, data: Text) -> str:
        return digest(data.tokens, data.vocabulary)

    def split(self, source: Source, data: Text) -> Split:
        parts = data.windows(
            int(source.options["context"]), source.validation, source.test, source.seed
        )
        if source.options.get("model") == "bert":
            parts = hidden_parts(data, parts, source.seed)
        return Split(*parts)  # type: ignore[arg-type]

    def other(self, source: Source, run: Run) -> Arrays:
        """Another text, in the characters that the run knows."""
        text = read_text(source.path(), lines=bool(source.options.get("lines")))
        text = text.told_in(run.classes)
        context, fills = int(source.options["context"]), isinstance(run.model, BERT)
        if not (text.lines or fills):  # it may be shorter than the context
            return covered(text.tokens, context, text.name, text.source)
        parts = text.windows(context, 0.0, 0.0, source.seed)
        if fills:
            parts = hidden_parts(text, parts, source.seed)
        assert parts[0] is not None
        return parts[0].measured()

    def recipe(self, data: Text, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        model = given.get("model")
        kind = str(model) if model in ("gpt", "bert") else "recurrent"
        entries = COMMON | {"test": 0.0} | RECIPES[kind]
        if data.lines:
            entries |= RECIPES["lines"]
        return f"{'names' if data.lines else 'text'}, {kind}", entries

    def plan(self, choices: Choices, data: Text, parts: Split) -> Plan:
        arguments = fit_arguments(choices) | {"task": "tokens", "classes": data.vocabulary}
        if choices.monitor in (None, "auto"):
            arguments["monitor"] = "validation_loss"
        return Plan(self._network(choices, data), None, arguments)

    def _network(self, choices: Choices, data: Text) -> dict[str, Any]:
        size, layers = len(data.vocabulary), _layers(choices.layers)
        dropout = choices.dropout or 0.0
        if choices.model in ("gpt", "bert"):
            return {
                "model": choices.model,
                "vocabulary": size,
                "context": choices.context,
                "layers": layers,
                "heads": choices.heads,
                "width": choices.width,
                "dropout": dropout,
            }
        return {
            "model": "text-rnn",
            "vocabulary": size,
            "cell": choices.model,
            "embedding": choices.embedding,
            "hidden": choices.hidden,
            "layers": layers,
            "dropout": dropout,
        }

    def described(self, data: Text, parts: Split) -> str:
        words = f"{data.name}: {len(data):,} characters, {len(data.vocabulary)} different"
        kind = "lines" if data.lines else f"windows of {parts.train.x.shape[1]}"
        sizes = [f"{len(p):,} {u}" for p, u in zip(parts, _USES, strict=True) if p is not None]
        return f"{words}; {kind}: {', '.join(sizes)}"

    def listeners(self) -> list[Listener]:
        return [_Showing()]

    def sections(self, run: Run, parts: Split) -> list[str]:
        title, words = _FILLED if isinstance(run.model, BERT) else _WROTE
        held: Any = parts.validation if parts.test is None else parts.test
        return [
            texts(run.record, title, words),
            _invented(run, parts.train),
            "" if held is None else heads_over_a_text(run, held.measured()),
            "" if held is None else surprise(run, held.measured()),
        ]

    def next(self, run: Run) -> list[tuple[str, str]]:
        if isinstance(run.model, BERT):
            return [("next", f'pellucid fill {run.folder} "a text with g_ps"')]
        return [("next", f"pellucid sample {run.folder}")]


_USES = ("to train", "to validate", "to test")
_WROTE = (
    "What it wrote",
    "After each epoch the network writes on from an empty page, each character drawn by the "
    "probabilities that it gives (temperature 0.8)",
)
_FILLED = (
    "What it filled in",
    "After each epoch the network fills the gaps of the same passage of the validation part: the "
    "passage with its gaps, then with the likeliest character in each, the surest first",
)


class _Showing(Listener):
    """Lets the network write a little after each epoch, or fill gaps."""

    def adds(self, trainer: Trainer) -> dict[str, Any]:
        model, vocabulary = trainer.model, trainer.problem.classes
        if isinstance(model, BERT):
            return self.fills(model, trainer)
        sampler = Sampler(model, vocabulary)
        key = (trainer.settings.seed, "sample", trainer.epoch)
        if trainer.loader.y.dtype.kind == "i":  # texts of one line, filled up with IGNORED
            made = _lines(sampler, SHORT, key)
            return {"sample": "  ".join(made)}
        page = sampler.empty_page
        return {"sample": sampler.write(page, SHOWN, temperature=WARM, key=key).strip("\n")}

    def fills(self, model: BERT, trainer: Trainer) -> dict[str, Any]:
        """A passage of the validation part with the gaps that were made there, and filled."""
        if trainer.validation is None:
            return {}
        vocabulary, rows = trainer.problem.classes, -(-SHOWN // model.context)
        x, y = trainer.validation.x[:rows].ravel(), trainer.validation.y[:rows].ravel()
        tokens = np.where((x == model.mask) | (y == IGNORED), x, y).astype(np.int64)
        gapped = as_text(tokens, vocabulary)
        Filler(model, vocabulary).fill_tokens(tokens)
        return {"sample": f"{gapped}\n\n{as_text(tokens, vocabulary)}"}


def _invented(run: Run, train: Any) -> str:
    """Of a network for lines: lines that it makes up, beside those that it learnt from."""
    if not isinstance(train, Lines):
        return ""
    sampler = Sampler(run.model, run.classes)
    made = _lines(sampler, INVENTED, (run.settings.seed, "sample"))
    known = [as_text(row[row != IGNORED], run.classes).strip("\n") for row in train.y]
    return invented(made, known, WARM)


def _lines(sampler: Sampler, count: int, key: tuple[int | str, ...]) -> list[str]:
    """Texts of one line, each from an empty page."""
    keys = [(*key, k) for k in range(count)]
    made = [sampler.write("\n", SHOWN, temperature=WARM, stop="\n", key=k) for k in keys]
    return [line.strip("\n") for line in made]


def _layers(text: str | None) -> int:
    if text is None or not text.isdigit() or int(text) < 1:
        raise OptionError("--layers", got=repr(text), needs="how many layers, from 1")
    return int(text)
