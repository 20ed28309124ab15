"""What the losses ask of their inputs: a rule cannot branch on values, so their doors do."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.autograd import Tensor
from pellucid.errors import DataError, DtypeError, OptionError, ShapeError, choose
from pellucid.nn.functional.doors import floating, in_dtype

__all__ = [
    "EVERY",
    "USUAL",
    "Usual",
    "alike",
    "as_tensor",
    "check_classes",
    "check_margin",
    "check_range",
    "check_weight",
    "check_written_classes",
    "class_axis",
    "class_labels",
    "left_out",
    "one_reduction",
    "same_shape",
    "signs",
    "values",
]

EVERY = ("mean", "sum", "none")


class Usual(int):
    """torch's ignore_index as long as nobody asked for it.

    Eager code looks whether a label is -100. A written program cannot look: it leaves examples out
    where ``ignore_index`` was given, and refuses -100 where it was not.
    """


USUAL = Usual(-100)


def one_reduction(
    who: str,
    reduction: str,
    size_average: Any = None,
    reduce: Any = None,
    kinds: tuple[str, ...] = EVERY,
) -> str:
    """The reduction; torch's two older arguments for the same thing are refused."""
    for name, value in (("size_average", size_average), ("reduce", reduce)):
        if value is not None:
            meant = "none" if reduce is False else "sum" if size_average is False else "mean"
            raise OptionError(
                who,
                got=f"{name}={value!r}",
                needs="reduction=, which took the place of size_average and reduce",
                try_=f"reduction={value if isinstance(value, str) else meant!r}",
            )
    return choose(who, reduction, kinds)


def values(t: Any) -> Any:
    """The array of a tensor, or None in a trace, where there are no values to look at."""
    array = t.data if isinstance(t, Tensor) else t
    return array if isinstance(array, np.ndarray) else None


def as_tensor(x: Any) -> Tensor:
    return x if isinstance(x, Tensor) else Tensor(x)


def same_shape(who: str, input: Any, target: Any) -> Any:
    """The target in the dtype of the predictions, once its shape is theirs."""
    floating(who, input)
    target = as_tensor(target)
    if input.shape != target.shape:
        raise ShapeError(
            who,
            got=f"predictions of shape {input.shape} and targets of shape {target.shape}",
            needs="equal shapes: broadcasting would compare each prediction with every target",
            try_=_reshape_advice(input.shape, target.shape),
        )
    return target.astype(input.dtype)


def _reshape_advice(predictions: tuple[int, ...], targets: tuple[int, ...]) -> str | None:
    if predictions == (*targets, 1):
        return f"targets.reshape(-1, 1), or predictions.reshape({', '.join(map(str, targets))})"
    return None


def alike(who: str, **inputs: Any) -> list[Any]:
    """Inputs of one shape, in the dtype of the first."""
    tensors = [as_tensor(x) for x in inputs.values()]
    for name, x in zip(inputs, tensors, strict=True):
        if x.shape != tensors[0].shape:
            first = next(iter(inputs))
            raise ShapeError(
                who,
                got=f"{first} of shape {tensors[0].shape} and {name} of shape {x.shape}",
                needs="inputs of one shape",
            )
    floating(who, tensors[0])
    return [x.astype(tensors[0].dtype) for x in tensors]


