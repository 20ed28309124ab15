"""A process of its own for one peer and one number of threads: prepares, then runs bursts.

Reads one JSON object a line and answers with one. The libraries' thread pools would disturb each
other in one process; here each has its own and works only when it is asked.

    {"prepare": {... a row ...}}      ->  {"ready": true} or {"left_out": "why"}
    {"burst": 20, "warm": 5}          ->  {"seconds": 0.0002}, the mean of the 20
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.rows import Row

__all__ = ["main"]

WARM_UP = {
    "step": 60,
    "network": 6,
    "epoch": 1,
    "predict": 300,
    "sgemm": 2,
}  # after the first, which compiles
Run = Callable[[int], None]  # so many steps, done when it returns


def main() -> None:
    """Answer requests until there are no more."""
    module, form = sys.argv[1:3]
    # what a library prints must not get between the answers
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with contextlib.suppress(
        Exception
    ):  # all load their libraries at once; prepare says what fails
        importlib.import_module(f"benchmarks.peers.{module}")
    run: Run | None = None
    for request in map(json.loads, sys.stdin):
        answer: dict[str, Any] = {}
        try:
            if "prepare" in request:
                run = None
                run = prepare(module, form, Row(**request["prepare"]))
                answer["ready"] = True
            elif run is not None:
                answer["seconds"] = burst(run, request["burst"], request["warm"])
        except Exception as error:
            answer["left_out"] = reason(error)
        print(json.dumps(answer), file=answers, flush=True)


def prepare(module: str, form: str, row: Row) -> Run:
    """What runs a row's steps, once it is warm."""
    peer = importlib.import_module(f"benchmarks.peers.{module}")
    run: Run = getattr(peer, row.kind)(form, row)
    run(WARM_UP[row.kind])
    gc.collect()
    gc.freeze()
    return run


def burst(run: Run, steps: int, warm: int) -> float:
    """The mean seconds of a step."""
    if warm:
        run(warm)
    start = time.perf_counter()
    run(steps)
    return (time.perf_counter() - start) / steps


def reason(error: Exception) -> str:
    """Why a peer does not take part, in one line."""
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name} is not installed"
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"[:200]


if __name__ == "__main__":
    main()
