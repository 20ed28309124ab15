"""The update, written once: the optimizer does the same to every parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.program.label import slot_letter
from pellucid.program.name import GIVEN, Line, Name
from pellucid.program.plan import is_elementwise, is_number
from pellucid.program.settings import of_group
from pellucid.program.trace import Trace

__all__ = ["Update", "find_updates", "form_of"]


@dataclass
class Update:
    """The rule that moves the parameters of a group, as lines about W, dW and the memories.

    ``given`` are W, dW and the memories' sources by name; ``results`` the lines that give W and the
    memories their new values, by the same names.
    """

    lines: list[Line]
    given: dict[str, Line]
    results: dict[str, Line]
    slots: dict[str, str]  # memory's short name: the optimizer's own name for it
    group: int  # of the optimizer
    paths: list[str]  # of the parameters that move so


def find_updates(trace: Trace, lines: list[Line], gradients: dict[str, Line]) -> list[Update]:
    """For each group the update of its parameters; none at all where it cannot be written once.

    All parameters of a group must be moved alike, each number by what stands at the same place, and
    all groups must remember the same of their parameters.
    """
    place = {id(line): i for i, line in enumerate(lines)}
    groups: dict[int, list[str]] = {}
    for path in trace.moved:
        groups.setdefault(trace.group[path], []).append(path)
    found = []
    for paths in groups.values():
        updates = [_of(trace, place, path, gradients[path]) for path in paths]
        forms = [form_of(update) for update in updates]
        flat = all(_at_each_place(x) or is_number(x) for x in updates[0].lines)
        if not flat or any(form != forms[0] for form in forms):
            return []
        updates[0].paths = paths
        found.append(updates[0])
    dtypes = {np.asarray(x.line.value).dtype for x in trace.moved.values()}
    alike = all(update.slots == found[0].slots for update in found)
    return found if alike and len(dtypes) == 1 else []


def _at_each_place(line: Line) -> bool:
    """Whether each number of the result depends on the numbers at the same place alone."""
    return is_elementwise(line) or (line.kind == "function" and line.call in ("where", "clip"))


def _of(trace: Trace, place: dict[int, int], path: str, gradient: Line) -> Update:
    """The update of one parameter; ``place``: of every line, by its id, among all of them."""
    given = {"W": trace.parameters[path].line, "dW": gradient}
    slots = {}
    results = {"W": trace.moved[path].line}
    for slot, name in trace.state[path].items():
        letter = slot_letter(slot)
        given[letter], slots[letter] = name.line, slot
        results[letter] = trace.new_state[path][slot].line
    stop = {id(line) for line in given.values()}
    mine: dict[int, Line] = {}
    waiting = list(results.values())
    while waiting:
        line = waiting.pop()
        if id(line) not in stop and id(line) not in mine and line.kind not in GIVEN:
            mine[id(line)] = line
            waiting += [name.line for name in line.names()]
    ordered = sorted(mine.values(), key=lambda x: place[id(x)])
    return Update(ordered, given, results, slots, trace.group[path], [path])


def form_of(update: Update) -> Any:
    """The update without the shapes: equal for two parameters that are moved alike."""
    form: dict[int, Any] = {id(line): name for name, line in update.given.items()}
    for line in update.lines:
        made = line.kind, line.call, _plain(line.inputs, form), _plain(line.options, form)
        form[id(line)] = made
    return {name: form.get(id(line)) for name, line in update.results.items()}


def _plain(value: Any, place: dict[int, Any]) -> Any:
    if isinstance(value, Name):
        return place.get(id(value.line), of_group(value.line.call)[0])
    if isinstance(value, tuple | list):
        return tuple(_plain(part, place) for part in value)
    if isinstance(value, dict):
        return tuple((key, _plain(part, place)) for key, part in value.items())
    return repr(value)
