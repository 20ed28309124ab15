"""fit and resume: a network, data and settings in; a run out."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid import __version__, nn
from pellucid.data import Data, DataLoader, Preparation
from pellucid.data.augment import Augment
from pellucid.errors import NonFiniteError, OptionError, RunError
from pellucid.interop import save_arrays
from pellucid.nn import Module
from pellucid.nn.norm import BatchNorm
from pellucid.optim import LRScheduler, Optimizer, ReduceLROnPlateau
from pellucid.program.reading import layer_name
from pellucid.record import Record, Recorder
from pellucid.train import checkpoint, threads
from pellucid.train.listeners import Checkpoints, Interrupt, Listener, Recording
from pellucid.train.parts import Problem, Source, make_part, make_problem
from pellucid.train.run import (
    CHECKPOINT,
    CONFIG,
    INITIAL,
    RECORD,
    WEIGHTS,
    Run,
    build_model,
    read_config,
    write_config,
)
from pellucid.train.run import problem_from as problem_from_config
from pellucid.train.settings import Losses, Settings
from pellucid.train.task import task_named
from pellucid.train.trainer import Trainer

__all__ = ["Interrupted", "fit", "resume"]


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during training: the state is saved; ``run`` is the run so far."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"interrupted; go on with: pellucid resume {run.folder}")
        self.run = run


def fit(
    model: Module,
    train: Source,
    validation: Source | None = None,
    *,
    loss: str | Callable[..., Any] = "auto",
    optimizer: str | Optimizer | Callable[..., Optimizer] = "adam",
    lr: float | None = None,
    optimizer_options: Mapping[str, Any] | None = None,
    schedule: str | LRScheduler = "constant",
    schedule_options: Mapping[str, Any] | None = None,
    epochs: int = 10,
    batch_size: int | str | None = None,
    seed: int = 0,
    patience: int | None = None,
    preparation: Preparation | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    task: str | None = None,
    classes: Sequence[str] = (),
    listeners: Sequence[Listener] = (),
    note: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Run:
    """Train ``model`` and return the run: model with the best weights, record, best epoch.

    ``train`` and ``validation`` are Data (then inputs are scaled by what is learnt from the
    training part, targets of a regression too) or pairs of arrays (x, y), used as they are. The
    loss is read from the targets: cross-entropy for classes (binary for a network with one output),
    mean squared error for numbers. ``optimizer`` and ``schedule`` are names (see
    ``pellucid.train.OPTIMIZERS``, ``SCHEDULES``) or objects of pellucid.optim; a schedule object
    moves once an epoch; OneCycleLR, CyclicLR and the named ones once a step. "lbfgs" runs
    eagerly, with a line search; give it ``batch_size="all"``. Further ``settings``: warmup
    (epochs), l1, l2, clip_norm, clip_value, label_smoothing, class_weights, monitor, augment,
    shuffle, freeze ("body" or layers, see models.freeze), body_lr, layer_decay (see
    models.layerwise_groups), threads, checkpoint_seconds, engine ("program": the step as a written
    NumPy program; "eager": operation by operation, the same bits; "fused": loops by Numba).

    ``out`` names the run folder (configuration, record, best weights, checkpoints); with
    ``resume=True`` a run that stands there goes on, to the same bits as without the pause; it is
    replaced only with ``overwrite=True``.
    ``task`` names what arrays cannot tell: "tokens" for a text (x and y are places in ``classes``,
    the vocabulary; the network gives logits at each place).
    The best epoch is the one with the best validation accuracy (``monitor="validation_loss"``: the
    lowest loss); its weights are restored at the end. Without ``validation`` the last ones stay.

    Raises NonFiniteError at the first number that is not finite, with step, layer and operation;
    PellucidError of other kinds for data and settings that do not fit; Interrupted at Ctrl-C.

    >>> from pellucid import data, nn
    >>> run = fit(nn.MLP([2, 8, 2]), data.toy("moons"), epochs=2)
    >>> len(run.record.epochs())
    2
    """
    chosen = _settings(
        settings,
        loss=loss if isinstance(loss, str) else "auto",
        optimizer=optimizer if isinstance(optimizer, str) else "adam",
        lr=lr,
        optimizer_options=dict(optimizer_options or {}),
        schedule=schedule if isinstance(schedule, str) else "constant",
        schedule_options=dict(schedule_options or {}),
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        patience=patience,
    )
    if out is not None and (Path(out) / CONFIG).exists() and not (resume or overwrite):
        raise RunError(
            f"fit(out={str(out)!r})",
            got="a folder that holds a run",
            needs="another folder, so that nothing is lost",
            try_="resume=True to go on with it, or overwrite=True to replace it",
        )
    problem = _problem(model, train, preparation, out, resume, chosen.loss)
    if task is not None:
        problem = replace(problem, task=task_named(task).name, classes=tuple(classes))
    own = _Objects(loss, optimizer, schedule)
    return _Session(model, train, validation, problem, chosen, own, out, note).run(
        resume, listeners
    )


def resume(
    folder: str | Path,
    train: Source,
    validation: Source | None = None,
    *,
    model: Module | None = None,
    listeners: Sequence[Listener] = (),
) -> Run:
    """Go on with a run from its last checkpoint, on the same data, to the same bits.

    ``model`` is needed only where its class could not be written down.
    """
    config = read_config(Path(folder))
    if config.get("objects"):
        raise RunError(
            f"resume {folder}",
            got="a run with its own " + ", ".join(config["objects"]),
            needs="the same objects again",
            try_="fit(..., out=folder, resume=True) with them",
        )
    model = model or build_model(config)
    session = _Session(
        model,
        train,
        validation,
        problem_from_config(config),
        Settings.from_json(config["settings"]),
        _Objects("auto", "adam", "constant"),
        folder,
        config.get("note"),
    )
    return session.run(True, listeners)


class _Objects:
    """Loss, optimizer and schedule that were given as objects rather than by name."""

    def __init__(self, loss: Any, optimizer: Any, schedule: Any) -> None:
        self.loss, self.optimizer, self.schedule = (
            None if isinstance(x, str) else x for x in (loss, optimizer, schedule)
        )

    @property
    def names(self) -> list[str]:
        """Which of the three they are."""
        return [name for name, value in vars(self).items() if value is not None]


class _Session:
    """One call of fit or resume: builds the trainer, keeps the folder, and cleans up."""

    def __init__(
        self,
        model: Module,
        train: Source,
        validation: Source | None,
        problem: Problem,
        settings: Settings,
        own: _Objects,
        out: str | Path | None,
        note: Mapping[str, Any] | None,
    ) -> None:
        self.model, self.problem, self.settings, self.own = model, problem, settings, own
        self.train = make_part("training", train, problem)
        first = self.train.inputs(slice(0, 1))
        self.problem = replace(problem, inputs=(first.shape[1:], first.dtype.name))
        self.validation = (
            None if validation is None else make_part("validation", validation, problem)
        )
        self.folder, self.note = None if out is None else Path(out), note
        self.images = isinstance(train, Data) and train.is_images
        self.maximum = train.maximum if isinstance(train, Data) else None

    def run(self, resume: bool, listeners: Sequence[Listener]) -> Run:
        """Train from the start or from the checkpoint, and give back the run."""
        trainer = self.build()
        went_on = resume and self.restore(trainer)
        if self.folder is not None and not went_on:
            self.start_folder()
        recorder = Recorder(None if self.folder is None else self.folder / RECORD)
        self.write_start(recorder, trainer, went_on)
        interrupt, recording = Interrupt(), Recording(recorder)
        trainer.listeners = [interrupt, recording, *listeners]
        if self.folder is not None:
            keep = Checkpoints(self.folder, recorder, self.settings.checkpoint_seconds)
            trainer.listeners.insert(2, keep)
        try:
            with ExitStack() as stack:
                fused = self.settings.engine == "fused"  # it cuts the batch, not the products
                stack.enter_context(threads.limit(1 if fused else self.threads))
                # a number that is not finite is found and named by the trainer
                stack.enter_context(np.errstate(all="ignore"))
                trainer.run()
            recording.close(trainer)
        except NonFiniteError as error:
            recorder.write("nonfinite", **getattr(error, "event", {}))
            raise
        finally:
            interrupt.restore()
            recorder.close()
        return self.finish(trainer, recorder.record)

    def build(self) -> Trainer:
        """The trainer at its first step."""
        settings, model = self.settings, self.model
        batch_norm = any(isinstance(m, BatchNorm) for m in model.modules())
        loader = DataLoader(
            self.train.x,
            self.train.y,
            settings.batch_size or min(64, len(self.train)),
            shuffle=settings.shuffle,
            seed=settings.seed,
            augment=self.augmentation(),
            prepare=self.train.prepare,
            prepare_target=self.train.prepare_target,
            join_last=batch_norm,
            steps=settings.steps,
            change=self.train.change,
        )
        self.threads = settings.threads or threads.threads_for(
            model, loader.batch_size, settings.engine
        )
        settings.hold(model)
        optimizer = self.own.optimizer or settings.build_optimizer(model)
        if not isinstance(optimizer, Optimizer):
            optimizer = optimizer(model.parameters())
        _check_owner(optimizer, model)
        schedule = self.own.schedule or settings.build_schedule(optimizer, len(loader))
        named = self.own.schedule is None and not isinstance(schedule, ReduceLROnPlateau)
        per_step = named or type(schedule).__name__ in ("OneCycleLR", "CyclicLR")
        return Trainer(
            model,
            self.losses(),
            optimizer,
            schedule,
            loader,
            self.validation,
            self.problem,
            settings,
            schedule_each="step" if per_step else "epoch",
            threads=self.threads,
        )

    def losses(self) -> Losses:
        """The losses by name, or the user's own."""
        if self.own.loss is not None:
            return Losses("custom", self.own.loss, self.own.loss)
        return self.settings.build_loss(self.problem.task, self.problem.columns, self.train.y)

    def augmentation(self) -> Augment | None:
        """The changes of images that the settings ask for."""
        if not self.settings.augment or not any(self.settings.augment.values()):
            return None
        if not self.images:
            raise OptionError(
                "augment", got="data that are no images", needs="images (N, H, W), uint8"
            )
        return Augment(**self.settings.augment, maximum=self.maximum)

    def restore(self, trainer: Trainer) -> bool:
        """Load the checkpoint if there is one."""
        path = None if self.folder is None else self.folder / CHECKPOINT
        if path is None or not path.exists():
            return False
        trainer.load_state(checkpoint.read(path))
        recorded = Record.read(path.parent / RECORD).start
        if recorded and recorded.get("threads"):
            self.threads = trainer.threads = int(recorded["threads"])
        return True

    def start_folder(self) -> None:
        """Make the run folder and write down what is about to happen."""
        assert self.folder is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in (RECORD, CHECKPOINT, WEIGHTS, "report.html"):
            (self.folder / name).unlink(missing_ok=True)
        save_arrays(self.model.state_dict(), self.folder / INITIAL)
        preparation = self.problem.preparation
        write_config(
            self.folder,
            {
                "pellucid": __version__,
                "note": dict(self.note or {}),
                "settings": self.settings.to_json(),
                "objects": self.own.names,
                "task": self.problem.task,
                "classes": list(self.problem.classes),
                "dtype": self.problem.dtype.name,
                "columns": self.problem.columns,
                "inputs": self.problem.inputs,
                "model": _describe(self.model),
                "preparation": None if preparation is None else preparation.to_json(),
            },
        )

    def write_start(self, recorder: Recorder, trainer: Trainer, went_on: bool) -> None:
        """The first line of the record, or the line that says it goes on."""
        if went_on:
            recorder.write("resume", epoch=trainer.epoch, step=trainer.step)
            return
        recorder.write(
            "start",
            format=1,
            pellucid=__version__,
            numpy=np.__version__,
            python=platform.python_version(),
            platform=platform.platform(),
            cores=os.cpu_count(),
            threads=self.threads,
            seed=self.settings.seed,
            parameters=sum(p.size for p in self.model.parameters()),
            layers=_layers(self.model),
            config=self.settings.to_json(),
        )

    def finish(self, trainer: Trainer, record: Record) -> Run:
        """The run, once the loop has ended."""
        best = trainer.best["epoch"] if trainer.best is not None else None
        run = Run(self.model.eval(), record, self.problem, self.settings, best, self.folder)
        if trainer.interrupted and not trainer.finished:
            raise Interrupted(run)
        return run


