"""An array that remembers how it was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from pellucid import ops
from pellucid.autograd.memory import Node, mode, walk
from pellucid.autograd.spelling import Spelling
from pellucid.errors import DtypeError, GradientError, PellucidError, ShapeError
from pellucid.ops.rule import Entry, Rule

__all__ = ["Tensor", "apply", "apply_all", "as_array", "op", "plain", "tensor"]

Array = NDArray[Any]


def apply(rule: Entry, *inputs: Any, **options: Any) -> Tensor:
    """Run an entry of the table on tensors, arrays and numbers, and remember it."""
    return apply_all(rule, *inputs, **options)[0]


def apply_all(rule: Entry, *inputs: Any, **options: Any) -> tuple[Tensor, tuple[Any, ...]]:
    """As :func:`apply`, with the rule's extra outputs as plain arrays beside the tensor."""
    arrays = [x.data if isinstance(x, Tensor) else x for x in inputs]
    try:
        result = rule.forward(*arrays, **options)
    except ValueError as error:
        if isinstance(error, PellucidError):
            raise
        raise _misfit(rule, arrays, error) from error
    outputs = result if isinstance(result, tuple) else (result,)
    if isinstance(outputs[0], np.generic):  # NumPy makes a scalar of a 0-d result
        outputs = (np.asarray(outputs[0]), *outputs[1:])
    for watcher in mode.watchers:
        watcher("forward", rule, arrays, outputs)
    out = Tensor.__new__(Tensor)
    out.data, out.grad, out._hooks, out._retain = outputs[0], None, None, False
    shares = rule.view and getattr(outputs[0], "base", None) is not None
    out._version = getattr(inputs[0], "_version", [0]) if shares else [0]
    out._made_at = out._version[0]
    out.requires_grad, out._node = False, None
    if mode.grad and rule.backward is not None:
        needs = tuple([isinstance(x, Tensor) and x.requires_grad for x in inputs])
        if True in needs:
            out.requires_grad = True
            out._node = Node(rule, inputs, tuple(arrays), outputs, options, needs)
    return out, outputs[1:]


def _misfit(rule: Rule, arrays: Sequence[Any], error: ValueError) -> ShapeError:
    shapes = [str(tuple(a.shape)) for a in arrays if hasattr(a, "shape")]
    return ShapeError(
        rule.name,
        got="shapes " + " and ".join(shapes) if shapes else "these arguments",
        needs=f"shapes that fit {rule.doc.splitlines()[0]!r} (NumPy: {error})",
    )


def op(source: type) -> Callable[..., Tensor]:
    """Make an operation of your own from a class with ``forward`` and ``backward`` in plain NumPy.

    The rules of the table hold (see ``pellucid.ops``); what comes back is called on tensors.

    >>> @op
    ... class Cube:
    ...     "y = x^3."
    ...     def forward(x): return x**3
    ...     def backward(g, y, x): return (g * 3 * x**2,)
    >>> x = tensor([2.0], requires_grad=True)
    >>> Cube(x).backward()
    >>> x.grad.tolist()
    [12.0]
    """
    entry = Rule(source)

    def call(*inputs: Any, **options: Any) -> Tensor:
        return apply(entry, *inputs, **options)

    call.__name__ = call.__qualname__ = source.__name__
    call.__doc__, call.rule = entry.doc, entry  # type: ignore[attr-defined]
    return call


