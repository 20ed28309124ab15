"""The options of `pellucid train`, each once: its type, its help, the panel it stands in."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer

from pellucid.errors import PellucidError
from pellucid.nn import ACTIVATIONS, INITS
from pellucid.train import ENGINES, LOSSES, OPTIMIZERS, SCHEDULES

__all__ = ["Choices", "as_typed", "option_names", "takes_choices"]

DATA, SERIES, NETWORK = "Data", "Series", "Network"
TRAINING, TRANSFER = "Training", "Transfer"
REGULARISATION, OUTPUT = "Regularisation", "Output"
SCHEMES = [name for name in INITS if not name.startswith(("glorot", "kaiming"))]  # second names


def _option(panel: str, *names: str, help: str, one_of: Any = None, **more: Any) -> Any:
    """An option in a panel; ``one_of`` are the names that the shell completes."""
    if one_of is not None:
        known = list(one_of)
        help = f"{help}: {', '.join(known)}."
        more["autocompletion"] = lambda incomplete: [n for n in known if n.startswith(incomplete)]
    return typer.Option(*names, rich_help_panel=panel, help=help, show_default=False, **more)


@dataclass
class Choices:
    """What the user chose; None where nothing was said and the recipe decides."""

    data_dir: Annotated[
        Path | None, _option(DATA, help="Folder in which to look for data sets first.")
    ] = None
    target: Annotated[
        str | None, _option(DATA, help="Column to predict (CSV): its name or place; else the last.")
    ] = None
    task: Annotated[
        str | None,
        _option(
            DATA, help="Read from the target unless given", one_of=["classification", "regression"]
        ),
    ] = None
    impute: Annotated[
        str | None,
        _option(DATA, help="Fill missing cells by", one_of=["mean", "median", "most_frequent"]),
    ] = None
    noise: Annotated[float | None, _option(DATA, help="Noise of a toy set.")] = None
    samples: Annotated[int | None, _option(DATA, help="Rows of a toy set.")] = None
    validation: Annotated[
        float | None, _option(DATA, help="Share kept to choose the best epoch, 0 to 1.")
    ] = None
    test: Annotated[
        float | None, _option(DATA, help="Share kept for the one test at the end, 0 to 1.")
    ] = None
    data_seed: Annotated[
        int | None, _option(DATA, help="Seed of the split and of toy sets; else that of --seed.")
    ] = None
    scale: Annotated[
        str | None,
        _option(DATA, help="Inputs", one_of=["auto", "none", "standard", "minmax", "unit"]),
    ] = None

    lines: Annotated[
        bool | None, _option(DATA, help="Each line of a text by itself, such as names.")
    ] = None
    context: Annotated[
        int | None,
        _option(DATA, help="Characters of a text, or words of a sentence, at once."),
    ] = None

    text: Annotated[
        str | None, _option(DATA, help="Column of sentences (CSV), whose classes are learnt.")
    ] = None
    min_count: Annotated[
        int | None, _option(DATA, help="Words of sentences that are rarer than this are <unknown>.")
    ] = None
    resize: Annotated[
        str | None, _option(DATA, help="Pictures to WIDTHxHEIGHT, such as 32x32; else as they are.")
    ] = None
    skip_broken: Annotated[
        bool | None, _option(DATA, help="Leave out files that are no pictures, and count them.")
    ] = None

    recipe: Annotated[
        str | None, _option(NETWORK, help="Other defaults: 'best' trains longer, for images.")
    ] = None
    horizon: Annotated[
        int | None, _option(SERIES, help="Rows of a series (a CSV file with dates) to forecast.")
    ] = None
    window: Annotated[int | None, _option(SERIES, help="Rows that are seen before them.")] = None
    season: Annotated[
        int | None, _option(SERIES, help="Rows of a season, 0 for none; else found.")
    ] = None
    log: Annotated[
        bool | None, _option(SERIES, help="The logarithm; else where the spread grows.")
    ] = None
    difference: Annotated[
        str | None,
        _option(
            SERIES,
            help="What a forecast starts from, beside what is seen; else found",
            one_of=["none", "last", "season"],
        ),
    ] = None
    calendar: Annotated[
        bool | None, _option(SERIES, help="Show the network month, weekday and hour.")
    ] = None
    date: Annotated[
        str | None, _option(SERIES, help="Column of dates: its name or place; else the first.")
    ] = None
    fill: Annotated[
        str | None,
        _option(SERIES, help="Fill gaps (linear looks ahead)", one_of=["last", "linear"]),
    ] = None

    model: Annotated[
        str | None, _option(NETWORK, help="The kind of network; else by the data.")
    ] = None
    layers: Annotated[
        str | None,
        _option(
            NETWORK,
            help="Hidden layers of an MLP, such as 128,64 ('none' for no hidden layer); of other "
            "networks how many.",
        ),
    ] = None
    embedding: Annotated[
        int | None, _option(NETWORK, help="Numbers that stand for a character or word.")
    ] = None
    hidden: Annotated[int | None, _option(NETWORK, help="Units of a recurrent layer.")] = None
    width: Annotated[
        int | None,
        _option(NETWORK, help="Numbers a place in a Transformer; channels of a CNN's first maps."),
    ] = None
    heads: Annotated[int | None, _option(NETWORK, help="Heads of a Transformer's attention.")] = (
        None
    )
    patch: Annotated[int | None, _option(NETWORK, help="Pixels of a side of a ViT's patch.")] = None
    pooling: Annotated[
        str | None, _option(NETWORK, help="Of LeNet-5", one_of=["average", "max"])
    ] = None
    latent: Annotated[
        int | None, _option(NETWORK, help="Numbers that stand for a picture in between.")
    ] = None
    activation: Annotated[
        str | None, _option(NETWORK, help="Between the layers", one_of=ACTIVATIONS)
    ] = None
    init: Annotated[
        str | None, _option(NETWORK, help="Initial weights; else the layers' own", one_of=SCHEMES)
    ] = None
    dropout: Annotated[
        float | None, _option(NETWORK, help="Share of the units left out in a step, 0 to 1.")
    ] = None
    batch_norm: Annotated[
        bool | None, _option(NETWORK, help="Normalise each hidden layer over the batch.")
    ] = None

    start_from: Annotated[
        Path | None,
        _option(
            TRANSFER,
            "--from",
            "--start-from",
            help="Start from the weights of a run folder, or of a PyTorch model's .safetensors.",
        ),
    ] = None
    new_head: Annotated[
        bool | None,
        _option(
            TRANSFER,
            "--new-head",
            help="Draw the last layer anew; else only where the classes are others.",
        ),
    ] = None
    freeze: Annotated[
        str | None,
        _option(
            TRANSFER,
            help="Layers that stand still: all (that was taken over), body (all but the head), or "
            "names such as conv1 or 'blocks.*', with commas between.",
        ),
    ] = None
    body_lr: Annotated[
        float | None,
        _option(TRANSFER, help="Learning rate before the head, as a share of --lr, such as 0.1."),
    ] = None
    layer_decay: Annotated[
        float | None,
        _option(TRANSFER, help="Learning rate of each layer, as a share of the next one's."),
    ] = None

    loss: Annotated[str | None, _option(TRAINING, help="What is made small", one_of=LOSSES)] = None
    optimizer: Annotated[
        str | None, _option(TRAINING, help="How the weights move", one_of=OPTIMIZERS)
    ] = None
    lr: Annotated[float | None, _option(TRAINING, help="Learning rate (one-cycle: its peak).")] = (
        None
    )
    momentum: Annotated[float | None, _option(TRAINING, help="For sgd and rmsprop.")] = None
    nesterov: Annotated[bool | None, _option(TRAINING, help="Look ahead, for sgd.")] = None
    weight_decay: Annotated[
        float | None, _option(TRAINING, help="The optimizer's own pull of the weights to 0.")
    ] = None
    betas: Annotated[str | None, _option(TRAINING, help="For adam and adamw: 0.9,0.999.")] = None
    alpha: Annotated[float | None, _option(TRAINING, help="For rmsprop: its memory.")] = None
    eps: Annotated[float | None, _option(TRAINING, help="What keeps a division from 0.")] = None
    schedule: Annotated[
        str | None, _option(TRAINING, help="Learning rate over time", one_of=SCHEDULES)
    ] = None
    schedule_option: Annotated[
        list[str] | None,
        _option(TRAINING, help="One setting of the schedule, such as gamma=0.5; repeatable."),
    ] = None
    warmup: Annotated[
        float | None, _option(TRAINING, help="Epochs in which the learning rate rises from 0.")
    ] = None
    batch_size: Annotated[
        str | None, _option(TRAINING, help="Samples in a step: a number, or 'all'.")
    ] = None
    epochs: Annotated[int | None, _option(TRAINING, help="Passes over the training part.")] = None
    steps: Annotated[
        int | None, _option(TRAINING, help="Steps of an epoch; else one pass over the data.")
    ] = None
    seed: Annotated[int | None, _option(TRAINING, help="Same seed and options, same bits.")] = None
    threads: Annotated[
        int | None, _option(TRAINING, help="Threads of the matrix products; else by size.")
    ] = None
    engine: Annotated[str | None, _option(TRAINING, help="What runs the steps", one_of=ENGINES)] = (
        None
    )

    l1: Annotated[float | None, _option(REGULARISATION, help="Penalty on |w|.")] = None
    l2: Annotated[float | None, _option(REGULARISATION, help="Penalty on w squared.")] = None
    clip_norm: Annotated[
        float | None, _option(REGULARISATION, help="Longest gradient, over all parameters.")
    ] = None
    clip_value: Annotated[
        float | None, _option(REGULARISATION, help="Largest size of a gradient's single value.")
    ] = None
    label_smoothing: Annotated[
        float | None, _option(REGULARISATION, help="Share of the target spread over all classes.")
    ] = None
    class_weights: Annotated[
        str | None, _option(REGULARISATION, help="'balanced', or a weight for each class: 1,2,1.")
    ] = None
    augment_shift: Annotated[
        float | None, _option(REGULARISATION, help="Move images by up to so many pixels.")
    ] = None
    augment_rotate: Annotated[
        float | None, _option(REGULARISATION, help="Turn images by up to so many degrees.")
    ] = None
    augment_flip: Annotated[
        bool | None, _option(REGULARISATION, help="Mirror every second image, left to right.")
    ] = None
    augment_crop: Annotated[
        int | None,
        _option(REGULARISATION, help="Continue images by so many pixels, cut their size out anew."),
    ] = None
    augment_noise: Annotated[
        float | None, _option(REGULARISATION, help="Noise on images, a share of the brightest.")
    ] = None
    patience: Annotated[
        int | None, _option(REGULARISATION, help="Stop after so many epochs without a better one.")
    ] = None
    monitor: Annotated[
        str | None,
        _option(
            REGULARISATION,
            help="What makes an epoch the best",
            one_of=["auto", "validation_accuracy", "validation_loss"],
        ),
    ] = None

    config: Annotated[
        Path | None,
        _option(OUTPUT, help="TOML file of options by their long names; the command line wins."),
    ] = None
    out: Annotated[Path | None, _option(OUTPUT, help="Run folder; else runs/DATA-NUMBER.")] = None
    force: Annotated[
        bool | None, _option(OUTPUT, "--force", help="Replace the run that stands in the folder.")
    ] = None
    checkpoint_seconds: Annotated[
        float | None, _option(OUTPUT, help="Seconds between two checkpoints within an epoch.")
    ] = None
    json: Annotated[
        bool | None, _option(OUTPUT, "--json", help="One JSON object at the end, for machines.")
    ] = None
    quiet: Annotated[
        bool | None, _option(OUTPUT, "--quiet", "-q", help="Nothing but the result.")
    ] = None

    def given(self) -> dict[str, Any]:
        """The choices that were made, by name."""
        return {f.name: v for f in fields(self) if (v := getattr(self, f.name)) not in (None, [])}


def option_names() -> dict[str, Any]:
    """Every option's long name without dashes in front, and the type of its value."""
    kinds = get_type_hints(Choices)
    return {name.replace("_", "-"): get_args(kind)[0] for name, kind in kinds.items()}


