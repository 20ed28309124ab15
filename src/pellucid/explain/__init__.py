"""What a network is and does: a table of its layers, a picture, a step with every number."""

from pellucid.explain.drawing import graph
from pellucid.explain.explanation import Explanation, explain
from pellucid.explain.table import Summary, summary

__all__ = ["Explanation", "Summary", "explain", "graph", "summary"]
