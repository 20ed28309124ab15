"""The whole page: head, sections, style, in one file that asks the network for nothing."""

from __future__ import annotations

import re
from pathlib import Path

from pellucid import durable
from pellucid.report.boundary import boundary
from pellucid.report.chart import theme
from pellucid.report.classes import classes
from pellucid.report.curves import curves
from pellucid.report.findings import Findings
from pellucid.report.headline import headline
from pellucid.report.histograms import histograms
from pellucid.report.markup import escape
from pellucid.report.mistakes import mistakes
from pellucid.report.numbers import numbers
from pellucid.report.origin import origin
from pellucid.report.style import STYLE
from pellucid.report.weights import weights

__all__ = ["render", "write"]

SECTIONS = (curves, boundary, classes, numbers, mistakes, weights, histograms, origin)
# Nothing may be fetched and nothing may run, whatever a class or a file is called.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def render(findings: Findings) -> str:
    """The report as one HTML document; the same findings give the same text.

    >>> from pellucid.record import Record
    >>> page = render(Findings("Empty", "classification", {}, Record([])))
    >>> page.startswith("<!doctype html>"), "<h1>Empty</h1>" in page
    (True, True)
    """
    with theme():
        sections = [section(findings) for section in SECTIONS]
    body = "".join([sections[0], *findings.sections, *sections[1:]])
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(findings.title)} · Pellucid</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{headline(findings)}{_contents(body)}{body}</main>\n</body>\n</html>\n"
    )


def write(findings: Findings, path: str | Path) -> None:
    """Write the report to ``path``; a report that stands there stays whole until it is replaced.

    Raises OSError when the disk refuses.
    """
    durable.write_text(path, render(findings))


def _contents(body: str) -> str:
    """Links to the sections."""
    found = re.findall(r'<section id="([a-z]+)">\n<h2>(.*?)</h2>', body)
    links = "".join(f'<a href="#{name}">{title}</a>' for name, title in found)
    return f'<nav aria-label="Contents">{links}</nav>\n' if len(found) > 1 else ""
