"""A helper as the reading form shows it: nobody gives it memory, so nothing is said of ``out``."""

from __future__ import annotations

import ast
import re
import textwrap

__all__ = ["gives_memory_to", "without_out"]


def without_out(text: str) -> str:
    """The source of a helper for calls without ``out=``; unchanged where that is not plain to see.

    >>> without_out("def f(x, out=None): return x + 1 if out is None else np.add(x, 1, out=out)")
    'def f(x): return x + 1'
    """
    shorter = re.sub(r",\s*(\*,\s*)?out=None,?\s*\)", ")", text, count=1)
    if shorter == text:
        return text
    while True:
        found = next((n for n in ast.walk(ast.parse(shorter)) if _asks(n)), None)
        if found is None:
            break
        changed = _decided(shorter, found)
        if changed is None:
            return text
        shorter = changed
    return shorter if _is_made_first(shorter) else text


def gives_memory_to(text: str) -> set[str]:
    """The functions that a helper calls with ``out=``."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return {
        call.func.id
        for call in calls
        if isinstance(call.func, ast.Name) and any(k.arg == "out" for k in call.keywords)
    }


def _asks(node: ast.AST) -> bool:
    """Whether the node is chosen by ``out is None`` or ``out is not None``."""
    if not isinstance(node, ast.If | ast.IfExp) or not isinstance(node.test, ast.Compare):
        return False
    left, right = node.test.left, node.test.comparators[0]
    named = isinstance(left, ast.Name) and left.id == "out"
    none = isinstance(right, ast.Constant) and right.value is None
    return named and none and isinstance(node.test.ops[0], ast.Is | ast.IsNot)


def _decided(text: str, node: ast.AST) -> str | None:
    """The source with the choice made: there is no memory; None where it is not a simple one."""
    assert isinstance(node, ast.If | ast.IfExp) and isinstance(node.test, ast.Compare)
    absent = isinstance(node.test.ops[0], ast.Is)
    if isinstance(node, ast.IfExp):
        start, end = _place(text, node.lineno, node.col_offset), _end(text, node)
        test, after = _place(text, node.test.lineno, node.test.col_offset), _end(text, node.test)
        rest = text[after:end].strip().removeprefix("else").strip()
        chosen = text[start:test].rstrip().removesuffix("if").rstrip() if absent else rest
        return text[:start] + chosen + text[end:]
    if node.orelse or not absent or node.body[0].lineno == node.lineno:
        return None
    lines = text.split("\n")
    inner = textwrap.dedent("\n".join(lines[node.lineno : node.end_lineno]))
    indented = textwrap.indent(inner, " " * node.col_offset)
    return "\n".join([*lines[: node.lineno - 1], indented, *lines[node.end_lineno or 0 :]])


def _place(text: str, row: int, column: int) -> int:
    lines = text.split("\n")
    before = lines[row - 1].encode()[:column].decode()
    return sum(len(line) + 1 for line in lines[: row - 1]) + len(before)


def _end(text: str, node: ast.expr) -> int:
    return _place(text, node.end_lineno or 0, node.end_col_offset or 0)


def _is_made_first(text: str) -> bool:
    """Whether ``out`` is a value that the function makes itself, or not there at all."""
    names = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name) and n.id == "out"]
    names.sort(key=lambda n: (n.lineno, n.col_offset))
    made = [n.lineno for n in names if isinstance(n.ctx, ast.Store)]
    read = [n.lineno for n in names if isinstance(n.ctx, ast.Load)]
    return not read or (bool(made) and made[0] < read[0])
