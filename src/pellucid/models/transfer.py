"""Transfer learning: layers that stand still, a new head, a learning rate for each layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid import nn
from pellucid.errors import OptionError
from pellucid.nn import Module, Parameter
from pellucid.nn.describe import describe_again
from pellucid.nn.norm import ByStatistics

__all__ = [
    "freeze",
    "frozen_norms",
    "head_of",
    "layers_of",
    "layerwise_groups",
    "replace_head",
    "take_over",
    "unfreeze",
]

Array = NDArray[Any]
BODY = "body"
_COUNTS = ("classes", "num_classes", "outputs")  # what a class may call its outputs


def head_of(model: Module) -> str:
    """The path of the head: the last Linear layer, without one the last convolution.

    Raises OptionError for a network that has neither.

    >>> head_of(nn.MLP([4, 8, 3]))
    '2'
    """
    for kind in (nn.Linear, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        paths = [path for path, module in model.named_modules() if isinstance(module, kind)]
        if paths:
            return paths[-1]
    raise OptionError(
        f"head of {type(model).__name__}",
        got="a network without a Linear layer or a convolution",
        needs="a last layer that gives the answers",
    )


def freeze(model: Module, pattern: str = BODY) -> list[str]:
    """Let parameters stand still; returns their names.

    ``pattern``: "body" is everything but the head; else a layer's path, such as "conv1", or a name
    with * and ?, several with commas between. A batch norm whose scale and shift stand still stays
    in eval mode, whatever ``train()`` says: it goes on by the statistics that it has, and these
    stand still too. Dropout goes on dropping. Raises OptionError for a pattern that fits nothing.

    >>> freeze(nn.MLP([4, 8, 8, 3]), "0,2")
    ['0.weight', '0.bias', '2.weight', '2.bias']
    """
    fits = _fitting(model, pattern)
    found = [name for name, p in model.named_parameters() if fits(name) and _still(p)]
    norms = [
        module
        for path, module in model.named_modules()
        if isinstance(module, ByStatistics) and _stands_still(module, fits(path))
    ]
    for module in norms:
        module.keep_eval()
    if not found and not norms:
        layers = ", ".join(path for path, _ in _own_parameters(model))
        raise OptionError(
            f"freeze of {type(model).__name__}",
            got=repr(pattern),
            needs=f"'body', or the names of layers: {layers}",
        )
    return found


def unfreeze(model: Module, pattern: str = "*") -> None:
    """Let parameters learn again, and batch norm follow its batches.

    >>> net = nn.MLP([4, 8, 3])
    >>> _ = freeze(net)
    >>> unfreeze(net)
    >>> all(p.requires_grad for p in net.parameters())
    True
    """
    fits = _fitting(model, pattern)
    for name, p in model.named_parameters():
        if fits(name):
            p.requires_grad_()
    for path, module in model.named_modules():
        if fits(path):
            module.keep_eval(False)


def frozen_norms(model: Module) -> list[str]:
    """The paths of the batch norms that stay in eval mode."""
    return [path for path, module in model.named_modules() if module._in_eval]


def replace_head(model: Module, classes: int, generator: np.random.Generator | None = None) -> str:
    """Put a new last layer in the place of the head, with ``classes`` outputs; returns its path.

    Its weights are drawn from ``generator`` (else pellucid's own); all else stays.

    >>> net = nn.MLP([4, 8, 3])
    >>> replace_head(net, 5)
    '2'
    >>> net(np.ones((1, 4), np.float32)).shape
    (1, 5)
    """
    path = head_of(model)
    old = model.get_submodule(path)
    if not isinstance(old, nn.Linear):
        raise OptionError(
            f"replace_head of {type(model).__name__}",
            got=f"{path}: a {type(old).__name__}",
            needs="a Linear layer as the head",
            try_="setattr(model, name, layer) with a layer of your own",
        )
    if classes < 1:
        raise OptionError("replace_head", got=f"{classes} classes", needs="at least 1")
    new = nn.Linear(
        old.in_features,
        classes,
        old.bias is not None,
        dtype=old.weight.dtype,
        generator=generator,
    )
    parent, _, name = path.rpartition(".")
    model.get_submodule(parent).register_module(name, new)
    _retell(model, path, old.out_features, classes)
    return path


def layers_of(model: Module) -> list[list[tuple[str, Parameter]]]:
    """The parameters layer by layer, from the input on, each with its name.

    A layer is a child of the network, or of a list or Sequential in it; layers of normalisation
    belong to the layer before.

    >>> [[name for name, _ in layer] for layer in layers_of(nn.MLP([4, 8, 3], batch_norm=True))]
    [['0.weight', '0.bias', '1.weight', '1.bias'], ['3.weight', '3.bias']]
    """
    found: list[list[tuple[str, Parameter]]] = []
    seen: set[int] = set()
    for path, module in _layers(model, ""):
        own = [(name, p) for name, p in module.named_parameters(path) if id(p) not in seen]
        seen |= {id(p) for _, p in own}
        if own and found and isinstance(module, _NORMS):
            found[-1] += own
        elif own:
            found.append(own)
    rest = [(name, p) for name, p in model.named_parameters() if id(p) not in seen]
    return [rest, *found] if rest else found


def layerwise_groups(
    model: Module, lr: float, decay: float = 1.0, body_lr: float = 1.0
) -> list[dict[str, Any]]:
    """Groups for an optimizer: the head learns by ``lr``, each layer before it by less.

    The k-th layer before the head has lr * body_lr * decay^k: with ``body_lr`` alone all of them
    have the same share of the head's, with ``decay`` each has a share of the next one's.
    Frozen parameters are left out. The head comes first, so that the first group's learning rate is
    ``lr`` itself. Source: Howard & Ruder 2018, section 3.2 (decay 1 / 2.6).

    >>> [round(group["lr"], 4) for group in layerwise_groups(nn.MLP([4, 8, 8, 3]), 0.1, 0.5, 0.2)]
    [0.1, 0.01, 0.005]
    """
    for name, value in (("lr", lr), ("decay", decay), ("body_lr", body_lr)):
        if not 0 < value < float("inf"):
            raise OptionError("layerwise_groups", got=f"{name}={value}", needs="above 0")
    head = head_of(model)
    layers = layers_of(model)
    last = next(i for i, layer in enumerate(layers) if _has(layer, head))
    top = [pair for layer in layers[last:] for pair in layer]  # what follows the head is the head's
    rates: dict[float, list[tuple[str, Parameter]]] = {lr: top}
    for k, layer in enumerate(reversed(layers[:last])):
        rates.setdefault(lr * body_lr * decay ** (k + 1), []).extend(layer)
    groups = [
        {"params": [pair for pair in layer if pair[1].requires_grad], "lr": rate}
        for rate, layer in rates.items()
    ]
    return [group for group in groups if group["params"]]


def take_over(model: Module, weights: Mapping[str, Array], new_head: bool = False) -> list[str]:
    """Write another network's weights into ``model``; returns the names of its new head's.

    The head keeps its own, freshly drawn ones with ``new_head``, and where the other head is
    missing or has another shape. All other names must be there and fit: else FormatError, with a
    list of them; OptionError for a network that is a head alone.

    >>> old, new = nn.MLP([4, 8, 3]), nn.MLP([4, 8, 5])
    >>> take_over(new, old.state_dict())
    ['2.weight', '2.bias']
    """
    head, own = head_of(model), model.state_dict()
    mine = [name for name in own if _below(name, head)]
    if len(mine) == len(own):
        raise OptionError(
            f"weights for {type(model).__name__}",
            got="a network of one layer, which is its head",
            needs="layers before the head, to take over",
        )
    fits = all(name in weights and weights[name].shape == own[name].shape for name in mine)
    if fits and not new_head:
        model.load_state_dict(weights)
        return []
    body = {name: array for name, array in weights.items() if not _below(name, head)}
    model.load_state_dict({**body, **{name: own[name] for name in mine}})
    return mine


def _below(name: str, path: str) -> bool:
    """Whether a name is that of a module, or of something in it."""
    return name == path or not path or name.startswith(f"{path}.")


# -- what stands still ------------------------------------------------------------------------


def _fitting(model: Module, pattern: str) -> Any:
    """Whether a path or a parameter's name is meant by ``pattern``."""
    if pattern == BODY:
        head = head_of(model)
        return lambda name: not _below(name, head)
    parts = [part.strip() for part in pattern.split(",") if part.strip()]

    def fits(name: str) -> bool:
        return any(_below(name, part) or fnmatchcase(name, part) for part in parts)

    return fits


def _still(p: Parameter) -> bool:
    p.requires_grad_(False)
    p.grad = None
    return True


def _stands_still(module: Module, meant: bool) -> bool:
    """Whether a norm's own parameters stand still; one without any, whether it is meant."""
    own = list(module.parameters(recurse=False))
    return not any(p.requires_grad for p in own) if own else meant


def _own_parameters(model: Module) -> Iterator[tuple[str, Module]]:
    for path, module in model.named_modules():
        if path and any(True for _ in module.parameters(recurse=False)):
            yield path, module


# -- layers -----------------------------------------------------------------------------------

_NORMS = (ByStatistics, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
_LISTS = (nn.Sequential, nn.ModuleList)


def _layers(module: Module, path: str) -> Iterator[tuple[str, Module]]:
    """The layers below ``module``: its children, and in their places those of its lists."""
    children = list(module.named_children())
    if not children:
        yield path, module
    for name, child in children:
        below = f"{path}.{name}" if path else name
        if isinstance(child, _LISTS):
            yield from _layers(child, below)
        else:
            yield below, child


def _has(layer: list[tuple[str, Parameter]], head: str) -> bool:
    return any(_below(name, head) for name, _ in layer)


def _retell(model: Module, path: str, before: int, after: int) -> None:
    """Let the modules around the head be described with the new number of outputs."""
    parts = path.split(".")
    for k in range(len(parts)):
        describe_again(model.get_submodule(".".join(parts[:k])), _COUNTS, before, after)
