"""LBFGS: Newton's direction, guessed from the last few steps and how they changed the gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from pellucid.autograd import enable_grad, no_grad
from pellucid.errors import FormatError, OptionError, ShapeError, choose
from pellucid.optim.optimizer import Array, Group, Optimizer, State, Trainable
from pellucid.optim.options import count
from pellucid.optim.strong_wolfe import Point, strong_wolfe

__all__ = ["LBFGS"]

LEAST_CURVATURE = 1e-10  # a step along which the gradient changes less teaches nothing
PLAIN = ("func_evals", "n_iter", "t", "H_diag", "prev_loss")  # numbers of the state
VECTORS = ("d", "prev_flat_grad")
HISTORY = ("old_dirs", "old_stps", "ro")


class LBFGS(Optimizer):
    """W <- W + t d, where d = -H dW and H guesses the inverse of the second derivatives.

    H is made of the last ``history_size`` moves s and changes y of the gradient. One ``step`` is up
    to ``max_iter`` moves; the closure, which it needs, is called up to ``max_eval`` times
    (max_iter * 5 // 4 unless given). Without a line search t is ``lr``; with
    ``line_search_fn="strong_wolfe"`` it is searched from there. A step ends early where no
    derivative is above ``tolerance_grad``, or where weights or loss change by less than
    ``tolerance_change``. All parameters are one vector, so there are no further groups. For smooth
    losses over all the data at once. Nocedal & Wright 2006, algorithms 7.4 and 7.5.

    >>> from pellucid import nn, optim
    >>> optim.LBFGS(nn.Linear(3, 2).parameters()).param_groups[0]["max_eval"]
    25
    """

    needs_closure = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        if max_eval is None:
            max_eval = max(1, count("LBFGS", "max_iter", max_iter) * 5 // 4)
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)

    def option(self, name: str, value: Any) -> Any:
        if name in ("max_iter", "max_eval", "history_size"):
            return count("LBFGS", name, value)
        if name == "line_search_fn":
            return value if value is None else choose("LBFGS", value, ("strong_wolfe",))
        return super().option(name, value)

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """The one group; raises OptionError for a second one."""
        if self.param_groups:
            raise OptionError(
                "LBFGS",
                got="a second group of parameters",
                needs="all parameters in one group: they move as one vector",
            )
        super().add_param_group(param_group)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move the parameters up to ``max_iter`` times; return the loss of before.

        ``closure`` clears the gradients, computes the loss, calls its ``backward()`` and returns
        it. Raises OptionError without one.
        """
        if closure is None:
            raise OptionError(
                "LBFGS.step",
                got="no closure",
                needs="a function that computes loss and gradients anew and returns the loss",
                try_="def closure(): opt.zero_grad(); loss = ...; loss.backward(); return loss",
            )
        self._check_options(self.param_groups[0])
        return _Moves(self, closure).run()

    def _loaded_state(
        self, key: Any, slots: Mapping[str, Any], numbered: dict[int, tuple[Trainable, Group]]
    ) -> State:
        who = "LBFGS.load_state_dict"
        if int(key) != 0:
            raise FormatError(who, got=f"state for parameter {key}", needs="all state under 0")
        missing = [name for name in ("func_evals", "n_iter") if name not in slots]
        if missing:
            raise FormatError(who, got="no " + ", ".join(missing), needs="the state of an LBFGS")
        arrays = [p.data for p, _ in numbered.values()]
        size, dtype = sum(a.size for a in arrays), np.result_type(*arrays)

        def vector(name: str, value: Any) -> Any:
            array = np.array(value, dtype)
            if array.shape != (size,):
                raise ShapeError(
                    who, got=f"{name} of shape {array.shape}", needs=f"shape {(size,)}, as weights"
                )
            return array

        loaded: State = {}
        for name, value in slots.items():
            if name in PLAIN:
                whole = name in ("func_evals", "n_iter")
                loaded[name] = int(value) if whole else float(value)
            elif name in VECTORS:
                loaded[name] = vector(name, value)
            elif name in HISTORY:
                loaded[name] = [
                    float(part) if name == "ro" else vector(name, part) for part in value
                ]
        return loaded


class _Moves:
    """One call of ``step``: the parameters as one vector, and the moves of it."""

    def __init__(self, optimizer: LBFGS, closure: Callable[[], Any]) -> None:
        self.optimizer, self.group, self.closure = optimizer, optimizer.param_groups[0], closure
        self.params: list[Trainable] = self.group["params"]
        self.state: State = optimizer.state.setdefault(0, {"func_evals": 0, "n_iter": 0})
        self.calls = 0

    def run(self) -> Any:
        """The moves, until one of the reasons to stop."""
        group, state = self.group, self.state
        result = self.call()
        loss, g = float(result), self.gradient()
        if _largest(g) <= group["tolerance_grad"]:
            return result
        for k in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            d = self.direction(g)
            t = group["lr"] * (min(1.0, 1.0 / float(np.abs(g).sum())) if _fresh(state) else 1.0)
            before = Point(0.0, loss, g, float(np.dot(g, d)))
            state.update(d=d, t=t, prev_flat_grad=g, prev_loss=loss)
            if before.slope > -group["tolerance_change"]:
                break
            loss, g = self.move(before, d, last=k == group["max_iter"])
            if self.calls >= group["max_eval"] or self.done(before, loss, g):
                break
        return result

    def done(self, before: Point, loss: float, g: Array) -> bool:
        """Whether nothing is left to gain."""
        group, moved = self.group, _largest(self.state["d"]) * self.state["t"]
        return bool(
            _largest(g) <= group["tolerance_grad"]
            or moved <= group["tolerance_change"]
            or abs(loss - before.loss) < group["tolerance_change"]
        )

    def move(self, before: Point, d: Array, last: bool) -> tuple[float, Array]:
        """Go along d; the loss and the gradient there (the old ones where nobody asks again)."""
        x, group, t = self.weights(), self.group, self.state["t"]

        def at(t: float) -> tuple[float, Array]:
            self.put(x + t * d)
            return float(self.call()), self.gradient()

        if group["line_search_fn"] is None:
            if not last:
                return at(t)
            self.put(x + t * d)
            return before.loss, before.gradient
        point, _ = strong_wolfe(at, d, before, t, group["max_eval"] - self.calls)
        self.state["t"] = point.t
        self.put(x + point.t * d)
        return point.loss, point.gradient

    def direction(self, g: Array) -> Array:
        """-H g by the two loops of algorithm 7.4, after what the last move taught is added."""
        state = self.state
        if _fresh(state):
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
            return -g
        self.learn(g)
        q, parts = -g, []
        pasts = list(zip(state["old_dirs"], state["old_stps"], state["ro"], strict=True))
        for y, s, ro in reversed(pasts):
            parts.append(ro * float(np.dot(s, q)))
            q = q - parts[-1] * y
        q = q * state["H_diag"]
        for (y, s, ro), part in zip(pasts, reversed(parts), strict=True):
            q = q + (part - ro * float(np.dot(y, q))) * s
        return q

    def learn(self, g: Array) -> None:
        """Remember the last move s and the change y of the gradient, if the curve bends upwards."""
        state = self.state
        y, s = g - state["prev_flat_grad"], state["d"] * state["t"]
        ys = float(np.dot(y, s))
        if ys <= LEAST_CURVATURE:
            return
        for name, value in zip(HISTORY, (y, s, 1.0 / ys), strict=True):
            state[name] = [*state[name], value][-self.group["history_size"] :]
        state["H_diag"] = ys / float(np.dot(y, y))

    # The parameters as one vector -----------------------------------------------------------

    def call(self) -> Any:
        """The closure's loss, which must be a number."""
        self.calls += 1
        self.state["func_evals"] += 1
        with enable_grad():
            loss = self.closure()
        if loss is None:
            raise OptionError(
                "LBFGS.step",
                got="a closure that returns nothing",
                needs="the loss, as a number or a tensor of one",
                try_="return loss at the end of the closure",
            )
        return loss

    def gradient(self) -> Array:
        """All gradients; zeros where there is none."""
        parts = []
        for i, p in enumerate(self.params):
            if p.grad is not None:
                self.optimizer._check_gradient(i, p)
            parts.append(np.zeros_like(p.data) if p.grad is None else p.grad.data)
        return np.concatenate([part.ravel() for part in parts])

    def weights(self) -> Array:
        return np.concatenate([p.data.ravel() for p in self.params])

    def put(self, flat: Array) -> None:
        start = 0
        with no_grad():
            for p in self.params:
                end = start + p.data.size
                p.copy_(flat[start:end].reshape(p.data.shape))
                start = end


def _fresh(state: State) -> bool:
    return bool(state["n_iter"] == 1)


def _largest(vector: Array) -> float:
    return float(np.max(np.abs(vector)))
