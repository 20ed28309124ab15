"""The module tree: parameters, buffers and submodules by name, as in torch.nn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from pellucid.autograd import Tensor
from pellucid.errors import DtypeError, OptionError, PellucidError, ShapeError
from pellucid.nn.arguments import checked
from pellucid.nn.hooks import Hooks
from pellucid.nn.saved import misfits, mismatch

__all__ = ["LoadResult", "Module", "Parameter", "changes"]

Array = NDArray[Any]


class Parameter(Tensor):
    """A tensor that a module owns and an optimizer moves.

    >>> Parameter([1.0, 2.0]).requires_grad
    True
    """

    __slots__ = ()

    def __init__(self, data: ArrayLike, requires_grad: bool = True) -> None:
        array = np.asarray(data)
        if array.dtype == np.float64 and not hasattr(data, "dtype"):
            array = array.astype(np.float32)  # Python numbers, as in pellucid.tensor
        if not array.flags.writeable:  # an optimizer will write here
            array = array.copy()
        super().__init__(array, requires_grad)


_changes = [0]  # how often any module was given an attribute, a parameter or a module


def changes() -> int:
    """A number that grows whenever some network's structure, mode or options may have changed."""
    return _changes[0]


class LoadResult(NamedTuple):
    """What :meth:`Module.load_state_dict` found different, as in torch."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """A part of a network: it owns parameters, buffers and other modules, and has a ``forward``.

    Write a network of your own as a subclass; attributes that are parameters or modules are found
    by their names, in the order in which they were set.

    >>> from pellucid import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = nn.Linear(2, 4)
    ...         self.out = nn.Linear(4, 1)
    ...     def forward(self, x):
    ...         return self.out(self.hidden(x).tanh())
    >>> list(Net().state_dict())
    ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias']
    """

    training: bool
    _in_eval: bool  # whether it stays there
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _hooks: Hooks
    _arguments: tuple[tuple[Any, ...], dict[str, Any]] | None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        # The tables are made here, so that a subclass may set attributes before super().__init__();
        # the arguments are kept so that the architecture can be written down (nn.describe).
        self = super().__new__(cls)
        self.__dict__.update(
            training=True,
            _in_eval=False,
            _parameters={},
            _buffers={},
            _modules={},
            _unsaved=[],
            _hooks=Hooks(),
            _arguments=(args, kwargs),
        )
        return self

    def __init_subclass__(cls, **options: Any) -> None:
        # Pellucid's own layers name an argument that they do not take; yours raise what you raise.
        super().__init_subclass__(**options)
        if cls.__module__.startswith("pellucid.") and "__init__" in cls.__dict__:
            cls.__init__ = checked(cls.__init__)  # type: ignore[method-assign]

    @checked
    def __init__(self) -> None:
        """Nothing to do: the tables are ready."""

    # -- running --

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """What the module computes; every subclass says it."""
        raise OptionError(
            type(self).__name__,
            got="a call of a module without forward()",
            needs="a method forward(self, x) in the subclass",
        )

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Run the hooks and ``forward``; plain arrays become tensors of the module's dtype."""
        try:
            inputs = tuple([x if isinstance(x, Tensor) else self._admit(x) for x in inputs])
            if self._hooks:
                return self._hooks.around(self, inputs, options)
            return self.forward(*inputs, **options)
        except PellucidError as error:
            self._note_path(error)
            raise

    def _admit(self, x: Any) -> Any:
        """Numbers as a tensor, and the arrays in a tuple as tensors; anything else as it is."""
        if type(x) is tuple:  # several states, say; what is a number in a tuple is an option
            kinds = (np.ndarray, list, tuple)
            return tuple([self._admit(part) if isinstance(part, kinds) else part for part in x])
        if not isinstance(x, np.ndarray | list | float | int | np.generic):
            return x
        if isinstance(x, list) and any(isinstance(part, Tensor) for part in x):
            return x  # one array of them would lose their gradients
        array = np.asarray(x)
        first = next(self.parameters(), None)
        if array.dtype.kind == "f":
            given = array.dtype if hasattr(x, "dtype") else np.float32
            array = array.astype(given if first is None else first.dtype, copy=False)
        return Tensor(array)

    def _note_path(self, error: PellucidError) -> None:
        """Add the name of the child that ``error`` came out of to its path."""
        child = getattr(error, "left", None)
        for name, module in self._modules.items():
            if module is not None and module is child:
                error.pass_through(name)
                break  # a module with two names has one place
        error.left = self  # type: ignore[attr-defined]

    # -- registering --

    def __setattr__(self, name: str, value: Any) -> None:
        homes: tuple[tuple[type, dict[str, Any]], ...] = (
            (Parameter, self._parameters),
            (Module, self._modules),
        )
        for kind, home in homes:
            if isinstance(value, kind) or (value is None and name in home):
                self._forget(name, home)
                home[name] = value
                return
        if name in self._buffers and (value is None or isinstance(value, Tensor)):
            raise OptionError(
                type(self).__name__,
                got=f"an assignment to the buffer {name!r}",
                needs="one way to change a buffer, which a trace can record",
                try_=f"module.update_buffer({name!r}, value)",
            )
        if name in self._parameters:
            raise OptionError(
                type(self).__name__,
                got=f"{type(value).__name__} assigned to the parameter {name!r}",
                needs="an nn.Parameter or None",
                try_=f"nn.Parameter(...), or module.{name}.copy_(...) under no_grad()",
            )
        self._forget(name, self.__dict__)
        self.__dict__[name] = value

    def __getattr__(self, name: str) -> Any:
        for home in ("_parameters", "_buffers", "_modules"):
            table = self.__dict__.get(home, {})
            if name in table:
                return table[name]
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")

    def __delattr__(self, name: str) -> None:
        if not self._forget(name):
            object.__delattr__(self, name)

    def _forget(self, name: str, but: Any = None) -> bool:
        """Drop ``name`` from all tables ``but`` one: what is set again there keeps its place."""
        _changes[0] += 1
        found = False
        tables: list[dict[str, Any]] = [
            self._parameters,
            self._buffers,
            self._modules,
            self.__dict__,
        ]
        for table in tables:
            if name in table and table is not but:
                del table[name]
                found = True
        return found

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Own ``parameter`` (or None: a place kept free) under ``name``."""
        self._check_kind(name, parameter, Parameter)
        self._forget(name, self._parameters)
        self._parameters[name] = parameter

    def register_buffer(
        self, name: str, value: ArrayLike | Tensor | None, persistent: bool = True
    ) -> None:
        """Own numbers that are not learnt, such as running statistics; saved if ``persistent``."""
        self._forget(name, self._buffers)
        self._buffers[name] = None if value is None else Tensor(_own_array(value))
        if not persistent:
            self.__dict__["_unsaved"].append(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Own a submodule under ``name``."""
        self._check_kind(name, module, Module)
        self._forget(name, self._modules)
        self._modules[name] = module

    add_module = register_module

    def update_buffer(self, name: str, value: Any) -> None:
        """Give a buffer new values: the one way, so that a trace of the step can record it."""
        buffer = self._buffers[name]
        assert buffer is not None
        values = _array(value)
        if values.shape != buffer.shape:
            raise ShapeError(
                f"update_buffer of {type(self).__name__}",
                got=f"values of shape {values.shape} for {name!r}",
                needs=f"the buffer's shape {buffer.shape}",
            )
        new = values.astype(buffer.dtype)  # a new array: graphs keep the old one
        buffer.data = np.asarray(new) if isinstance(new, np.generic) else new

    def _check_kind(self, name: str, value: Any, kind: type) -> None:
        if value is None or isinstance(value, kind):
            return
        made = isinstance(value, type) and issubclass(value, kind)
        raise OptionError(
            type(self).__name__,
            got=f"{value!r} as {name!r}",
            needs=f"a {kind.__name__}",
            try_=f"{value.__name__}(...) with brackets" if made else None,
        )

    # -- hooks --

    def register_forward_pre_hook(self, hook: Callable[..., Any]) -> Callable[[], None]:
        """Call ``hook(module, inputs)`` before forward; what it returns replaces the inputs.

        This and the next two return a function that removes the hook.
        """
        return self._hooks.add("before", hook)

    def register_forward_hook(self, hook: Callable[..., Any]) -> Callable[[], None]:
        """Call ``hook(module, inputs, output)`` after forward; its answer replaces the output."""
        return self._hooks.add("after", hook)

    def register_full_backward_hook(self, hook: Callable[..., Any]) -> Callable[[], None]:
        """Call ``hook(module, grad_inputs, grad_outputs)`` when backward has passed the module."""
        return self._hooks.add("backward", hook)

    # -- the tree --

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The direct submodules with their names."""
        return ((n, m) for n, m in self._modules.items() if m is not None)

    def children(self) -> Iterator[Module]:
        """The direct submodules."""
        return (m for _, m in self.named_children())

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all below it, each once, with their paths (the root's is ``prefix``)."""
        seen: set[int] = set()
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            path, module = stack.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            yield path, module
            below = [(_join(path, name), child) for name, child in module.named_children()]
            stack.extend(reversed(below))

    def modules(self) -> Iterator[Module]:
        """This module and all below it."""
        return (m for _, m in self.named_modules())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters with their paths, each once."""
        return self._members("_parameters", prefix, recurse)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once, in the order in which they were set."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """The buffers with their paths."""
        return self._members("_buffers", prefix, recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def _members(self, table: str, prefix: str, recurse: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for name, value in module.__dict__[table].items():
                if value is not None and id(value) not in seen:
                    seen.add(id(value))
                    yield _join(path, name), value

    def get_submodule(self, path: str) -> Module:
        """The module at ``path``, such as ``"encoder.0"``."""
        module = self
        for name in path.split(".") if path else ():
            module = getattr(module, name)
        return module

    def apply(self, function: Callable[[Module], Any]) -> Self:
        """Call ``function`` on every module, children first."""
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    # -- modes, types, gradients --

    def train(self, mode: bool = True) -> Self:
        """Training mode (dropout drops, batch norm uses the batch) here and below."""
        for module in self.modules():
            module.training = mode and not module._in_eval
        return self

    def keep_eval(self, keep: bool = True) -> Self:
        """Stay in eval mode (this module alone) whatever ``train()`` says, or no longer."""
        self._in_eval = keep
        self.training = self.training and not keep
        return self

    def eval(self) -> Self:
        """Prediction mode here and below."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze (False) or free all parameters."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients."""
        for p in self.parameters():
            p.grad = None if set_to_none or p.grad is None else Tensor(np.zeros_like(p.grad.data))

    def to(self, dtype: DTypeLike) -> Self:
        """Turn all floating-point parameters and buffers into ``dtype``, in place.

        "cpu", where everything is already, changes nothing. Raises DtypeError for anything else
        that is no floating-point dtype.
        """
        if isinstance(dtype, str) and dtype == "cpu":
            return self
        try:
            floating = np.dtype(dtype).kind == "f"
        except TypeError:
            floating = False
        if not floating:
            raise DtypeError(
                f"{type(self).__name__}.to",
                got=repr(dtype),
                needs="a floating-point dtype such as np.float32 (NumPy computes on the CPU)",
            )
        for t in [*self.parameters(), *self.buffers()]:
            if t.dtype.kind == "f":
                t.data = t.data.astype(dtype)
                t.grad = None if t.grad is None else Tensor(t.grad.data.astype(dtype))
        return self

    def float(self) -> Self:
        """``to(float32)``."""
        return self.to(np.float32)

    def double(self) -> Self:
        """``to(float64)``."""
        return self.to(np.float64)

    # -- saving --

    def _state(self) -> Iterator[tuple[str, Tensor]]:
        """What is saved: shared parameters under every one of their names, as in torch."""
        for path, module in self._all_paths():
            for name, p in module._parameters.items():
                if p is not None:
                    yield _join(path, name), p
            for name, b in module._buffers.items():
                if b is not None and name not in module.__dict__["_unsaved"]:
                    yield _join(path, name), b

    def _all_paths(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        yield prefix, self
        for name, child in self.named_children():
            yield from child._all_paths(_join(prefix, name))

    def state_dict(self) -> dict[str, Array]:
        """Every parameter and saved buffer by its path, as copies that training leaves alone."""
        return {name: t.data.copy() for name, t in self._state()}

    def load_state_dict(
        self, state_dict: Mapping[str, ArrayLike | Tensor], strict: bool = True
    ) -> LoadResult:
        """Write saved values into the parameters and buffers, in place.

        Raises FormatError that lists every missing, unexpected and misshapen name, and those whose
        numbers are of another kind (whole for floating-point, say; another precision is turned
        into the network's own); with ``strict=False`` only the last two are refused. As in torch, a
        file from before there was a ``num_batches_tracked`` leaves it as it is.
        """
        own = dict(self._state())
        missing = [
            name
            for name in own
            if name not in state_dict and not name.endswith("num_batches_tracked")
        ]
        unexpected = [name for name in state_dict if name not in own]
        given = {name: _array(state_dict[name]) for name in own if name in state_dict}
        wrong = misfits(given, own, {n for n in given if not hasattr(state_dict[n], "dtype")})
        if any(wrong) or (strict and (missing or unexpected)):
            raise mismatch(type(self).__name__, missing, unexpected, *wrong)
        for name, array in given.items():
            own[name].data[...] = array
            own[name]._version[0] += 1
        return LoadResult(missing, unexpected)

    # -- showing --

    def extra_repr(self) -> str:
        """What stands between the brackets of the module's line; subclasses may say more."""
        return ""

    def __repr__(self) -> str:
        lines = [
            f"({name}): {child!r}".replace("\n", "\n  ") for name, child in self._modules.items()
        ]
        if not lines:
            return f"{type(self).__name__}({self.extra_repr()})"
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)"


def _array(value: Any) -> Any:
    data = value.data if isinstance(value, Tensor) else value
    return data if hasattr(data, "shape") and not isinstance(data, memoryview) else np.asarray(data)


def _own_array(value: Any) -> Array:
    """A copy of ``value``; Python numbers as float32."""
    array = np.array(_array(value))
    return array if hasattr(value, "dtype") or array.dtype.kind != "f" else array.astype(np.float32)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
