"""The numbers that a written step is given: the optimizer's options, and those that go with t."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pellucid.optim import Optimizer

__all__ = ["PAIRS", "label_of", "numbers_of", "of_group", "setting", "suffix_of"]

PAIRS = {  # options of two numbers: what each of them is called in a program
    "betas": ("beta1", "beta2"),
    "etas": ("eta_minus", "eta_plus"),
    "step_sizes": ("step_min", "step_max"),
}


def setting(group: Mapping[str, Any], label: str) -> Any:
    """The option of a group that a program knows by ``label``.

    >>> setting({"lr": 0.1, "betas": (0.9, 0.999)}, "beta2")
    0.999
    """
    for name, labels in PAIRS.items():
        if label in labels and name in group:
            return group[name][labels.index(label)]
    return group[label]


def numbers_of(
    optimizer: Optimizer, group: dict[str, Any], state: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The numbers of the next step, from those in ``state``; of the first step without one."""
    slots = [slot for slot in optimizer.slots(group) if slot in optimizer.numbers]
    before = {
        slot: state[slot] if state and slot in state else optimizer.first(slot, None, group)
        for slot in slots
    }
    return optimizer.advance(before, group)


def label_of(number: str) -> str:
    """What a program calls one of these numbers: the count of steps is t."""
    return "t" if number == "step" else number


def suffix_of(group: int) -> str:
    """What stands behind the labels of a group of parameters: nothing for the first.

    >>> suffix_of(0), suffix_of(2)
    ('', '_2')
    """
    return f"_{group}" if group else ""


def of_group(label: str) -> tuple[str, int]:
    """A label without its suffix, and the number of the group that it belongs to.

    >>> of_group("weight_decay"), of_group("lr_2")
    (('weight_decay', 0), ('lr', 2))
    """
    name, _, number = label.rpartition("_")
    return (name, int(number)) if name and number.isdigit() else (label, 0)