def _settings(given: dict[str, Any], **named: Any) -> Settings:
    return Settings.from_json({**named, **given})


def _problem(
    model: Module,
    train: Source,
    preparation: Preparation | None,
    out: Any,
    resume: bool,
    loss: str,
) -> Problem:
    """What is to be learnt; a run that goes on keeps what it wrote down."""
    if resume and out is not None and (Path(out) / CHECKPOINT).exists():
        return problem_from_config(read_config(Path(out)))
    first = next(model.parameters(), None)
    dtype = np.dtype(np.float32) if first is None else first.dtype
    linears = [m for m in model.modules() if isinstance(m, nn.Linear)]
    binary = bool(linears) and linears[-1].out_features == 1
    flatten = _starts_with(model, nn.Linear)
    return make_problem(
        train,
        preparation,
        dtype,
        flatten=flatten,
        binary=binary,
        loss=loss,
        channels_first=_starts_with(model, nn.Conv2d),
    )


def _starts_with(model: Module, kind: type[Module]) -> bool:
    """Whether the first layer that does anything is of this kind: Linear layers take flat rows."""
    for module in model.modules():
        if not list(module.children()):
            return isinstance(module, kind)
    return False


def _describe(model: Module) -> dict[str, Any] | None:
    try:
        return nn.describe(model)
    except OptionError:
        return None  # the folder still trains and resumes; load() then asks for the model


def _layers(model: Module) -> list[dict[str, Any]]:
    return [
        {
            "name": path,
            "kind": layer_name(module),
            "parameters": sum(p.size for p in module.parameters()),
        }
        for path, module in model.named_modules()
        if path and not list(module.children())
    ]


def _check_owner(optimizer: Optimizer, model: Module) -> None:
    """Refuse an optimizer that was made for another network."""
    own = {id(p) for p in model.parameters()}
    strangers = [p for g in optimizer.param_groups for p in g["params"] if id(p) not in own]
    if strangers:
        raise OptionError(
            type(optimizer).__name__,
            got=f"{len(strangers)} parameters that are not of this {type(model).__name__}",
            needs="an optimizer of the network that is trained",
            try_=f"optim.{type(optimizer).__name__}(model.parameters(), ...) anew",
        )
