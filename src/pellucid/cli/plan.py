"""From choices to a network and the arguments of fit, and both in a few words."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from pellucid import models, nn
from pellucid.cli.choices import Choices
from pellucid.cli.configure import numbers, pairs
from pellucid.data import Data, Preparation, Split
from pellucid.errors import OptionError, choose
from pellucid.random import generator
from pellucid.train import OPTIMIZERS

__all__ = [
    "Plan",
    "build_network",
    "describe_data",
    "fit_arguments",
    "make_plan",
    "sample_arguments",
]

OPTIMIZER_OPTIONS = ("momentum", "nesterov", "weight_decay", "betas", "alpha", "eps")
SAME_NAME = (
    "loss",
    "optimizer",
    "lr",
    "schedule",
    "warmup",
    "freeze",
    "body_lr",
    "layer_decay",
    "epochs",
    "steps",
    "seed",
    "patience",
    "l1",
    "l2",
    "clip_norm",
    "clip_value",
    "label_smoothing",
    "monitor",
    "threads",
    "engine",
    "checkpoint_seconds",
)


@dataclass(frozen=True)
class Plan:
    """What a run is about to do."""

    network: dict[str, Any]  # enough to build it again, weights and all
    preparation: Preparation | None
    arguments: dict[str, Any]  # of fit

    @property
    def seed(self) -> int:
        """What the initial weights, the order and the dropout are drawn from."""
        return int(self.arguments["seed"])


def make_plan(choices: Choices, parts: Split) -> Plan:
    """Check the choices against the data. Raises OptionError for what does not go together."""
    train = parts.train
    preparation = Preparation.fit(
        train, choices.scale or "auto", flatten=True, scale_target=train.task == "regression"
    )
    return Plan(
        _network(choices, train, preparation), preparation, sample_arguments(choices, train)
    )


def sample_arguments(choices: Choices, train: Data) -> dict[str, Any]:
    """The arguments of fit where samples have classes, or are images."""
    return fit_arguments(choices) | {
        "class_weights": _class_weights(choices.class_weights),
        "augment": _augment(choices, train),
    }


def fit_arguments(choices: Choices) -> dict[str, Any]:
    """The arguments of fit that are the same for every kind of work."""
    arguments = {name: getattr(choices, name) for name in SAME_NAME}
    arguments = {name: value for name, value in arguments.items() if value is not None}
    return arguments | {
        "optimizer_options": _optimizer_options(choices),
        "schedule_options": _schedule_options(choices),
        "batch_size": _batch_size(choices.batch_size),
    }


def build_network(network: dict[str, Any], seed: int) -> nn.Module:
    """The network with its initial weights, which the seed decides."""
    return models.build(network, generator(seed, "weights"))


def _network(choices: Choices, train: Data, preparation: Preparation) -> dict[str, Any]:
    dropout = choices.dropout or 0.0
    if not 0 <= dropout < 1:
        raise OptionError("--dropout", got=f"{dropout:g}", needs="a share from 0 up to 1")
    one = train.task == "regression" or (choices.loss == "bce" and len(train.classes) == 2)
    if choices.init is not None:
        choose("--init", choices.init, nn.INITS)
    return {
        "sizes": [
            preparation.width,
            *_hidden(choices.layers or "none"),
            1 if one else len(train.classes),
        ],
        "activation": choose("--activation", choices.activation or "relu", nn.ACTIVATIONS),
        "dropout": dropout,
        "batch_norm": bool(choices.batch_norm),
        "init": choices.init,
    }


def _hidden(layers: str) -> list[int]:
    sizes = [] if layers == "none" else numbers("--layers", layers, int)
    if any(n < 1 for n in sizes):
        raise OptionError("--layers", got=layers, needs="sizes from 1")
    return sizes


def _optimizer_options(choices: Choices) -> dict[str, Any]:
    name = choose("--optimizer", choices.optimizer or "adam", OPTIMIZERS)
    given = {o: v for o in OPTIMIZER_OPTIONS if (v := getattr(choices, o)) is not None}
    known = inspect.signature(OPTIMIZERS[name][0]).parameters
    for option in given:
        if option not in known:
            has = [_option(o) for o in OPTIMIZER_OPTIONS if o in known]
            raise OptionError(
                f"optimizer {name}",
                got=_option(option),
                needs="of these only " + ", ".join(has) if has else "none but --lr",
            )
    if "betas" in given:
        given["betas"] = tuple(numbers("--betas", given["betas"], float, 2))
    return given


def _schedule_options(choices: Choices) -> dict[str, Any]:
    options = pairs("--schedule-option", choices.schedule_option or [])
    if options and choices.schedule in (None, "constant"):
        raise OptionError(
            "--schedule-option", got="the constant schedule", needs="a schedule that has options"
        )
    for name, value in options.items():
        if name == "milestones" and not isinstance(value, list):
            options[name] = [value]
        elif isinstance(value, str) and name not in ("anneal_strategy", "mode"):
            raise OptionError("--schedule-option", got=f"{name}={value!r}", needs="a number")
    return options


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _batch_size(text: str | None) -> int | str:
    if text is None or text == "all":
        return text or 64
    if not text.isdigit() or int(text) < 1:
        raise OptionError("--batch-size", got=repr(text), needs="a whole number from 1, or 'all'")
    return int(text)


def _class_weights(text: str | None) -> str | list[float] | None:
    if text in (None, "balanced"):
        return text
    return numbers("--class-weights", text, float)


def _augment(choices: Choices, train: Data) -> dict[str, float] | None:
    amounts = {
        "shift": choices.augment_shift or 0.0,
        "rotate": choices.augment_rotate or 0.0,
        "noise": choices.augment_noise or 0.0,
    }
    if choices.augment_flip:
        amounts["flip"] = 1.0
    if choices.augment_crop:
        amounts["crop"] = choices.augment_crop
    if not any(amounts.values()):
        return None
    if not train.is_images:
        used = [f"--augment-{name}" for name, amount in amounts.items() if amount]
        raise OptionError(
            used[0], got=f"{train.name}, which are no images", needs="images, such as digits"
        )
    return amounts


# -- in words --


def describe_data(data: Data, parts: Split) -> str:
    """How many of what, and how they were cut."""
    shape = "x".join(str(n) for n in data.shape)
    what = f"images of {shape}" if data.is_images else f"rows of {_count(data.shape[0], 'column')}"
    kind = f"{len(data.classes)} classes" if data.classes else "regression"
    total = len(data) + (len(data.test) if data.test is not None else 0)
    sizes = [f"{len(part):,} {name}" for name, part in zip(USES, parts, strict=True) if part]
    return f"{data.name}: {total:,} {what}, {kind}; {', '.join(sizes)}"


USES = ("to train", "to validate", "to test")


def describe_network(plan: Plan) -> str:
    """Sizes and activation."""
    net = plan.network
    sizes = net["sizes"]
    words = ["-".join(str(n) for n in sizes)]
    if len(sizes) > 2:
        words += [net["activation"]]
        words += ["batch norm"] * net["batch_norm"]
        words += [f"dropout {net['dropout']:g}"] * bool(net["dropout"])
    words += [f"initial weights {net['init']}"] * (net["init"] is not None)
    return ", ".join(words)


def describe_training(plan: Plan, rows: int) -> str:
    """Optimizer, learning rate, schedule, epochs and steps."""
    a = plan.arguments
    lr = a.get("lr", OPTIMIZERS[a["optimizer"]][1])
    extra = [f"{name.replace('_', ' ')} {_short(v)}" for name, v in a["optimizer_options"].items()]
    schedule = {"onecycle": "one-cycle"}.get(a["schedule"], a["schedule"])
    how = ", ".join([a["optimizer"], *extra, f"{schedule} learning rate {lr:g}"])
    batch = rows if a["batch_size"] == "all" else a["batch_size"]
    steps = _count(a.get("steps") or -(-rows // batch), "step")
    return f"{how}; {_count(a['epochs'], 'epoch')} of {steps} of {batch:,}; seed {a['seed']}"


def describe_rest(plan: Plan) -> str:
    """What keeps the network from learning by heart, or an empty text."""
    a = {"augment": None, **plan.arguments}
    augment = {k: v for k, v in (a["augment"] or {}).items() if v}
    named = ("l1", "l2", "label_smoothing", "clip_norm", "clip_value", "class_weights", "patience")
    words = [f"{n.replace('_', ' ')} {_short(a[n])}" for n in named if a.get(n)]
    words += [f"images {WAYS[name].format(amount)}" for name, amount in augment.items()]
    return ", ".join(words)


WAYS = {
    "shift": "shifted by up to {:g}",
    "rotate": "turned by up to {:g}",
    "noise": "with noise of {:g}",
    "flip": "mirrored",
    "crop": "cropped anew, from {:g} pixels more on each side",
}


def _short(value: Any) -> str:
    if isinstance(value, tuple | list):
        return " ".join(f"{v:g}" for v in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _count(n: int, word: str) -> str:
    return f"{n:,} {word}{'' if n == 1 else 's'}"
