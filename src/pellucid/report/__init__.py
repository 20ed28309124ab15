"""The report of a run: one HTML file with its curves, mistakes and weights, readable offline."""

from __future__ import annotations

from pellucid.report.findings import Findings
from pellucid.report.page import render, write

__all__ = ["Findings", "render", "write"]
