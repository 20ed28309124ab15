"""Writes the training step as NumPy: trace, tidy, plan, write, load."""

from pellucid.program.inference import Inference
from pellucid.program.program import Program, write
from pellucid.program.trace import Changes

__all__ = ["Changes", "Inference", "Program", "write"]
