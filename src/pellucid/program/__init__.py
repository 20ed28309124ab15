"""Writes the training step as NumPy: trace, tidy, plan, write, load."""

from pellucid.program.program import Program, write
from pellucid.program.trace import Changes

__all__ = ["Changes", "Program", "write"]