def signs(who: str, target: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Targets that are 1 or -1 everywhere, one for each loss."""
    target = as_tensor(target)
    if target.shape != shape:
        raise ShapeError(
            who,
            got=f"targets of shape {target.shape}",
            needs=f"one 1 or -1 a loss: shape {shape}",
            try_=f"targets.reshape{shape}" if target.shape == (*shape, 1) else None,
        )
    array = values(target)
    if array is not None and not (np.abs(array) == 1).all():
        wrong = array[np.abs(array) != 1].ravel()
        zeros = bool(np.isin(array, (0, 1)).all())
        raise DataError(
            who,
            got=f"the target {wrong[0]:g}" + _more(len(wrong)),
            needs="targets that are 1 or -1",
            try_="2 * targets - 1" if zeros else None,
        )
    return target.astype(dtype)


def check_range(
    who: str, what: str, given: Any, advice: str | None = None, most: float = 1.0
) -> None:
    """Refuse numbers below 0 or above ``most``."""
    array = values(given)
    if array is None or not array.size or (array.min() >= 0 and array.max() <= most):
        return
    raise DataError(
        who,
        got=f"{what} values from {array.min():g} to {array.max():g}",
        needs="probabilities, from 0 to 1" if most == 1 else "numbers from 0",
        try_=advice,
    )


def check_weight(who: str, weight: Any, input: Any, classes: int | None = None) -> Any:
    """The weights in the dtype of the predictions: one a class, or what is broadcast to them."""
    if weight is None:
        return None
    weight = in_dtype(weight, input.dtype)
    if classes is not None:
        fits, needs = weight.shape == (classes,), f"one weight a class: shape ({classes},)"
    else:
        fits, needs = _is_spread(weight.shape, input.shape), f"what is broadcast to {input.shape}"
    if not fits:
        raise ShapeError(who, got=f"weights of shape {weight.shape}", needs=needs)
    return weight


def _is_spread(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(small, large) == tuple(large)
    except ValueError:
        return False


def check_margin(who: str, margin: float) -> None:
    """Refuse a margin that keeps nothing apart, as torch does where three points are compared."""
    if not margin > 0:
        raise OptionError(who, got=f"margin = {margin}", needs="a number above 0")


# -- classes by number --


def class_axis(shape: tuple[int, ...]) -> int:
    """Where the classes are: axis 1, or 0 without a batch."""
    return 1 if len(shape) > 1 else 0


def class_labels(who: str, input: Any, target: Any, probabilities: bool = False) -> Any:
    """Classes (B, ...) as whole numbers; or probabilities like the predictions, where allowed."""
    target, shape = as_tensor(target), tuple(floating(who, input).shape)
    if not shape:
        raise ShapeError(who, got="a single number", needs="scores (B, C, ...) or (C,)")
    axis = class_axis(shape)
    expected = (*shape[:axis], *shape[axis + 1 :])
    if probabilities and target.dtype.kind == "f" and target.shape != expected:
        return same_shape(who, input, target)
    if target.dtype.kind not in "iu":
        either = ", or probabilities in the shape of the logits" if probabilities else ""
        raise DtypeError(
            who,
            got=f"targets of shape {target.shape} and dtype {target.dtype}",
            needs=f"class numbers (whole numbers){either}",
            try_="targets.astype(np.int64)",
        )
    if target.shape != expected:
        what = "logits" if probabilities else "predictions"
        raise ShapeError(
            who,
            got=f"{what} of shape {shape} and targets of shape {target.shape}",
            needs=f"one class number an example: targets of shape {expected}",
            try_="targets.reshape(-1)" if target.shape == (*expected, 1) else None,
        )
    return target


def left_out(who: str, target: Any, ignore_index: Any, reduction: str) -> int | None:
    """The class number of the examples that do not count, or None where every example does."""
    if isinstance(ignore_index, bool) or not isinstance(ignore_index, int | np.integer):
        raise OptionError(who, got=f"ignore_index={ignore_index!r}", needs="a whole number")
    array = values(target)
    if isinstance(ignore_index, Usual):
        asked = array is not None and array.size and array.min() < 0 and (array == USUAL).any()
        if not asked:
            return None
    if array is not None and reduction == "mean" and array.size and (array == ignore_index).all():
        raise DataError(
            who,
            got=f"labels that are all {int(ignore_index)}, the ignore_index",
            needs="a label that counts: the mean of no losses is no number",
            try_="reduction='sum'",
        )
    return int(ignore_index)


def check_classes(
    labels: Any, classes: int, ignore_index: int | None = None, who: str = "cross_entropy"
) -> None:
    """Refuse labels that are neither a class nor ``ignore_index``, and say which and where."""
    if not labels.size or (labels.min() >= 0 and labels.max() < classes):
        return
    outside = (labels < 0) | (labels >= classes)
    if ignore_index is not None:
        outside &= labels != ignore_index
    wrong = np.argwhere(outside)
    if not len(wrong):
        return
    place = tuple(wrong[0].tolist())
    label = labels[place]
    raise DataError(
        who,
        got=f"label {label}"
        + (f" at place {place[0] if len(place) == 1 else place}" if place else "")
        + _more(len(wrong)),
        needs=f"labels from 0 to {classes - 1}: the network has {classes} outputs",
    )


def check_written_classes(who: str, labels: Any, classes: int, ignore_index: int) -> None:
    """The same, for labels on their way into a program, which has no look of its own at them."""
    if not isinstance(ignore_index, Usual):
        check_classes(labels, classes, ignore_index, who)
        return
    try:
        check_classes(labels, classes, None, who)
    except DataError as error:
        if (labels == USUAL).any():
            error.try_ = "ignore_index=-100 said to the loss: then the program leaves examples out"
        raise


def _more(count: int) -> str:
    return f" and {count - 1} more" if count > 1 else ""
