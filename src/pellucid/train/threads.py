"""How many threads the matrix products get: a table by size, never a timing.

One thread and two add up in another order, so their results differ in the last bits; a run records
the number it used, and a resumed run uses the recorded one.
"""

from __future__ import annotations

import math
import os
from contextlib import AbstractContextManager
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from pellucid.nn import Module

__all__ = ["limit", "multiply_adds", "threads_for"]

# (multiply-adds of a forward pass over one batch, threads): the first row that is not exceeded.
# Two threads wait for each other by spinning: on an idle machine they gain a third at 30 million,
# on a busy one they cost a hundred times as much, so they come in where there is much to gain.
TABLE = ((100_000_000, 1), (math.inf, 2))


def multiply_adds(model: Module, batch: int) -> int:
    """The multiply-adds of one forward pass through the weight matrices.

    >>> from pellucid import nn
    >>> multiply_adds(nn.MLP([784, 128, 64, 10]), 1)
    109184
    """
    return batch * sum(math.prod(p.shape) for p in model.parameters() if p.ndim >= 2)


def threads_for(model: Module, batch: int, engine: str = "program") -> int:
    """The number of threads from the table, at most the machine's.

    The fused engine shares out its larger loops and products, whatever the network's size.
    """
    work = math.inf if engine == "fused" else multiply_adds(model, batch)
    wanted = next(threads for size, threads in TABLE if work <= size)
    return min(wanted, os.cpu_count() or 1)


def limit(threads: int) -> AbstractContextManager[Any]:
    """Inside the block, matrix products use this many threads."""
    return threadpool_limits(threads, user_api="blas")  # type: ignore[no-any-return]