def as_typed(advice: str) -> str:
    """Advice for Python as one types it: its names with = in front of a value become options.

    >>> as_typed("fewer parts (validation=0 or batch_size='all')")
    'fewer parts (--validation 0 or --batch-size all)'
    """
    names = "|".join(f.name for f in fields(Choices))
    found = re.compile(rf"(?<![\w-])({names})=(['\"]?)([\w.]+)\2(?![\w(])")
    return found.sub(lambda m: f"--{m[1].replace('_', '-')} {m[3]}", advice)


def takes_choices(command: Callable[..., None]) -> Callable[..., None]:
    """Give ``command(..., choices)`` an option for every field of :class:`Choices`."""
    first = list(inspect.signature(command, eval_str=True).parameters.values())[:-1]
    hints = get_type_hints(Choices, include_extras=True)
    rest = [
        inspect.Parameter(
            f.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hints[f.name]
        )
        for f in fields(Choices)
    ]

    def run(**values: Any) -> None:
        own = {p.name: values.pop(p.name) for p in first}
        try:
            command(**own, choices=Choices(**values))
        except PellucidError as error:
            error.try_ = error.try_ and as_typed(error.try_)
            raise

    run.__doc__ = command.__doc__
    run.__signature__ = inspect.Signature([*first, *rest])  # type: ignore[attr-defined]
    return run
