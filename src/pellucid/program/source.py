"""The whole file of the reading form: header, helpers, the update rule, the step."""

from __future__ import annotations

import re
import textwrap

from pellucid import __version__
from pellucid.program.helpers import imports
from pellucid.program.name import GIVEN, Line
from pellucid.program.page import WIDTH, in_brackets
from pellucid.program.reading import Reading
from pellucid.program.settings import of_group, suffix_of
from pellucid.program.spell import expression
from pellucid.program.trace import Trace
from pellucid.program.update import Update, form_of

__all__ = ["reading_source", "rule_lines"]


def reading_source(
    trace: Trace,
    body: Reading,
    updates: list[Update],
    gradients: dict[str, Line],
    names: dict[str, str],
) -> str:
    """The step as a file that trains with nothing but NumPy; ``body``: forward and backward.

    ``gradients``: what the update takes, by parameter; ``names``: what the header says of the
    network, the loss, the optimizer and the check.
    """
    training = {"training": f"{names['loss']}, {names['optimizer']}"}
    given = {"given": names["given"]} if names.get("given") else {}
    header = {"network": names["network"], **training, **given, "checked": names["checked"]}
    parts = [_header(header), "\n".join(imports(body.above)), *body.above]
    rule = names["optimizer"].split("(")[0].lower()
    rules = _rules(rule, updates)
    parts += [_rule(name, u, _options(u)) for name, u in rules.items() if len(u.lines) > 2]
    parts.append(_step(trace, body, updates, gradients, rules))
    return "\n\n\n".join(parts).replace('"""\n\n\nimport', '"""\n\nimport') + "\n"


def _header(names: dict[str, str]) -> str:
    width = max(len(name) for name in names) + 2
    rows = [
        textwrap.fill(
            text,
            100,
            initial_indent=name.ljust(width),
            subsequent_indent=" " * width,
            break_long_words=False,
        )
        for name, text in names.items()
    ]
    return "\n".join(
        [
            f'"""A training step, written out by Pellucid {__version__}.',
            "",
            *rows,
            "",
            "n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone.",
            '"""',
        ]
    )


def _rules(name: str, updates: list[Update]) -> dict[str, Update]:
    """The different rules by their names: groups that move alike, but for numbers, have one."""
    found: dict[str, Update] = {}
    for update in updates:
        if all(form_of(update) != form_of(other) for other in found.values()):
            found[name + suffix_of(update.group)] = update
    return found


def _options(update: Update) -> list[str]:
    """The settings that the update asks for: t, lr, beta1 ..."""
    given = {id(line) for line in update.given.values()}
    found: list[str] = []
    for line in update.lines:
        for name in line.names():
            outside = name.line.kind in GIVEN and id(name.line) not in given
            if outside and name.line.label not in found:
                found.append(name.line.label)
    return found


def _rule(rule: str, update: Update, options: list[str]) -> str:
    """The update rule as a function of one array of weights."""
    arguments = ", ".join([*update.given, *options])
    text = [f"def {rule}({arguments}):", '    """Move one array of weights, in place."""']
    return "\n".join([*text, *(f"    {line}" for line in rule_lines(update))])


def rule_lines(update: Update) -> list[str]:
    """The statements of the rule; what it changes is changed in place."""
    uses: dict[int, int] = {}
    for line in update.lines:
        for name in line.names():
            uses[id(name.line)] = uses.get(id(name.line), 0) + 1
    results = {id(line): name for name, line in update.results.items()}
    labels = {id(line): name for name, line in update.given.items()}

    def known(line: Line) -> str | None:
        if id(line) in labels:
            return labels[id(line)]
        return line.label if line.kind in GIVEN else None

    texts: list[str] = []
    for line in update.lines:
        result = results.get(id(line))
        own = line.local or (f"part{len(texts)}" if uses.get(id(line), 0) > 1 else "")
        if result is None and (not own or own in update.given):
            continue
        text = expression(line, known)
        texts.append(_in_place(result, text) if result else f"{own} = {text}")
        labels[id(line)] = result or own
    return texts


def _in_place(name: str, text: str) -> str:
    """W -= ... where the formula begins with W -, else W[...] = the formula."""
    for sign in "-+":
        start = f"{name} {sign} "
        rest = text.removeprefix(start)
        if rest != text and not any(f" {s} " in _outside(rest) for s in "+-"):
            return f"{name} {sign}= {rest}"
    return f"{name}[...] = {text}"


def _outside(text: str) -> str:
    """The text without what stands in brackets."""
    depth, kept = 0, []
    for c in text:
        depth += c in "(["
        if not depth:
            kept.append(c)
        depth -= c in ")]"
    return "".join(kept)


