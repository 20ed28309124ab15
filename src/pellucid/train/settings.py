"""How to train, in words and numbers, and the loss, optimizer and schedule that they name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid import nn, optim
from pellucid.errors import FormatError, OptionError, choose, nearest
from pellucid.models import transfer
from pellucid.optim import LRScheduler, Optimizer
from pellucid.program import Changes
from pellucid.train.picture_loss import AdversarialLoss
from pellucid.train.picture_task import PICTURE_LOSSES
from pellucid.train.task import TokenLoss, task_named

__all__ = ["LOSSES", "OPTIMIZERS", "SCHEDULES", "Settings"]

OPTIMIZERS: dict[str, tuple[Callable[..., Optimizer], float]] = {  # with the usual learning rate
    "sgd": (optim.SGD, 0.1),
    "rmsprop": (optim.RMSprop, 1e-3),
    "adagrad": (optim.Adagrad, 1e-2),
    "adam": (optim.Adam, 1e-3),
    "adamw": (optim.AdamW, 1e-3),
    "adamax": (optim.Adamax, 2e-3),
    "nadam": (optim.NAdam, 2e-3),
    "radam": (optim.RAdam, 1e-3),
    "adadelta": (optim.Adadelta, 1.0),
    "rprop": (optim.Rprop, 1e-2),
    "asgd": (optim.ASGD, 1e-2),
    "lbfgs": (optim.LBFGS, 1.0),
}
# A name means what goes well by itself: torch's LBFGS searches no step length unless asked to.
_USUAL_OPTIONS: dict[str, dict[str, Any]] = {"lbfgs": {"line_search_fn": "strong_wolfe"}}
LOSSES = (
    "auto",
    "cross_entropy",
    "bce",
    "mse",
    "mae",
    "huber",
    "token_cross_entropy",
    *PICTURE_LOSSES,
)
_SCHEDULE_OPTIONS = {  # every: in epochs, how long a stair, a cycle or the first period lasts
    "constant": (),
    "step": ("every", "gamma"),
    "multistep": ("milestones", "gamma"),
    "exponential": ("gamma",),
    "linear": ("start_factor", "end_factor"),
    "polynomial": ("power",),
    "cosine": ("eta_min",),
    "restarts": ("every", "T_mult", "eta_min"),
    "cyclic": ("every", "div_factor", "mode", "gamma"),
    "onecycle": ("pct_start", "div_factor", "final_div_factor", "anneal_strategy"),
    "plateau": ("factor", "patience", "min_lr", "threshold", "cooldown"),
}
SCHEDULES = tuple(_SCHEDULE_OPTIONS)


@dataclass(frozen=True)
class Settings:
    """Everything about a training run that is not the network or the data.

    Plain values only, so that a run folder can hold them; epochs are counted from 1 when shown.
    """

    loss: str = "auto"
    optimizer: str = "adam"
    optimizer_options: dict[str, Any] = field(default_factory=dict)
    lr: float | None = None  # None: the optimizer's usual one
    schedule: str = "constant"
    schedule_options: dict[str, Any] = field(default_factory=dict)
    warmup: float = 0.0  # epochs
    epochs: int = 10
    batch_size: int | str | None = None  # None: 64, or all where there are fewer
    shuffle: bool = True
    steps: int | None = None  # of an epoch; None: as many as the rows give
    l1: float = 0.0
    l2: float = 0.0
    clip_norm: float | None = None
    clip_value: float | None = None
    label_smoothing: float = 0.0
    class_weights: str | list[float] | None = None  # "balanced", or one weight a class
    patience: int | None = None  # epochs without a better validation result before it stops
    monitor: str = "auto"  # validation_accuracy or validation_loss
    augment: dict[str, float] | None = None  # shift, rotate, noise
    freeze: str | None = None  # layers that stand still: "body", or names with * and commas
    body_lr: float = 1.0  # of the layers before the head, as a share of lr
    layer_decay: float = 1.0  # of each of them, as a share of the next one's
    seed: int = 0
    threads: int | None = None  # None: by the table
    checkpoint_seconds: float = 10.0
    engine: str = "program"  # the written step; "eager": the network itself; "fused": with Numba

    def __post_init__(self) -> None:
        if not isinstance(self.epochs, int) or self.epochs < 1:
            raise OptionError("fit", got=f"epochs={self.epochs!r}", needs="a whole number from 1")
        for name in ("l1", "l2", "warmup"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise OptionError("fit", got=f"{name}={getattr(self, name)}", needs="0 or more")
        for name in ("clip_norm", "clip_value", "lr", "body_lr", "layer_decay"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise OptionError("fit", got=f"{name}={value}", needs="a finite number above 0")
        if self.patience is not None and self.patience < 1:
            raise OptionError("fit", got=f"patience={self.patience}", needs="1 epoch or more")
        if not 0 <= self.label_smoothing <= 1:
            raise OptionError(
                "fit", got=f"label_smoothing={self.label_smoothing}", needs="a share from 0 to 1"
            )
        choose("fit: engine", self.engine, ("program", "eager", "fused"))
        choose("fit: monitor", self.monitor, ("auto", "validation_accuracy", "validation_loss"))

    def to_json(self) -> dict[str, Any]:
        """The settings as plain data."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Settings:
        """Read what :meth:`to_json` wrote; raises FormatError for names that are no settings."""
        known = {f.name for f in dataclasses.fields(cls)}
        strange = [name for name in content if name not in known]
        if strange:
            raise FormatError(
                "settings",
                got=f"{strange[0]!r}",
                needs="one of " + ", ".join(sorted(known)),
                try_=nearest(strange[0], known),
            )
        return cls(**content)

    # -- what the names mean --

    @property
    def learning_rate(self) -> float:
        """The learning rate, the optimizer's usual one unless given."""
        return OPTIMIZERS[self.optimizer][1] if self.lr is None else self.lr

    @property
    def changes(self) -> Changes:
        """What is done to the gradients before the update."""
        return Changes(self.l1, self.l2, self.clip_norm, self.clip_value)

    def hold(self, model: nn.Module) -> None:
        """Freeze what the settings say; raises OptionError where nothing is left to learn."""
        if self.freeze is not None:
            transfer.freeze(model, self.freeze)
        if not any(p.requires_grad for p in model.parameters()):
            raise OptionError(
                "fit",
                got="a network whose parameters all stand still",
                needs="a layer that learns",
                try_='freeze="body", which leaves the head free',
            )

    def build_optimizer(self, model: nn.Module) -> Optimizer:
        """The named optimizer over the parameters that learn, with their learning rates."""
        make, _ = OPTIMIZERS[choose("optimizer", self.optimizer, OPTIMIZERS)]
        named: list[Any] = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        if (self.body_lr, self.layer_decay) != (1.0, 1.0):
            rates = self.learning_rate, self.layer_decay, self.body_lr
            named = transfer.layerwise_groups(model, *rates)
        options = {**_USUAL_OPTIONS.get(self.optimizer, {}), **self.optimizer_options}
        try:
            return make(named, lr=self.learning_rate, **options)
        except TypeError as error:
            raise OptionError(
                f"optimizer {self.optimizer!r}",
                got=", ".join(f"{k}={v!r}" for k, v in self.optimizer_options.items()),
                needs=f"options that {make.__name__} has ({error})",
            ) from error

    def build_loss(self, task: str, outputs_one: bool, labels: NDArray[Any]) -> Losses:
        """The loss to train with, and the plain one to measure with."""
        name, fitting = choose("loss", self.loss, LOSSES), task_named(task).losses
        if name == "auto":
            name = "bce" if task == "classification" and outputs_one else fitting[0]
        if name not in fitting:
            raise OptionError(f"loss {name!r}", got=task_named(task).title, needs=_needed(fitting))
        if name == "token_cross_entropy":
            return Losses(name, TokenLoss(self.label_smoothing), TokenLoss())
        if name == "cross_entropy":
            weights = self._class_weights(labels)
            return Losses(
                name,
                nn.CrossEntropyLoss(weights, label_smoothing=self.label_smoothing),
                nn.CrossEntropyLoss(),
            )
        if name == "adversarial" and self.class_weights is None:
            return Losses(name, AdversarialLoss(self.label_smoothing), AdversarialLoss())
        if self.label_smoothing or self.class_weights is not None:
            raise OptionError(
                f"loss {name!r}",
                got="label smoothing or class weights",
                needs="the loss cross_entropy, which has them",
            )
        makers: dict[str, Callable[[], nn.Module]] = {
            "bce": nn.BCEWithLogitsLoss,
            "mse": nn.MSELoss,
            "mae": nn.L1Loss,
            "huber": nn.HuberLoss,
            **PICTURE_LOSSES,
        }
        loss = makers[name]()
        return Losses(name, loss, loss)

    def _class_weights(self, labels: NDArray[Any]) -> NDArray[Any] | None:
        if self.class_weights is None:
            return None
        counts = np.bincount(labels.astype(np.int64).ravel())
        if self.class_weights == "balanced":
            return (labels.size / (len(counts) * np.maximum(counts, 1))).astype(np.float32)
        if isinstance(self.class_weights, str) or len(self.class_weights) != len(counts):
            raise OptionError(
                "class_weights",
                got=repr(self.class_weights),
                needs=f"'balanced' or {len(counts)} numbers, one a class",
            )
        return np.asarray(self.class_weights, np.float32)

    def build_schedule(self, optimizer: Optimizer, steps: int) -> LRScheduler | None:
        """The named schedule, moved once a step (the plateau's once an epoch), after the warm-up.

        ``steps``: the steps of an epoch.
        """
        name = choose("schedule", self.schedule, SCHEDULES)
        peaks = [group["lr"] for group in optimizer.param_groups]
        for option in self.schedule_options:
            choose(f"schedule {name!r}: option", option, _SCHEDULE_OPTIONS[name])
        options = dict(self.schedule_options)
        warm = round(self.warmup * steps)
        total = self.epochs * steps
        made: LRScheduler | None
        if name == "constant":
            made = None
        elif name == "onecycle":
            made = optim.OneCycleLR(
                optimizer,
                peaks,
                total_steps=total,
                cycle_momentum=_has_momentum(optimizer),
                **options,
            )
        elif name == "cyclic":
            cycle = max(2, round(options.pop("every", max(1, self.epochs // 3)) * steps))
            divisor = options.pop("div_factor", 10.0)
            made = optim.CyclicLR(
                optimizer,
                [peak / divisor for peak in peaks],
                peaks,
                step_size_up=cycle // 2,
                step_size_down=cycle - cycle // 2,
                cycle_momentum=_has_momentum(optimizer),
                **options,
            )
        elif name == "restarts":
            first = round(options.pop("every", max(1, self.epochs // 3)) * steps)
            made = optim.CosineAnnealingWarmRestarts(optimizer, first, **options)
        elif name == "linear":
            options = {"start_factor": 1.0, "end_factor": 0.0, **options}
            made = optim.LinearLR(optimizer, total_iters=max(1, total - warm), **options)
        elif name == "polynomial":
            options = {"power": 2.0, **options}
            made = optim.PolynomialLR(optimizer, total_iters=max(1, total - warm), **options)
        elif name == "plateau":
            mode = "max" if self.monitor == "validation_accuracy" else "min"
            made = optim.ReduceLROnPlateau(optimizer, mode=mode, **options)
        elif name == "cosine":
            made = optim.CosineAnnealingLR(optimizer, T_max=max(1, total - warm), **options)
        elif name == "multistep":
            milestones = [round(e * steps) for e in options.pop("milestones", [self.epochs // 2])]
            made = optim.MultiStepLR(optimizer, milestones, **options)
        else:
            every = options.pop("every", 1 if name == "exponential" else max(1, self.epochs // 3))
            options.setdefault("gamma", 0.95 if name == "exponential" else 0.1)
            made = optim.StepLR(optimizer, round(every * steps), **options)
        return optim.with_warmup(optimizer, made, warm) if warm else made


def _needed(fitting: Sequence[str]) -> str:
    return f"{', '.join(fitting[:-1])} or {fitting[-1]}" if len(fitting) > 1 else fitting[0]


def _has_momentum(optimizer: Optimizer) -> bool:
    """Whether there is a momentum that a cycle may move: one that is on, or Adam's beta1."""
    group = optimizer.param_groups[0]
    return bool(group.get("momentum")) or "betas" in group


@dataclass(frozen=True)
class Losses:
    """The loss that is trained with, and the plain one that results are measured with."""

    name: str
    train: Any
    measure: Any
