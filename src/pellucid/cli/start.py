"""`--from`: a training that starts from the weights of a run, or of a PyTorch model's file."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pellucid import nn
from pellucid.cli.configure import option_of
from pellucid.cli.plan import Plan
from pellucid.data import Preparation
from pellucid.errors import DataError, FormatError, OptionError, RunError
from pellucid.interop import load_arrays
from pellucid.models import transfer
from pellucid.train.run import WEIGHTS, problem_from, read_config
from pellucid.train.task import Tokens, task_named

__all__ = ["Start", "as_pattern", "starting_lines"]

Array = NDArray[Any]
# what the data decide about a network, whatever it was before
OF_THE_DATA = ("classes", "num_classes", "outputs", "vocabulary")
LONGEST = 200  # characters of the names that an error lists
WITH_WEIGHTS = ("new_head", "freeze", "body_lr", "layer_decay")  # options of --from


@dataclass(frozen=True)
class Start:
    """Weights to begin with, and what is known of where they come from."""

    path: Path
    weights: Mapping[str, Array]
    config: dict[str, Any] | None  # of a run; a file of weights has none

    @classmethod
    def chosen(cls, given: Mapping[str, Any]) -> Start | None:
        """What --from names; raises OptionError for what makes no sense without it."""
        if "start_from" in given:
            return cls.read(Path(given["start_from"]))
        alone = [name for name in WITH_WEIGHTS if given.get(name) not in (None, False)]
        if alone:
            raise OptionError(
                option_of(alone[0]),
                got="a network that is all new",
                needs="weights to start from",
                try_="--from RUN, or --from FILE.safetensors",
            )
        return None

    @classmethod
    def read(cls, path: Path) -> Start:
        """Read a run folder or a safetensors file; raises RunError or FormatError for others."""
        if not path.is_dir():
            return cls(path, load_arrays(path)[0], None)
        config = read_config(path)
        if not (path / WEIGHTS).exists():
            raise RunError(
                f"--from {path}",
                got="a run without weights yet: it has not finished an epoch",
                needs="weights to start from",
                try_=f"pellucid resume {path}",
            )
        return cls(path, load_arrays(path / WEIGHTS)[0], config)

    @property
    def note(self) -> dict[str, Any]:
        """What `pellucid train` wrote down about the run."""
        return (self.config or {}).get("note") or {}

    def choices(self, job: str) -> dict[str, Any]:
        """What the run was told of its network and data, for the same kind of work."""
        words = shlex.split(self.note.get("command", ""))
        named = words[words.index("--model") + 1] if "--model" in words[:-1] else None
        data = self.note.get("data") or {}
        told = dict(data.get("options") or {}) if data.get("job") == job else {}
        return {**told, **({"model": named} if named else {})}

    def check(self, job: str) -> None:
        """Refuse a run of another kind of work."""
        before = (self.note.get("data") or {}).get("job", job)
        if before != job:
            raise RunError(
                f"--from {self.path}",
                got=f"a run of the kind {before!r}",
                needs=f"one of the kind {job!r}, as these data are",
            )

    def fitted(self, plan: Plan, given: Mapping[str, Any]) -> Plan:
        """The plan with the run's own network and scaling; the data say how many classes."""
        network = self.note.get("network")
        if network is None:
            return plan
        own, now = network.get("model", "mlp"), plan.network.get("model", "mlp")
        if own != now:
            raise RunError(
                f"--from {self.path}",
                got=f"a network of the kind {own!r}",
                needs=f"one of the kind {now!r}, as --model and the data say",
            )
        spec = {**network, **{k: plan.network[k] for k in OF_THE_DATA if k in plan.network}}
        if "sizes" in spec:
            spec["sizes"] = [*spec["sizes"][:-1], plan.network["sizes"][-1]]
        return replace(plan, network=spec, preparation=self._preparation(plan.preparation, given))

    def _preparation(self, now: Preparation | None, given: Mapping[str, Any]) -> Preparation | None:
        """Inputs scaled as the layers learnt to see them."""
        assert self.config is not None
        before = problem_from(self.config).preparation
        if now is None or before is None or "scale" in given:
            return now
        if (before.shape, before.features) != (now.shape, now.features):
            raise DataError(
                f"--from {self.path}",
                got=f"samples of {_inputs(now)}",
                needs=f"samples of {_inputs(before)}, as the run had",
            )
        kept = ("scale", "center", "spread", "fills", "seen")
        return replace(now, **{name: getattr(before, name) for name in kept})

    def into(self, model: nn.Module, classes: tuple[str, ...], new_head: bool) -> list[str]:
        """Write the weights into ``model``; returns the names of what stays freshly drawn.

        The head is new where the classes are others, or the file has none that fits.
        """
        config = self.config or {}
        before = tuple(config.get("classes", classes))
        if before != classes and isinstance(task_named(config["task"]), Tokens):
            raise DataError(
                f"--from {self.path}",
                got=f"a text of {_characters(classes)} different characters",
                needs=f"the {_characters(before)} characters that the run knows",
            )
        try:
            return transfer.take_over(model, self.weights, new_head or before != classes)
        except FormatError as error:
            error.who, error.try_ = f"--from {self.path}", None  # what helps in Python alone
            names = textwrap.shorten(", ".join(model.state_dict()), LONGEST, placeholder=" ...")
            error.needs = f"the names and shapes of this network: {names}"
            raise

    def words(self, model: nn.Module, new: list[str]) -> str:
        """What was taken over, in a line."""
        taken = len(model.state_dict()) - len(new)
        head = f"; a new head: {', '.join(new)}" if new else ""
        return f"{self.path}: {taken} arrays taken over{head}"


def _characters(vocabulary: tuple[str, ...]) -> int:
    """How many; marks, which have names of several letters, are none."""
    return sum(len(token) == 1 for token in vocabulary)


def _inputs(preparation: Preparation) -> str:
    if preparation.columns:
        return f"the columns {', '.join(preparation.features)}"
    return f"shape {preparation.shape}"


def starting_lines(model: nn.Module, plan: Plan) -> list[tuple[str, str]]:
    """What stands still and what moves slowly, in words."""
    a = plan.arguments
    rows = []
    if "freeze" in a:
        frozen = transfer.freeze(model, a["freeze"])
        still = sum(dict(model.named_parameters())[name].size for name in frozen)
        rows.append(("frozen", f"{', '.join(_frozen(model))}: {still:,} parameters stand still"))
        norms = transfer.frozen_norms(model)
        if norms:
            stays = f"{', '.join(norms)}: frozen, so by the statistics that it has (eval mode)"
            rows.append(("norms", stays))
    shares = []
    if "body_lr" in a:
        shares.append(f"{a['body_lr']:g} of the head's before the head")
    if "layer_decay" in a:
        shares.append(f"{a['layer_decay']:g} of the next layer's in each layer")
    return [*rows, *([("rates", ", ".join(shares))] if shares else [])]


def _frozen(model: nn.Module, path: str = "") -> Iterator[str]:
    """The paths of the layers that stand still; of one that does as a whole, not its parts'."""
    own = list(model.parameters())
    if own and path and not any(p.requires_grad for p in own):
        yield path
        return
    for name, child in model.named_children():
        yield from _frozen(child, f"{path}.{name}" if path else name)


def as_pattern(freeze: str | None, new_head: bool) -> str | None:
    """What --freeze means for the settings: all that was taken over is the body of a new head."""
    if freeze == "all":
        return transfer.BODY if new_head else "*"
    return freeze
