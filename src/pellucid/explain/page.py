"""The explanation as one page that needs nothing else: layers to open, numbers under symbols."""

from __future__ import annotations

import base64
import struct
import zlib
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.explain.parts import Block, Row, Told
from pellucid.explain.shown import shown
from pellucid.explain.text import block_title, move_cells
from pellucid.program.spell import constant

__all__ = ["as_page"]

STAGES = {
    "forward": "Forward: from the example to an answer",
    "loss": "Loss: how wrong the answer is",
    "backward": "Backward: what each number has to do with the loss",
    "change": "The gradients, changed before the update",
}
# Nothing may be fetched and nothing may run, whatever a class is called.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light dark; --paper: #f7f6f2; --card: #ffffff; --ink: #1f2630;
  --muted: #667080; --grid: #e2dfd7; --value: #2f6fba; --gradient: #b8501a;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171c; --card: #1c2027; --ink: #e6e8ec;
  --muted: #98a2b1; --grid: #2e343e; --value: #6aa6ee; --gradient: #f08a4b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2.2rem 1.2rem 4rem; }
h1, h2 { font-family: Georgia, "URW Palladio L", P052, serif; font-weight: 600; line-height: 1.2; }
h1 { font-size: 2rem; margin: 0 0 1rem; }
h2 { font-size: 1.35rem; margin: 2.6rem 0 .8rem; }
.top { display: flex; gap: 1.8rem; align-items: flex-start; flex-wrap: wrap; }
.top img { width: 11rem; height: auto; image-rendering: pixelated; border-radius: 8px;
  border: 1px solid var(--grid); }
dl { margin: 0; display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.2rem;
  flex: 1 1 24rem; }
dt { color: var(--muted); } dd { margin: 0; }
details { background: var(--card); border: 1px solid var(--grid); border-radius: 10px;
  margin: 0 0 .8rem; }
summary { cursor: pointer; padding: .7rem 1rem; font-weight: 600; }
summary small { color: var(--muted); font-weight: 400; margin-left: .6rem; }
.line { border-top: 1px solid var(--grid); padding: .8rem 1rem; }
.symbols { display: flex; justify-content: space-between; gap: 1rem; flex-wrap: wrap; }
code, table, pre { font-family: var(--mono); font-size: .875rem; }
.symbols code { color: var(--value); font-weight: 600; overflow-wrap: anywhere; }
.backward .symbols code, .change .symbols code { color: var(--gradient); }
.shape, .chain, .left { color: var(--muted); font-size: .85rem; }
.shape { font-family: var(--mono); }
.chain { font-family: var(--mono); margin: .2rem 0 0; }
.left { margin: .4rem 0 0; }
.scroll { overflow-x: auto; margin-top: .5rem; }
table { border-collapse: collapse; }
td, th { text-align: right; padding: .1rem .6rem .1rem 0; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
th { font-weight: 500; color: var(--muted); }
.work td { text-align: left; vertical-align: top; }
.work td:last-child { white-space: normal; }
.work td:nth-child(1) { color: var(--muted); }
.card { background: var(--card); border: 1px solid var(--grid); border-radius: 10px;
  padding: .9rem 1rem; overflow-x: auto; }
.card pre { margin: 0 0 .8rem; }
.bad { color: var(--gradient); font-weight: 600; }
@media print { details { break-inside: avoid; } }
"""


def as_page(told: Told) -> str:
    """The explanation as one HTML document; the same explanation gives the same text."""
    body = [f"<h1>{escape(told.title)}</h1>", _top(told)]
    if told.given:
        body += [
            "<h2>What goes in</h2>",
            *(_details("given", row.name, (row,), told) for row in told.given),
        ]
    stage = ""
    for block in told.blocks:
        if block.stage != stage:
            stage = block.stage
            body.append(f"<h2>{STAGES[stage]}</h2>")
        body.append(_block(block, told))
    body += _update(told)
    if told.checks:
        body.append("<h2>Asked of the loss itself</h2>")
        kinds = ("" if check.agrees else ' class="bad"' for check in told.checks)
        texts = [f"<p{k}>{escape(str(c))}</p>" for k, c in zip(kinds, told.checks, strict=True)]
        body.append(f'<div class="card">{"".join(texts)}</div>')
    inside = "\n".join(body)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(told.title)} · Pellucid</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{inside}\n</main>\n</body>\n</html>\n"
    )


def _top(told: Told) -> str:
    rows = "".join(f"<dt>{escape(n)}</dt><dd>{escape(t)}</dd>" for n, t in told.facts)
    picture = "" if told.picture is None else f'<img alt="the example" src="{_png(told.picture)}">'
    return f'<div class="top">{picture}<dl>{rows}</dl></div>'


def _block(block: Block, told: Told) -> str:
    return _details(block.stage, block_title(block), block.rows, told)


def _details(kind: str, title: str, rows: tuple[Row, ...], told: Told) -> str:
    names = ", ".join(row.name for row in rows)
    note = "" if names == title else f"<small>{escape(names)}</small>"
    lines = "".join(_row(row, told) for row in rows)
    opened = "" if kind == "given" else " open"
    return (
        f'<details class="{kind}"{opened}><summary>{escape(title)}{note}</summary>{lines}</details>'
    )


def _row(row: Row, told: Told) -> str:
    symbols = f"{row.name} = {row.formula}" if row.formula else row.name
    shape = constant(tuple(row.shape)) if row.shape else "a number"
    out = [
        f'<div class="line"><div class="symbols"><code>{escape(symbols)}</code>'
        f'<span class="shape">{escape(shape)}</span></div>'
    ]
    if row.chain:
        out.append(f'<p class="chain">{escape(row.chain)}</p>')
    numbers = shown(row, told)
    if numbers.grid:
        cells = "".join(
            f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in line)}</tr>" for line in numbers.grid
        )
        out.append(f'<div class="scroll"><table>{cells}</table></div>')
    worked = [(n, v, w) for n, v, w in numbers.single if w or not numbers.grid]
    if worked:
        cells = "".join(
            f"<tr><td>{escape(n)}</td><td>= {escape(f'{w} = {v}' if w else v)}</td></tr>"
            for n, v, w in worked
        )
        out.append(f'<div class="scroll"><table class="work">{cells}</table></div>')
    if numbers.left_out:
        out.append(f'<p class="left">{escape(numbers.left_out)}</p>')
    return "".join([*out, "</div>"])


def _update(told: Told) -> list[str]:
    if not told.moves:
        return []
    heads = ("", "size of gradient", "largest", "at", "weight before", "after")
    head = "".join(f"<th>{text}</th>" for text in heads)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in move_cells(move))}</tr>"
        for move in told.moves
    )
    rule = escape("\n".join(told.rule))
    return [
        "<h2>Update: every weight moves a little</h2>",
        f'<div class="card"><pre>{rule}</pre><table><tr>{head}</tr>{rows}</table></div>',
    ]


def _png(grey: NDArray[Any]) -> str:
    """Grey levels 0 to 1, (H, W), as a PNG file in a data address."""
    levels = np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)
    height, width = levels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in levels)  # a filter byte before each row
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
    content = b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
    return "data:image/png;base64," + base64.b64encode(content).decode()