class Tensor(Spelling):
    """A NumPy array with a memory.

    It follows NumPy's spelling (``axis=``, ``keepdims=``, ``np.exp(t)`` works). ``data`` is the
    array, ``grad`` a Tensor once ``backward()`` has reached this leaf, ``requires_grad`` whether it
    ever will.
    """

    __slots__ = (
        "__weakref__",
        "_hooks",
        "_made_at",
        "_node",
        "_retain",
        "_version",
        "data",
        "grad",
        "requires_grad",
    )

    data: Array
    grad: Tensor | None
    requires_grad: bool

    def __init__(self, data: ArrayLike, requires_grad: bool = False) -> None:
        self.data = as_array(data)
        self.requires_grad, self.grad = requires_grad and _differentiable(self.data.dtype), None
        self._node: Node | None = None
        # shared by all views of the same memory
        self._version: list[int] = data._version if isinstance(data, Tensor) else [0]
        self._made_at = self._version[0]
        self._hooks: list[Callable[[Tensor], Any]] | None = None
        self._retain = False

    def _apply(self, rule: Entry, *inputs: Any, **options: Any) -> Tensor:
        return apply(rule, *inputs, **options)

    # -- looking at it --

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self.data.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the numbers."""
        return self.data.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """How many numbers there are (as in NumPy)."""
        return self.data.size

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user rather than by an operation that is remembered."""
        return self._node is None

    @property
    def T(self) -> Tensor:
        """The axes in reverse order."""
        return self.transpose()

    def numpy(self) -> Array:
        """The array itself, sharing memory; read-only where a change would spoil a gradient."""
        array = np.asarray(self.data)
        if self.requires_grad:
            array = array.view()
            array.flags.writeable = False
        return array

    def item(self) -> Any:
        """The only number, as a Python number."""
        return self.data.item()

    def tolist(self) -> Any:
        """The numbers as nested lists."""
        return self.data.tolist()

    def detach(self) -> Tensor:
        """The same array without the memory."""
        return Tensor(self)

    def copy(self) -> Tensor:
        """A new leaf with a copy of the numbers and no memory."""
        return Tensor(self.data.copy())

    def astype(self, dtype: DTypeLike) -> Tensor:
        """The same values in another dtype; differentiable between floating-point types."""
        dtype = np.dtype(dtype)
        if dtype == self.dtype:
            return self
        if dtype.kind != "f":  # whole numbers have no gradient
            return Tensor(self.data.astype(dtype))
        return apply(ops.AsType, self, dtype=dtype)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Ask for a gradient (or no longer), in place."""
        if not self.is_leaf:
            raise GradientError(
                "requires_grad_",
                got=f"the result of {self._node.rule.name}",  # type: ignore[union-attr]
                needs="a leaf: a tensor that you made yourself",
                try_="t.detach().requires_grad_()",
            )
        self.requires_grad = requires_grad and _differentiable(self.dtype)
        return self

    def retain_grad(self) -> None:
        """Keep the gradient of this tensor too, though an operation made it."""
        self._needs_gradient("retain_grad")
        self._retain = True

    def register_hook(self, hook: Callable[[Tensor], Any]) -> Callable[[], None]:
        """Call ``hook(gradient)`` when it is known; what it returns, if anything, replaces it.

        Returns a function that removes the hook.
        """
        self._needs_gradient("register_hook")
        hooks = self._hooks = [] if self._hooks is None else self._hooks
        hooks.append(hook)
        return lambda: hooks.remove(hook) if hook in hooks else None

    def _needs_gradient(self, who: str) -> None:
        if not self.requires_grad:
            raise GradientError(
                who,
                got="a tensor that does not require a gradient",
                needs="one that does: no gradient will ever arrive here",
                try_="requires_grad_() before the forward pass",
            )

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self.data)))

    def __bool__(self) -> bool:
        return bool(self.data)

    def __format__(self, spec: str) -> str:
        return (
            format(self.item(), spec) if spec and self.data.size == 1 else format(str(self), spec)
        )

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        text = np.array2string(self.data, separator=", ", prefix="tensor(")
        parts = [text] if self.dtype == np.float32 else [text, f"dtype={self.dtype}"]
        if self._node is not None:
            parts.append(f"made_by={self._node.rule.name}")
        elif self.requires_grad:
            parts.append("requires_grad=True")
        return f"tensor({', '.join(parts)})"

    # -- the gradient --

    def backward(self, grad: ArrayLike | Tensor | None = None, retain_graph: bool = False) -> None:
        """Add d self / d leaf to the ``grad`` of every leaf that asked for it.

        ``grad`` is the gradient that arrives here, in the shape of the tensor; it may be left out
        for a single number, where it is 1. The memory is freed unless ``retain_graph``.
        Raises GradientError where there is nothing to differentiate.
        """
        if not self.requires_grad:
            raise GradientError(
                "backward",
                got="a tensor that depends on nothing that requires a gradient",
                needs="at least one leaf made with requires_grad=True, outside no_grad()",
            )
        walk(self, _seed(self, grad), retain_graph, Tensor)

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self.grad = None

    # -- NumPy's protocols (__array_ufunc__ and __array_function__ stand in numpy_functions.py) --

    __array_priority__ = 1000

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        array = np.asarray(self.numpy(), dtype=dtype)
        return array.copy() if copy else array

    def __getitem__(self, index: Any) -> Tensor:
        return apply(ops.GetItem, self, index=_plain_index(index))

    # -- in place: allowed where no gradient can go wrong --

    def _change(self, change: Callable[[Array], Any], source: Any = None) -> Self:
        """Run ``change`` on the array, with numbers from ``source``; refuse what would be wrong."""
        if isinstance(source, Tensor) and source.requires_grad and mode.grad:
            raise GradientError(
                "in-place change",
                got="values that require a gradient, written into a tensor",
                needs="an operation that the memory can follow",
                try_="x = x + y instead of x += y; np.where or np.concatenate for a part",
            )
        if self.requires_grad and mode.grad:
            raise GradientError(
                "in-place change",
                got=f"a tensor of shape {self.shape} that requires a gradient",
                needs="a new tensor (x = x + 1): the memory would not see the change",
                try_="with pellucid.no_grad(): ... to change a weight by hand",
            )
        if not self.data.flags.writeable:
            raise GradientError(
                "in-place change",
                got=f"a tensor of shape {self.shape} whose memory is read-only",
                needs="memory of its own: several places may share one number",
                try_="t.copy()",
            )
        try:
            change(self.data)
        except ValueError as error:
            raise ShapeError(
                "in-place change",
                got=f"values that do not fit the shape {self.shape}",
                needs=f"the shape of the tensor, or one that broadcasts to it (NumPy: {error})",
            ) from error
        self._version[0] += 1
        return self

    def copy_(self, source: ArrayLike | Tensor) -> Self:
        """Overwrite the numbers in place with ``source``, which must fit the shape."""
        values = as_array(source)
        if values.shape != self.shape:
            raise ShapeError(
                "copy_",
                got=f"values of shape {values.shape}",
                needs=f"the shape of the tensor, {self.shape}",
            )
        return self._change(lambda data: np.copyto(data, values, casting="same_kind"), source)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._change(lambda data: data.__setitem__(_plain_index(index), as_array(value)), value)

    def __iadd__(self, other: Any) -> Self:
        return self._change(lambda data: np.add(data, as_array(other), out=data), other)

    def __isub__(self, other: Any) -> Self:
        return self._change(lambda data: np.subtract(data, as_array(other), out=data), other)

    def __imul__(self, other: Any) -> Self:
        return self._change(lambda data: np.multiply(data, as_array(other), out=data), other)

    def __itruediv__(self, other: Any) -> Self:
        return self._change(lambda data: np.divide(data, as_array(other), out=data), other)


def tensor(
    data: ArrayLike | Tensor, requires_grad: bool = False, dtype: DTypeLike | None = None
) -> Tensor:
    """Make a Tensor from a copy of an array, a list or a number.

    Python numbers become float32 (or int64), arrays keep their dtype unless ``dtype`` is given.
    Raises DtypeError where ``requires_grad`` is asked of whole numbers.

    >>> t = tensor([1.0, 2.0], requires_grad=True)
    >>> (t**2).sum().backward()
    >>> t.grad.tolist()
    [2.0, 4.0]
    """
    array = np.array(as_array(data), dtype=dtype)
    if dtype is None and array.dtype == np.float64 and not hasattr(data, "dtype"):
        array = array.astype(np.float32)
    return Tensor(array, requires_grad)


def as_array(value: Any) -> Any:
    """The array of a tensor, or of anything that NumPy makes one of; a name in a trace as it is."""
    if isinstance(value, Tensor):
        return value.data
    return value if hasattr(type(value), "__pellucid_helper__") else np.asarray(value)


def _seed(t: Tensor, grad: ArrayLike | Tensor | None) -> Any:
    if grad is None:
        if t.data.size != 1:
            raise GradientError(
                "backward",
                got=f"a tensor of shape {t.shape}",
                needs="a single number, or the gradient that arrives: backward(grad)",
                try_="loss.mean().backward() or loss.sum().backward()",
            )
        return np.ones_like(t.data)
    g = as_array(grad).astype(t.dtype)
    if g.shape != t.shape:
        raise ShapeError(
            "backward", got=f"a gradient of shape {g.shape}", needs=f"the tensor's shape {t.shape}"
        )
    return g


def _differentiable(dtype: np.dtype[Any]) -> bool:
    """True for floating-point numbers; a DtypeError for all others."""
    if dtype.kind == "f":
        return True
    raise DtypeError(
        "tensor",
        got=f"requires_grad=True for dtype {dtype}",
        needs="floating-point numbers: whole numbers have no gradient",
        try_="tensor(array.astype(np.float32), requires_grad=True)",
    )


def plain(value: Any) -> Any:
    """``value`` with every tensor in it replaced by its array."""
    if isinstance(value, Tensor):
        return value.data
    if isinstance(value, tuple | list):
        return type(value)(plain(part) for part in value)
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return value


def _plain_index(index: Any) -> Any:
    return tuple(_plain_index(i) for i in index) if isinstance(index, tuple) else plain(index)