def _step(
    trace: Trace,
    body: Reading,
    updates: list[Update],
    gradients: dict[str, Line],
    rules: dict[str, Update],
) -> str:
    """The step itself."""
    memory = ["memory"] if updates and updates[0].slots else []
    options = list(dict.fromkeys(option for update in updates for option in _options(update)))
    buffers = ["buffers"] if trace.buffers else []
    rng = ["rng"] if trace.sites else []
    arguments = ", ".join(["weights", *memory, *buffers, "x", "y", *rng, *options])
    out = [f"def step({arguments}):"]
    out.append('    """Train on one batch: move the weights in place and return the loss."""')
    labels = {path: name.line.label for path, name in trace.parameters.items()}
    inner = in_brackets("", body.weights(labels), " = weights")
    if buffers:
        inner += in_brackets("", [b.line.label for b in trace.buffers.values()], " = buffers")
    followed = _followed(trace)
    counted = any(re.search(r"\bn\b", text.partition("#")[0]) for text in (*body.lines, *followed))
    inner += ["n = len(x)", ""] if counted else [""]
    inner += [*body.lines, "", "# update"]
    if len(updates) == 1:
        moved = {path: labels[path] for path in trace.moved}
        weights = body.weights(moved) if len(moved) < len(labels) else None
        d = body.gradients({path: gradients[path].label for path in trace.moved})
        inner += _updates(weights, updates[0], d, next(iter(rules)))
    else:
        inner += _grouped(labels, updates, gradients, rules)
    inner += [*followed, "return loss"]
    return "\n".join([*out, *(f"    {text}" if text else "" for text in inner)])


def _followed(trace: Trace) -> list[str]:
    """The statements that give the buffers their new values."""

    def known(line: Line) -> str | None:
        return line.label or None

    return [
        f"{trace.buffers[path].line.label}[...] = {expression(name.line, known)}"
        for path, name in trace.new_buffers.items()
    ]


def _updates(
    moved: list[str] | None,
    update: Update,
    gradients: list[str],
    rule: str,
) -> list[str]:
    """The loop that moves the weights: all of them, or those that are named ``moved``."""
    weights, before = "weights", []
    if moved is not None:
        weights = f"({', '.join(moved)},)"
        if len(weights) > 60:
            before, weights = in_brackets("moved = ", moved), "moved"
    d = _bracketed(gradients)
    before += in_brackets("gradients = ", gradients)
    slots = list(update.slots)
    if len(update.lines) <= 2:
        loop = f"for W, dW in zip({weights}, {d}, strict=True):"
        if len(loop) + 4 <= WIDTH:
            before = []
        else:
            loop = f"for W, dW in zip({weights}, gradients, strict=True):"
        return [*before, loop, *(f"    {line}" for line in rule_lines(update))]
    names = f"({', '.join(slots)}{',' if len(slots) == 1 else ''})" if slots else ""
    each = ", ".join(["W", "dW", *([names] if slots else [])])
    zipped = ", ".join([weights, "gradients", *(["memory"] if slots else [])])
    call = ", ".join([*update.given, *_options(update)])
    return [*before, f"for {each} in zip({zipped}, strict=True):", f"    {rule}({call})"]


def _grouped(
    labels: dict[str, str],
    updates: list[Update],
    gradients: dict[str, Line],
    rules: dict[str, Update],
) -> list[str]:
    """A loop for each group of parameters, which have settings of their own."""
    out, first = [], 0
    for update in updates:
        moved = [labels[path] for path in update.paths]
        arriving = [gradients[path].label for path in update.paths]
        last = first + len(update.paths)
        slots = list(update.slots)
        memory = [f"memory[{first}:{last}]"] if slots else []
        each = ", ".join(["W", "dW", *([_bracketed(slots)] if slots else [])])
        zipped = ", ".join([_bracketed(moved), _bracketed(arriving), *memory])
        if len(each) + len(zipped) > WIDTH - 35:
            out += in_brackets("moved = ", moved) + in_brackets("gradients = ", arriving)
            zipped = ", ".join(["moved", "gradients", *memory])
        out += [f"for {each} in zip({zipped}, strict=True):"]
        out += [f"    {line}" for line in _moves(update, rules)]
        first = last
    return out


def _moves(update: Update, rules: dict[str, Update]) -> list[str]:
    """What is done to a W: the lines themselves where they are few, else a call of the rule."""
    name, rule = next((n, u) for n, u in rules.items() if form_of(u) == form_of(update))
    if len(update.lines) <= 2:
        return rule_lines(update)
    own = [of_group(option)[0] + suffix_of(update.group) for option in _options(rule)]
    return [f"{name}({', '.join([*update.given, *own])})"]


def _bracketed(labels: list[str]) -> str:
    return f"({', '.join(labels)}{',' if len(labels) == 1 else ''})"
