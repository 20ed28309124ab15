"""`pellucid train`: data and choices in, a run folder out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pellucid import nn
from pellucid.cli.choices import Choices, as_typed, takes_choices
from pellucid.cli.configure import OF_THE_MOMENT, command_line, merge, option_of, user_choices
from pellucid.cli.finish import finish
from pellucid.cli.jobs import Job, able, job_for, refuse_strange_network
from pellucid.cli.plan import Plan, build_network, describe_rest, describe_training
from pellucid.cli.progress import EpochLines, downloading
from pellucid.cli.screen import ERR, OUT, facts, line
from pellucid.cli.source import Source, automatic
from pellucid.cli.start import Start, as_pattern, starting_lines
from pellucid.data import Split
from pellucid.errors import OptionError, RunError
from pellucid.train import Interrupted, Run, fit

__all__ = ["app", "speaker", "training"]

EPILOG = """
[bold]Examples[/bold]

\b
pellucid train digits
pellucid train mnist --layers 128,64 --optimizer sgd --lr 0.1 --epochs 30
pellucid train mnist --schedule step --schedule-option gamma=0.5
pellucid train spirals --layers 64,64 --activation tanh --epochs 200
pellucid train flowers.csv --target species --impute median --l2 0.001
pellucid train digits --config my.toml --seed 1
pellucid train pictures.zip --model resnet --resize 32x32
pellucid train dates --model lstm-attention
pellucid train letters.npz --from runs/mnist-1 --freeze body
pellucid train letters.npz --from runs/mnist-1 --new-head --body-lr 0.1
"""

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


@app.command(epilog=EPILOG)
@takes_choices
def train(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="digits, mnist, fashion-mnist, dates, sentiment, a toy set (pellucid data list); "
            "a text (.txt), a table, series or sentences (.csv), arrays (.npz), a folder or zip of "
            "pictures in class folders, a folder of IDX files; or auto: MNIST if it is at hand, "
            "else digits.",
            show_default=False,
        ),
    ],
    choices: Choices,
) -> None:
    """Train a network on a data set, and write a run folder with a report.

    What is not said is decided by a recipe for the kind of data, which is shown before the
    training starts. The test part is used once, at the end.
    """
    given = user_choices(choices)
    as_json, quiet = bool(given.get("json")), bool(given.get("quiet"))
    console = speaker(as_json, quiet)
    _refuse_old_run(given)
    ready = _prepare(data, given, console)
    model = build_network(ready.plan.network, ready.plan.seed)
    ready.begin(model, given)
    facts(console, ready.words(model, given))
    folder, note = _run_folder(given.get("out"), ready.data.name), ready.note()
    others = ready.job.listeners()
    ready.data = None  # the parts are copies: a set of images need not be in memory twice
    with training(folder, console) as lines:
        run = fit(
            model,
            ready.parts.train,
            ready.parts.validation,
            preparation=ready.plan.preparation,
            out=folder,
            listeners=[lines, *others],
            note=note,
            overwrite=True,  # --force was asked for where there is something to lose
            **ready.plan.arguments,
        )
    finish(run, ready.job, ready.parts, console, as_json=as_json, quiet=quiet)


@dataclass
class _Ready:
    """Everything that is known before the first step."""

    job: Job
    source: Source
    data: Any  # None once its parts are all that is needed
    parts: Split
    recipe: str
    plan: Plan
    why: str  # what `auto` decided, and why
    command: str  # that does the same again
    start: Start | None = None  # whose weights are taken over
    new: list[str] = field(default_factory=list)  # what is drawn anew all the same

    def begin(self, model: nn.Module, given: dict[str, Any]) -> None:
        """Take over the weights that --from names."""
        if self.start is not None:
            train, told = self.parts.train, self.plan.arguments
            classes = tuple(getattr(train, "classes", ()) or told.get("classes", ()))
            self.new = self.start.into(model, classes, bool(given.get("new_head")))
        if "freeze" in self.plan.arguments:
            freeze = as_pattern(given["freeze"], bool(self.new))
            self.plan.arguments["freeze"] = freeze

    def words(self, model: nn.Module, given: dict[str, Any]) -> list[tuple[str, str]]:
        """What is about to happen, and where the decisions come from."""
        parameters = sum(p.size for p in model.parameters())
        prepared = () if self.plan.preparation is None else self.plan.preparation.notes
        said = sorted(set(given) - set(OF_THE_MOMENT))
        yours = f"; yours: {', '.join(map(option_of, said))}" if said else ""
        pairs = [
            ("auto", self.why),
            ("data", self.job.described(self.data, self.parts)),
            *[("note", as_typed(note)) for note in (*self.job.notes(self.data), *prepared)],
            ("network", f"{self.job.network(self.plan)}; {parameters:,} parameters"),
            *([("from", self.start.words(model, self.new))] if self.start is not None else []),
            *starting_lines(model, self.plan),
            ("training", describe_training(self.plan, len(self.parts.train))),
            ("against overfitting", describe_rest(self.plan)),
            ("defaults", f"the recipe for {self.recipe} data{yours}"),
        ]
        return [(label.replace("against overfitting", ""), text) for label, text in pairs if text]

    def note(self) -> dict[str, Any]:
        """What the run folder has to know to get the same data and weights again."""
        return {
            "command": self.command,
            "data": self.source.settled(self.job.fingerprint(self.data)).to_json(),
            "network": self.plan.network,
            "recipe": self.recipe,
            **({} if self.start is None else {"start": {"from": str(self.start.path)}}),
        }


def _prepare(name: str, given: dict[str, Any], console: Console) -> _Ready:
    seed = given.get("data_seed", given.get("seed", 0))
    start = Start.chosen(given)
    command = command_line(name, given)
    job = job_for(name, given)
    if start is not None:
        told = {**start.choices(job.name), **given}
        if "model" in told and not able(name, told):  # which nobody typed
            start.check(job.name)
        given = told
        job = job_for(name, given)
        start.check(job.name)
    options = {k: given[k] for k in job.reads if k in given}
    source, why = replace(Source.chosen(name, seed, given), job=job.name, options=options), ""
    with downloading(console) as progress:
        if name == "auto":
            source, data, why = automatic(source, progress)
        else:
            data = job.load(source, progress)
    _refuse_second_test(data, given)
    recipe, entries = job.recipe(data, given)
    choices = merge(entries, given)
    refuse_strange_network(job, choices.model or "mlp", given)
    source = replace(
        source,
        validation=choices.validation or 0.0,
        test=choices.test or 0.0,
        options={k: v for k in job.reads if (v := getattr(choices, k)) is not None},
    )
    parts = job.split(source, data)
    if "batch_size" not in given and str(choices.batch_size).isdigit():
        choices.batch_size = str(min(int(choices.batch_size or 1), len(parts.train)))
    plan = job.plan(choices, data, parts)
    plan = plan if start is None else start.fitted(plan, given)
    return _Ready(job, source, data, parts, recipe, plan, why, command, start)


def _refuse_second_test(data: Any, given: dict[str, Any]) -> None:
    """Raise OptionError for a share of a set that is not cut: it has its own test part."""
    own = getattr(data, "test", None)
    if own is not None and "test" in given:
        raise OptionError(
            f"--test {given['test']:g}",
            got=f"{data.name}, which brings its own test part of {len(own):,}",
            needs="no such option: that part is the test",
        )


def speaker(as_json: bool, quiet: bool) -> Console:
    """Where the progress is told: standard error where the output is for machines."""
    if quiet:
        return Console(quiet=True)
    return ERR if as_json else OUT


def _refuse_old_run(given: dict[str, Any]) -> None:
    out = given.get("out")
    if out is None or given.get("force") or not Path(out).exists():
        return
    if not Path(out).is_dir() or any(Path(out).iterdir()):
        raise RunError(
            f"--out {out}",
            got="a run that is already there" if (out / "config.json").exists() else "other files",
            needs="a folder that is new or empty",
            try_=f"--force to replace it, or: pellucid resume {out}",
        )


def _run_folder(out: Path | None, name: str) -> Path:
    """The folder asked for, or the next free number below runs/."""
    if out is not None:
        return Path(out)
    taken = [p.name.rpartition("-")[2] for p in Path("runs").glob(f"{name}-*")]
    number = max([int(n) for n in taken if n.isdigit()], default=0) + 1
    return Path("runs") / f"{name}-{number}"


@contextlib.contextmanager
def training(folder: Path, console: Console) -> Iterator[EpochLines]:
    """Inside, a network is trained: gives the listener, and says how to go on after a break."""
    lines = EpochLines(console)
    try:
        yield lines
    except Interrupted as interrupted:
        lines.close()
        line(ERR, f"interrupted in epoch {_epochs(interrupted.run) + 1}; the state is saved")
        line(ERR, f"go on with: pellucid resume {folder}")
        raise typer.Exit(130) from None
    except KeyboardInterrupt:  # the second one, which waits for nothing
        lines.close()
        line(ERR, f"stopped at once; go on from the last checkpoint with: pellucid resume {folder}")
        raise
    except OSError as error:
        raise RunError(
            f"run {folder}",
            got=f"{error.strerror or error} while writing {error.filename or 'into it'}",
            needs="room and permission to write; the last checkpoint still loads",
            try_=f"make room, then: pellucid resume {folder}",
        ) from error
    finally:
        lines.close()


def _epochs(run: Run) -> int:
    return len(run.record.epochs())
