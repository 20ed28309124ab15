"""Images: a network with convolutions, or a Vision Transformer, tells their classes apart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.cli.jobs.samples import Samples
from pellucid.cli.plan import Plan, sample_arguments
from pellucid.cli.recipes import COMMON
from pellucid.data import Data, Preparation, Split
from pellucid.data.picture_folder import is_picture_folder
from pellucid.errors import OptionError, choose
from pellucid.report.feature_maps import feature_maps
from pellucid.report.heads import patches_looked_at
from pellucid.train import Run

if TYPE_CHECKING:
    from pellucid.cli.choices import Choices

__all__ = ["ImageJob"]

Options = dict[str, Any]
BASE: Options = {
    "scale": "standard",
    "activation": None,
    "layers": None,
    "batch_norm": None,
    "batch_size": "64",
    "epochs": 10,
    "schedule": "onecycle",
}
MODELS: dict[str, Options] = {
    "lenet5": {
        "model": "lenet5",
        "activation": "relu",
        "pooling": "max",
        "optimizer": "adam",
        "lr": 0.004,
    },
    "cnn": {
        "model": "cnn",
        "width": 16,
        "layers": "6",
        "optimizer": "adamw",
        "weight_decay": 0.01,
        "lr": 0.006,
        "epochs": 8,
    },
    "resnet": {
        "model": "resnet",
        "width": 16,
        "layers": "8",
        "optimizer": "sgd",
        "momentum": 0.9,
        "nesterov": True,
        "weight_decay": 0.0005,
        "lr": 0.2,
        "batch_size": "128",
        "epochs": 14,
    },
    "vit": {
        "model": "vit",
        "width": 64,
        "layers": "4",
        "heads": 4,
        "optimizer": "adamw",
        "weight_decay": 0.05,
        "lr": 0.002,
        "clip_norm": 1.0,
        "epochs": 15,
    },
}
OWN = {  # the options of the network that each has
    "lenet5": ("activation", "pooling", "dropout"),
    "cnn": ("width", "layers", "dropout"),
    "resnet": ("width", "layers", "dropout"),
    "vit": ("patch", "width", "layers", "heads", "dropout"),
}
# pictures of things: mirrored they are the same things, and a few pixels to a side too
PHOTOGRAPHS: Options = {"augment_flip": True, "augment_crop": 4, "augment_shift": 0.0}
SMALL: Options = {"epochs": 40, "batch_size": "32", "augment_shift": 0.5, "augment_rotate": 8.0}
BEST: dict[str, Options] = {
    "mnist": {
        **MODELS["cnn"],
        "epochs": 14,
        "batch_size": "128",
        "dropout": 0.1,
        "validation": 0.05,
        "augment_shift": 1.5,
        "augment_rotate": 8.0,
    }
}


class ImageJob(Samples):
    """Images of classes, for networks that look at neighbouring pixels."""

    name, recipes = "images", ("best",)
    networks = OWN
    unit = "images"
    kinds = ("pictures", "arrays")

    def takes(self, data: str, given: Mapping[str, Any]) -> bool:
        if given.get("recipe") is not None:
            return True
        path = Path(data).expanduser()
        return path.suffix.lower() == ".zip" or (path.is_dir() and is_picture_folder(path))

    def recipe(self, data: Data, given: Mapping[str, Any]) -> tuple[str, Options]:
        _refuse_others(data, given)
        common = COMMON | BASE
        if given.get("recipe") is not None:
            entries = BEST[choose(f"--recipe best on {data.name}", data.name, BEST)]
            if given.get("model") not in (None, entries["model"]):
                raise OptionError(
                    f"--model {given['model']}",
                    got=f"--recipe best, which is for --model {entries['model']}",
                    needs="one of the two options",
                )
            return f"{data.name} (best)", common | entries
        colours = len(data.shape) == 3
        model = given.get("model") or ("resnet" if colours else "cnn")
        entries = common | MODELS[model]
        entries |= PHOTOGRAPHS if colours else {"augment_shift": 1.0}
        if min(data.shape[:2]) < 16:
            entries |= SMALL
        return f"{'colour' if colours else 'grey'} images, {model}", entries

    def plan(self, choices: Choices, data: Data, parts: Split) -> Plan:
        train = parts.train
        preparation = Preparation.fit(train, choices.scale or "auto", channels_first=True)
        return Plan(_network(choices, train), preparation, sample_arguments(choices, train))

    def network(self, plan: Plan) -> str:
        words = {
            k: v for k, v in plan.network.items() if v and k not in ("model", "channels", "classes")
        }
        said = [f"{k} {v}" for k, v in words.items()]
        return ", ".join([_title(plan.network), *said])

    def sections(self, run: Run, parts: Split) -> list[str]:
        part = parts.test or parts.validation or parts.train
        return [patches_looked_at(run, part), feature_maps(run, part)]


def _patch(size: int) -> int:
    """The smallest patch from 2 pixels that leaves 3 to 8 of them a side.

    >>> _patch(28), _patch(32), _patch(8)
    (4, 4, 2)
    """
    fit = (p for p in range(2, size) if size % p == 0 and 3 <= size // p <= 8)
    return next(fit, max(1, size // 7))  # which the network refuses where it does not divide


def _refuse_others(data: Data, given: Mapping[str, Any]) -> None:
    """Raise OptionError for data that these networks cannot look at."""
    what = given.get("model") or given.get("recipe") or "images"
    if not data.is_images or len(data.shape) > 3:
        raise OptionError(
            f"--model {what}",
            got=f"{data.name}: samples of shape {data.shape}, which are no images",
            needs="images, such as mnist or a folder of pictures",
            try_="--model mlp",
        )
    if data.task != "classification":
        raise OptionError(f"--model {what}", got=f"a {data.task}", needs="images with classes")


def _network(choices: Choices, train: Data) -> Options:
    """The options of the network, which the shape of the images completes."""
    model = choose("--model", str(choices.model), MODELS)
    height, width = train.shape[:2]
    common: Options = {
        "model": model,
        "channels": train.shape[2] if len(train.shape) == 3 else 1,
        "classes": len(train.classes),
        "dropout": choices.dropout or 0.0,
    }
    if model in ("lenet5", "vit") and height != width:
        raise OptionError(
            f"--model {model}",
            got=f"images of {width}x{height}",
            needs="square images",
            try_=f"--resize {max(height, width)}x{max(height, width)}, or --model cnn",
        )
    if model == "lenet5":
        own = {"size": height, "activation": choices.activation, "pooling": choices.pooling}
        return common | own
    if model == "vit":
        patch = choices.patch or _patch(height)
        own = {"size": height, "patch": patch, "heads": choices.heads}
        return common | own | {"layers": _layers(choices, 1, 0), "width": choices.width}
    if model == "cnn":
        return common | {"width": choices.width, "stages": _layers(choices, 2, 0)}
    return common | {"width": choices.width, "blocks": _layers(choices, 6, 2)}


def _layers(choices: Choices, step: int, more: int) -> int:
    """--layers as how many pieces of ``step`` layers there are, beside ``more`` others."""
    text = choices.layers
    if text is None or not text.isdigit() or int(text) <= more or (int(text) - more) % step:
        examples = ", ".join(str(step * n + more) for n in (1, 2, 3))
        raise OptionError(
            f"--layers of {choices.model}", got=repr(text), needs=f"{examples} or more such"
        )
    return (int(text) - more) // step


def _title(network: Options) -> str:
    """The network's name as papers write it."""
    if network["model"] == "resnet":
        return f"ResNet-{6 * network['blocks'] + 2}"
    return {"lenet5": "LeNet-5", "cnn": "CNN", "vit": "Vision Transformer"}[network["model"]]
