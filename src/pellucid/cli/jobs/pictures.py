"""Pictures without labels: a network gives them back, cleans them, or makes new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pellucid.cli.configure import numbers
from pellucid.cli.jobs.base import Job, Progress
from pellucid.cli.plan import Plan, describe_data, fit_arguments
from pellucid.cli.recipes import COMMON
from pellucid.cli.source import fingerprint
from pellucid.data import Data, Split
from pellucid.data.pictures import bring_to_unit, pictures_of, refuse_other_than_pictures
from pellucid.errors import OptionError
from pellucid.report.picture_sections import drawing, picture_sections
from pellucid.train import Listener, Run, Trainer

if TYPE_CHECKING:
    from pellucid.cli.choices import Choices
    from pellucid.cli.source import Source

__all__ = ["PicturesJob"]

TASKS = {
    "autoencoder": "pictures",
    "denoising": "pictures",
    "vae": "variational",
    "gan": "adversarial",
}
NOISE = 0.5  # of a denoising autoencoder unless given
RECIPES: dict[str, dict[str, Any]] = {
    "autoencoder": {
        "layers": "512,256",
        "latent": 32,
        "lr": 0.002,
        "schedule": "onecycle",
        "batch_size": "128",
        "epochs": 20,
    },
    "denoising": {"latent": 64, "augment_noise": NOISE},
    "vae": {"latent": 16, "epochs": 30},
    "gan": {
        "layers": "16,128",
        "latent": 8,
        "validation": 0.0,
        "lr": 0.001,
        "betas": "0.5,0.999",
        "schedule": "constant",
        "batch_size": "64",
        "epochs": 8,
    },
}


class PicturesJob(Job):
    """Pictures that are their own targets."""

    name = "pictures"
    networks = dict.fromkeys(TASKS, ("layers", "latent"))
    has = ("target", "task", "impute", "noise", "samples", "augment_noise")  # refused in loading
    unit = "pictures"
    reads = ("model", "augment_noise", "resize", "skip_broken")
    kinds = ("pictures", "arrays")

    def takes(self, data: str, given: Mapping[str, Any]) -> bool:
        return False  # pictures with labels are a classification unless said otherwise

    def load(self, source: Source, progress: Progress | None = None) -> Data:
        data = source.load(progress)
        refuse_other_than_pictures(data)
        return data

    def fingerprint(self, data: Data) -> str:
        return fingerprint(data)

    def split(self, source: Source, data: Data) -> Split:
        noise = source.options.get("augment_noise") or 0.0
        denoising = source.options.get("model") == "denoising"
        return pictures_of(source.split(data), noise if denoising else 0.0, source.seed)

    def recipe(self, data: Data, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        model = given["model"]
        return f"pictures, {model}", COMMON | RECIPES["autoencoder"] | RECIPES[model]

    def plan(self, choices: Choices, data: Data, parts: Split) -> Plan:
        if choices.model == "gan" and parts.validation is not None:
            raise OptionError(
                "--validation",
                got=f"{choices.validation:g} with a generator and its critic",
                needs="0: their loss does not tell which epoch is the best",
            )
        preparation = replace(bring_to_unit(data), classes=(), task="regression", target="picture")
        noise = choices.augment_noise or 0.0
        arguments = fit_arguments(choices) | {
            "task": TASKS[choices.model or ""],
            "classes": data.classes,
            "augment": {"noise": noise} if noise else None,
            "monitor": "validation_loss",
        }
        return Plan(self._network(choices, data), preparation, arguments)

    def _network(self, choices: Choices, data: Data) -> dict[str, Any]:
        latent, layers = choices.latent or 0, choices.layers or "none"
        if latent < 1:
            raise OptionError("--latent", got=str(latent), needs="a whole number from 1")
        sizes = [] if layers == "none" else numbers("--layers", layers, int)
        if any(n < 1 for n in sizes):
            raise OptionError("--layers", got=layers, needs="sizes from 1")
        shape = list(data.shape)
        if choices.model != "gan":
            kind = "vae" if choices.model == "vae" else "autoencoder"
            return {"model": kind, "shape": shape, "latent": latent, "hidden": sizes}
        if len(sizes) not in (0, 2):
            raise OptionError(
                "--layers", got=layers, needs="the channels of two convolutions, or none"
            )
        if any(n % 4 for n in shape[:2]):
            sizes = []  # two strides of 2 do not come out even
        return {"model": "gan", "shape": shape, "latent": latent, "channels": sizes}

    def described(self, data: Data, parts: Split) -> str:
        return describe_data(data, parts)

    def listeners(self) -> list[Listener]:
        return [_Drawing()]

    def sections(self, run: Run, parts: Split) -> list[str]:
        return picture_sections(run, parts)

    def next(self, run: Run) -> list[tuple[str, str]]:
        if run.task == "pictures":
            return [("next", f"pellucid reconstruct {run.folder} PICTURE.png")]
        return [("next", f"pellucid generate {run.folder}")]


class _Drawing(Listener):
    """Keeps a sheet of pictures after each epoch."""

    def adds(self, trainer: Trainer) -> dict[str, Any]:
        part = trainer.validation
        x = trainer.loader.x if part is None else part.x
        return {"pictures": drawing(trainer.model, trainer.problem, x)}
