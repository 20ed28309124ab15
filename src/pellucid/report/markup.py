"""The pieces of HTML that every section is built from; text from data is escaped here."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = [
    "escape",
    "figure",
    "fold",
    "key",
    "number",
    "percent",
    "picture",
    "plot",
    "seconds",
    "section",
    "side_by_side",
    "table",
]


def escape(text: Any) -> str:
    """Text from data as HTML shows it, never as HTML reads it.

    >>> escape("<script>")
    '&lt;script&gt;'
    """
    return html.escape(str(text), quote=True)


def section(name: str, title: str, *parts: str) -> str:
    """A section with the anchor ``name``; nothing at all when every part is empty."""
    body = "\n".join(part for part in parts if part)
    return f'<section id="{name}">\n<h2>{title}</h2>\n{body}\n</section>\n' if body else ""


def plot(svg: str, alt: str) -> str:
    """A chart as a picture that a screen reader reads out."""
    return f'<div class="plot" role="img" aria-label="{escape(alt)}">{svg}</div>'


def figure(body: str, title: str, explanation: str, legend: str = "") -> str:
    """A chart with its title above and one sentence below that says how to read it."""
    return (
        f"<figure>\n<h3>{title}{legend}</h3>\n{body}\n"
        f"<figcaption>{explanation}</figcaption>\n</figure>"
    )


def side_by_side(*figures: str) -> str:
    """Charts two in a row where the screen is wide enough."""
    body = "\n".join(part for part in figures if part)
    return f'<div class="two">\n{body}\n</div>' if body else ""


def key(*entries: tuple[str, str]) -> str:
    """The legend: pairs of a CSS colour and a text."""
    items = "".join(
        f'<span><i style="background:{colour}"></i>{escape(text)}</span>'
        for colour, text in entries
    )
    return f'<span class="key">{items}</span>'


def picture(png: bytes, alt: str) -> str:
    """A small PNG inside the page."""
    data = base64.b64encode(png).decode()
    return f'<img src="data:image/png;base64,{data}" alt="{escape(alt)}">'


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "", style: str = ""
) -> str:
    """A table of cells that are HTML already; the first column heads its row."""
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    lines = "\n".join(
        f'<tr><th scope="row">{row[0]}</th>' + "".join(f"<td>{c}</td>" for c in row[1:]) + "</tr>"
        for row in rows
    )
    own = f' style="{style}"' if style else ""
    return (
        f'<div class="scroll"><table class="{kind}"{own}>\n<thead><tr>{top}</tr></thead>\n'
        f"<tbody>\n{lines}\n</tbody></table></div>"
    )


def fold(title: str, body: str) -> str:
    """A part that is closed until someone opens it."""
    return f"<details><summary>{title}</summary>\n{body}\n</details>" if body else ""


def percent(share: float, digits: int = 1) -> str:
    """A share of 1 in percent.

    >>> percent(0.9863, 2)
    '98.63 %'
    """
    return f"{100 * share:.{digits}f} %"


def number(value: Any) -> str:
    """A number as a person writes it; "-" for none, and text as it is.

    >>> number(101770), number(0.045612), number(None)
    ('101,770', '0.04561', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or (math.isfinite(value) and value == int(value)):
        return f"{int(value):,}" if abs(value) < 1e15 else f"{value:.4g}"
    return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def seconds(value: float) -> str:
    """A length of time.

    >>> seconds(3.21), seconds(75), seconds(7300)
    ('3.2 s', '1 min 15 s', '2 h 1 min')
    """
    if value < 60:
        return f"{value:.2g} s" if value < 1 else f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
