"""Asks the workers in turn for bursts of steps, so that a slow moment hits all of them alike."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.rows import Peer, Row

__all__ = ["ROOT", "Worker", "clean_environment", "interleave", "working"]

ROOT = Path(__file__).resolve().parents[1]
PREPARE_SECONDS = 400.0  # torch.compile and Numba need a while the first time
BURST_SECONDS = 120.0
SETTLE_SECONDS = 0.04  # a thread pool spins for about 25 ms after its last work

# What a shell may have set, and what would then be measured in place of the libraries.
STEERING = (
    *("OPENBLAS_", "GOTO_", "MKL_", "BLIS_", "OMP_", "KMP_", "GOMP_", "ATEN_", "TORCH", "XLA_"),
    *("JAX_", "NPROC", "NUMBA_", "PYTHONDONTWRITEBYTECODE"),
)
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def clean_environment(threads: int = 0) -> dict[str, str]:
    """The environment without what steers the libraries; with a number of threads unless 0."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(STEERING)}
    source = str(ROOT / "src")
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, [source, kept.get("PYTHONPATH")]))
    if threads:
        kept |= dict.fromkeys((*THREADS, "NPROC"), str(threads))  # NPROC is JAX's
    return kept


class Worker:
    """One peer with one number of threads, in a process that lives as long as the benchmark."""

    def __init__(self, peer: Peer, threads: int) -> None:
        self.peer, self.threads = peer, threads
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115 (lives as long as the worker)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", peer.module, peer.form],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            cwd=ROOT,
            env=clean_environment(threads),
        )

    def ask(self, request: dict[str, Any]) -> None:
        """Send a request; the answer is fetched with :meth:`answer`."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it is gone; the answer will say so

    def answer(self, patience: float) -> dict[str, Any]:
        """The answer, or {"left_out": why} where none came."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], patience)[0]:
            self.process.kill()
            return {"left_out": f"no answer within {patience:g} s"}
        line = self.process.stdout.readline()
        if line:
            return dict(json.loads(line))
        self.process.wait()
        return {"left_out": f"its process ended ({self.process.returncode}): {self._last_words()}"}

    def _last_words(self) -> str:
        self.log.seek(0)
        return (self.log.read().strip().splitlines() or ["nothing said"])[-1][:200]

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        try:
            self.process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
        self.log.close()


@contextmanager
def working(peers: Sequence[Peer]) -> Iterator[list[Worker]]:
    """Workers for each peer and each number of threads it is tried with; ended afterwards."""
    cores = os.cpu_count() or 1
    workers: list[Worker] = []
    try:
        for peer in peers:
            workers += [Worker(peer, threads) for threads in peer.threads if threads <= cores]
        yield workers
    finally:
        for worker in workers:
            worker.close()


def interleave(
    workers: Sequence[Worker], row: Row, rounds: int, say: Callable[[str], None] = print
) -> tuple[list[tuple[Worker, list[float]]], list[str]]:
    """Seconds a step of each worker, burst after burst in turn; and who was left out, and why."""
    taking = [w for w in workers if row.kind in w.peer.does]
    say(f"{row.title}: {len(taking)} workers prepare")
    left_out: dict[str, None] = {}
    ready = _prepare(taking, row, left_out)
    say(f"{row.title}: {rounds} rounds")
    seconds: dict[int, list[float]] = {id(w): [] for w in ready}
    for number in range(rounds):
        shift = number % max(len(ready), 1)  # nobody always follows the same neighbour
        for worker in [*ready[shift:], *ready[:shift]]:
            time.sleep(SETTLE_SECONDS)
            worker.ask({"burst": row.burst, "warm": row.warm})
            answer = worker.answer(BURST_SECONDS)
            if "seconds" in answer:
                seconds[id(worker)].append(answer["seconds"])
            else:
                left_out[f"{worker.peer.label}: {answer.get('left_out')}"] = None
                ready = [w for w in ready if w is not worker]
    return [(w, seconds[id(w)]) for w in ready], list(left_out)


def _prepare(workers: Sequence[Worker], row: Row, left_out: dict[str, None]) -> list[Worker]:
    """Those that are ready for a row; one prepares after the other.

    Together they would take many times as long: pools that spin on cores that others need.
    """
    ready = []
    for worker in workers:
        worker.ask({"prepare": asdict(row)})
        answer = worker.answer(PREPARE_SECONDS)
        if answer.get("ready"):
            ready.append(worker)
        else:
            left_out[f"{worker.peer.label}: {answer.get('left_out')}"] = None
    return ready
