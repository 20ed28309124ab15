"""The whole file of the reading form: header, helpers, the update rule, the step."""

from __future__ import annotations

import re
import textwrap

from pellucid import __version__
from pellucid.program.helpers import imports
from pellucid.program.name import GIVEN, Line
from pellucid.program.page import WIDTH, in_brackets
from pellucid.program.reading import Reading
from pellucid.program.spell import expression
from pellucid.program.trace import Trace
from pellucid.program.update import Update

__all__ = ["reading_source", "rule_lines"]


def reading_source(
    trace: Trace,
    body: Reading,
    update: Update | None,
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
    options = _options(update)
    if update is not None and len(update.lines) > 2:
        parts.append(_rule(rule, update, options))
    parts.append(_step(trace, body, update, gradients, rule, options))
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


def _options(update: Update | None) -> list[str]:
    """The settings that the update asks for: t, lr, beta1 ..."""
    if update is None:
        return []
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
    update: Update | None,
    gradients: dict[str, Line],
    rule: str,
    options: list[str],
) -> str:
    """The step itself."""
    memory = ["memory"] if update is not None and update.slots else []
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
    moved = {path: labels[path] for path in trace.moved}
    weights = body.weights(moved)
    d = body.gradients({path: gradients[path].label for path in trace.moved})
    inner += _updates(weights if len(moved) < len(labels) else None, update, d, rule, options)
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
    update: Update | None,
    gradients: list[str],
    rule: str,
    options: list[str],
) -> list[str]:
    """The loop that moves the weights: all of them, or those that are named ``moved``."""
    assert update is not None
    weights, before = "weights", []
    if moved is not None:
        weights = f"({', '.join(moved)},)"
        if len(weights) > 60:
            before, weights = in_brackets("moved = ", moved), "moved"
    d = f"({', '.join(gradients)}{',' if len(gradients) == 1 else ''})"
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
    call = ", ".join([*update.given, *options])
    return [*before, f"for {each} in zip({zipped}, strict=True):", f"    {rule}({call})"]
