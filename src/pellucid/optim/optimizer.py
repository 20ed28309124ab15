"""What all optimizers share: parameter groups, state, and the step that applies an update rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeAlias

import numpy as np

from pellucid.autograd import no_grad
from pellucid.errors import DtypeError, FormatError, OptionError, ShapeError
from pellucid.optim import rules
from pellucid.optim.options import TORCH_ONLY, known, pair, real, refuse_torch_only, switch

__all__ = ["Group", "Optimizer", "State", "Trainable", "decayed", "gradient", "trainables"]

Array: TypeAlias = Any  # a NumPy array, or a symbol that answers NumPy's protocols
Group: TypeAlias = dict[str, Any]
State: TypeAlias = dict[str, Any]

_SWITCHES = ("nesterov", "centered", "amsgrad", "decoupled_weight_decay", "maximize")
# What a group may hold beside its options: the parameters' names, and torch's notes of schedules.
_NOTES = ("param_names", "initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum")


class Trainable(Protocol):
    """A parameter as an optimizer sees it: its array, its gradient, and whether it learns."""

    @property
    def data(self) -> Any: ...
    @property
    def requires_grad(self) -> bool: ...

    grad: Any

    def copy_(self, source: Any) -> Any: ...


class Optimizer:
    """The base of every optimizer: a subclass says which slots of state it keeps, and ``update``.

    ``params`` are parameters, (name, parameter) pairs, or groups: dicts with the parameters under
    "params" and the options that differ from the optimizer's own. Raises OptionError for an empty
    list, a parameter that comes twice, and an option that is unknown or out of range.
    """

    numbers: tuple[str, ...] = ("step",)  # the slots that hold one number, not an array
    needs_closure = False  # whether a step evaluates the loss itself, by way of ``closure``
    told: Mapping[str, str] = {}  # what the numbers of ``advance`` are, in words

    def __init__(self, params: Iterable[Any], defaults: Mapping[str, Any]) -> None:
        self.defaults = dict(defaults)
        self.param_groups: list[Group] = []
        self.state: dict[int, State] = {}  # by the parameter's place among all groups
        for group in self._as_groups(params):
            self.add_param_group(group)

    # What a subclass says -------------------------------------------------------------------

    def slots(self, group: Group) -> tuple[str, ...]:
        """The names of what is remembered for each parameter under the options of ``group``."""
        return ()

    def first(self, slot: str, W: Array, group: Group) -> Any:
        """What ``slot`` holds before the first step: no steps done, or zeros."""
        return 0 if slot == "step" else np.zeros_like(W)

    def advance(self, state: State, group: Group) -> State:
        """The numbers of the step about to be done: its count, and what depends on the count.

        ``state`` holds those of the step before. Numbers, not arrays: a rule may branch on them,
        and a written step is given them. Those that are slots too are remembered.
        """
        return {"step": state["step"] + 1} if "step" in state else {}

    def update(self, W: Array, dW: Array, state: State, group: Group) -> tuple[Array, State]:
        """The new W and the new arrays of the state, out of the old ones and the gradient.

        ``state`` holds the numbers of this step beside the arrays: "step" is 1 in the first.
        Nothing is changed.
        """
        raise NotImplementedError

    def option(self, name: str, value: Any) -> Any:
        """``value`` as a plain Python value; OptionError if the option is out of range."""
        return _option(type(self).__name__, name, value)

    def check(self, group: Group) -> None:
        """Raise an OptionError if options of ``group`` do not go together."""

    # What a training loop calls -------------------------------------------------------------

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients (or, with ``set_to_none=False``, make them zero)."""
        for p in self._parameters():
            if set_to_none:
                p.grad = None
            elif p.grad is not None:
                p.grad.data = np.zeros_like(p.grad.data)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient, in place, once.

        ``closure``, if given, is called first, to compute the loss and the gradients; its result
        is returned. Raises OptionError, ShapeError or DtypeError before any parameter moves.
        """
        loss = None if closure is None else closure()
        for group in self.param_groups:
            self._check_options(group)  # schedules and users write into groups between steps
        moves = [(i, p, g) for i, p, g in self._numbered() if p.grad is not None]
        for i, p, _ in moves:
            self._check_gradient(i, p)
        with no_grad():
            for i, p, group in moves:
                state = self._state_of(i, p.data, group)
                numbers = self.advance(state, group)
                W, new = self.update(p.data, p.grad.data, {**state, **numbers}, group)
                p.copy_(W)  # counts as a change: backward() over the old graph is then refused
                new |= {slot: number for slot, number in numbers.items() if slot in state}
                if new:
                    self.state[i] = {**state, **new}
        return loss

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Add a dict of "params" and the options that differ from the optimizer's own."""
        who = type(self).__name__
        known(who, param_group, ("params", *self.defaults, *_NOTES, *TORCH_ONLY))
        refuse_torch_only(who, **{k: param_group.get(k) for k in TORCH_ONLY})
        given = {k: v for k, v in param_group.items() if k not in ("params", *TORCH_ONLY)}
        names, params = self._named(param_group.get("params", ()))
        group = {"params": params, **self.defaults, **given}
        if names:
            group["param_names"] = names
        self._check_options(group)
        self.param_groups.append(group)

    def state_dict(self) -> dict[str, Any]:
        """A copy of all that the next step depends on beside the parameters, in torch's layout.

        {"state": {index: {slot: array or int}}, "param_groups": [{option: value, "params":
        [indices]}]}, where parameters are numbered through all groups.
        """
        groups: list[Group] = [{**group, "params": []} for group in self.param_groups]
        numbers = iter(range(sum(len(g["params"]) for g in self.param_groups)))
        for saved, group in zip(groups, self.param_groups, strict=True):
            saved["params"] = [next(numbers) for _ in group["params"]]
        state = {i: {k: _copy(v) for k, v in s.items()} for i, s in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what ``state_dict`` saved, for the same parameters in the same groups.

        Raises FormatError, ShapeError or OptionError when it does not fit; then nothing changed.
        """
        saved = self._fitting(state_dict)
        loaded = [self._loaded_group(group) for group in saved["param_groups"]]
        numbered = {
            i: (p, options)
            for i, (p, options) in enumerate(
                (p, options)
                for group, options in zip(self.param_groups, loaded, strict=True)
                for p in group["params"]
            )
        }
        state = {int(i): self._loaded_state(i, s, numbered) for i, s in saved["state"].items()}
        for group, options in zip(self.param_groups, loaded, strict=True):
            group.update(options)
        self.state = state

    def __repr__(self) -> str:
        lines = []
        for group in self.param_groups:
            options = ", ".join(f"{k}={group[k]!r}" for k in self.defaults)
            lines.append(f"{type(self).__name__}({len(group['params'])} parameters, {options})")
        return "\n".join(lines)

    # Parameters -----------------------------------------------------------------------------

    def _parameters(self) -> Iterable[Trainable]:
        return (p for group in self.param_groups for p in group["params"])

    def _numbered(self) -> Iterable[tuple[int, Trainable, Group]]:
        pairs = ((p, group) for group in self.param_groups for p in group["params"])
        return ((i, p, group) for i, (p, group) in enumerate(pairs))

    def _as_groups(self, params: Iterable[Any]) -> list[Mapping[str, Any]]:
        if isinstance(params, Mapping) or _is_parameter(params):
            raise OptionError(
                type(self).__name__,
                got=f"params: one {type(params).__name__}",
                needs="a list of parameters, of (name, parameter) pairs, or of groups",
                try_="put it into a list: [params]",
            )
        items = list(params)
        if items and all(isinstance(item, Mapping) for item in items):
            return items
        return [{"params": items}]

    def _named(self, params: Any) -> tuple[list[str], list[Trainable]]:
        """Split (name, parameter) pairs, and refuse what cannot be trained."""
        who = type(self).__name__
        items = [params] if _is_parameter(params) else list(params)
        if not items:
            raise OptionError(
                who,
                got="an empty list of parameters",
                needs="at least one parameter in each group",
                try_="a generator is empty when it has been read once: make it anew",
            )
        pairs = [item for item in items if isinstance(item, tuple) and len(item) == 2]
        if pairs and len(pairs) != len(items):
            raise OptionError(
                who,
                got=f"{len(pairs)} of {len(items)} parameters with a name",
                needs="a name for all of them, or for none",
            )
        names = [str(name) for name, _ in pairs]
        found = [p for _, p in pairs] or items
        self._check_parameters(found)
        return names, found

    def _check_parameters(self, params: list[Any]) -> None:
        who, seen = type(self).__name__, {id(p): i for i, p, _ in self._numbered()}
        for i, p in enumerate(params, start=len(seen)):
            if not _is_parameter(p):
                raise DtypeError(
                    who, got=f"parameter {i}: {type(p).__name__}", needs="tensors as parameters"
                )
            if not np.issubdtype(p.data.dtype, np.floating):
                raise DtypeError(
                    who, got=f"parameter {i} of dtype {p.data.dtype}", needs="float32 or float64"
                )
            if id(p) in seen:
                raise OptionError(
                    who,
                    got=f"one parameter twice, as numbers {seen[id(p)]} and {i}",
                    needs="each parameter once: it would move twice a step",
                )
            seen[id(p)] = i

    def _label(self, index: int) -> str:
        names = [
            n for g in self.param_groups for n in g.get("param_names", [""] * len(g["params"]))
        ]
        return f"parameter {index}" + (f" ({names[index]})" if names[index] else "")

    def _check_gradient(self, index: int, p: Trainable) -> None:
        W, dW = p.data, p.grad.data
        who = f"{type(self).__name__}.step"
        if dW.shape != W.shape:
            raise ShapeError(
                who,
                got=f"a gradient of shape {dW.shape} for {self._label(index)}",
                needs=f"the parameter's own shape {W.shape}",
            )
        if dW.dtype != W.dtype:
            raise DtypeError(
                who,
                got=f"a {dW.dtype} gradient for {self._label(index)}",
                needs=f"the parameter's own dtype {W.dtype}",
            )

    # Options and state ----------------------------------------------------------------------

    def _check_options(self, group: Group) -> None:
        """Refuse options out of range; leave the others behind as plain Python values."""
        for name in self.defaults:
            group[name] = self.option(name, group[name])
        self.check(group)

    def _state_of(self, index: int, W: Array, group: Group) -> State:
        state = dict(self.state.get(index, {}))
        for slot in self.slots(group):  # an option may have changed since the last step
            if slot not in state:
                state[slot] = self.first(slot, W, group)
        return state

    def _fitting(self, state_dict: Mapping[str, Any]) -> Mapping[str, Any]:
        """``state_dict``, once its groups are seen to be as large as this optimizer's."""
        who = f"{type(self).__name__}.load_state_dict"
        try:
            sizes = [len(group["params"]) for group in state_dict["param_groups"]]
            dict(state_dict["state"])
        except (KeyError, TypeError, ValueError) as error:
            needs = '{"state": {...}, "param_groups": [{"params": [...], ...}]}'
            raise FormatError(who, got=f"a dict of another form ({error})", needs=needs) from None
        own = [len(group["params"]) for group in self.param_groups]
        if sizes != own:
            raise FormatError(
                who,
                got=f"groups of {sizes} parameters",
                needs=f"groups of {own}, as this optimizer has",
            )
        return state_dict

    def _loaded_group(self, saved: Group) -> Group:
        """The options in ``saved``; torch's choices of how to run a step are dropped."""
        who = f"{type(self).__name__}.load_state_dict"
        given = {k: v for k, v in saved.items() if k not in ("params", *TORCH_ONLY)}
        known(who, given, (*self.defaults, *_NOTES))
        missing = [name for name in self.defaults if name not in given]
        if missing:
            raise FormatError(
                who, got="a group without " + ", ".join(missing), needs="every option of a group"
            )
        self._check_options(given)
        return given

    def _loaded_state(
        self, key: Any, slots: Mapping[str, Any], numbered: dict[int, tuple[Trainable, Group]]
    ) -> State:
        who, index = f"{type(self).__name__}.load_state_dict", int(key)
        if index not in numbered:
            raise FormatError(
                who, got=f"state for parameter {key}", needs=f"numbers below {len(numbered)}"
            )
        p, group = numbered[index]
        missing = [slot for slot in self.slots(group) if slot not in slots]
        if missing:
            raise FormatError(
                who,
                got=f"no {', '.join(missing)} for {self._label(index)}",
                needs="every slot of a parameter's state",
            )
        place = f"{who}, {self._label(index)}"
        return {
            k: _number(k, v) if k in self.numbers else _loaded_array(place, k, v, p.data)
            for k, v in slots.items()
        }


def gradient(W: Array, dW: Array, group: Group) -> Array:
    """The gradient that a rule sees: turned round by ``maximize``, then with the weight decay."""
    if group["maximize"]:
        dW = rules.ascend(dW)
    if group["weight_decay"]:
        dW = rules.weight_decay(W, dW, strength=group["weight_decay"])
    return dW


def decayed(W: Array, dW: Array, group: Group) -> tuple[Array, Array]:
    """W and the gradient that a rule sees, with the weight decay in the one or in the other."""
    if group["weight_decay"] and group["decoupled_weight_decay"]:
        dW = gradient(W, dW, {**group, "weight_decay": 0})
        return rules.decay(W, lr=group["lr"], strength=group["weight_decay"]), dW
    return W, gradient(W, dW, group)


def trainables(parameters: Any) -> list[Trainable]:
    """The parameters that have a gradient, of one parameter or of an iterable of them."""
    items = [parameters] if _is_parameter(parameters) else list(parameters)
    return [p for p in items if p.grad is not None]


def _is_parameter(value: Any) -> bool:
    return hasattr(value, "requires_grad") and hasattr(value, "grad") and hasattr(value, "data")


def _option(who: str, name: str, value: Any) -> Any:
    if name in _SWITCHES:
        return switch(who, name, value)
    if name == "betas":
        return pair(who, name, value, low=0, below=1)
    if name == "dampening":
        return real(who, name, value)
    return real(who, name, value, low=0)


def _copy(value: Any) -> Any:
    if isinstance(value, list):
        return [_copy(part) for part in value]
    return value.copy() if isinstance(value, np.ndarray) else value


def _number(slot: str, value: Any) -> int | float:
    """torch keeps it as an array of one number."""
    return int(value) if slot == "step" else float(value)


def _loaded_array(who: str, slot: str, value: Any, W: Any) -> Any:
    if value is None:
        return None
    array = np.array(value, dtype=W.dtype)
    if array.shape != W.shape:
        raise ShapeError(
            who, got=f"{slot} of shape {array.shape}", needs=f"the parameter's own shape {W.shape}"
        )
    return array
