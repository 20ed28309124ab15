"""The loop, the listeners, checkpoints and the run folder."""

from pellucid.train.engine import ENGINES
from pellucid.train.fitting import Interrupted, fit, resume
from pellucid.train.listeners import Listener
from pellucid.train.run import Run, load
from pellucid.train.settings import LOSSES, OPTIMIZERS, SCHEDULES, Settings
from pellucid.train.trainer import Trainer

__all__ = [
    "ENGINES",
    "LOSSES",
    "OPTIMIZERS",
    "SCHEDULES",
    "Interrupted",
    "Listener",
    "Run",
    "Settings",
    "Trainer",
    "fit",
    "load",
    "resume",
]
