"""Whole processes, from command to end: MNIST to 97 %, peak memory, import time."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.drive import ROOT, clean_environment

__all__ = ["Command", "commands_to_97", "import_seconds", "measure", "once", "reached"]

TARGET = 0.97
PEERS = ROOT / "benchmarks" / "peers"
PATIENCE_SECONDS = 100.0

# The recipe's network with the rows' sizes; first what is best, then what the PyTorch script does.
OURS = "--layers 128,64 --dropout 0 --augment-shift 0 --json"
BEST = "--batch-size 128 --lr 0.004 --schedule onecycle --epochs 3"
SAME = "--batch-size 64 --lr 0.001 --schedule constant --epochs 4"
IMPORTED = ("numpy", "pellucid", "pellucid.train", "torch", "jax", "sklearn.neural_network")


@dataclass
class Command:
    """A process that is timed, and what its runs gave."""

    label: str
    words: list[str]
    role: str = "peer"
    threads: int = 0
    needs: str = ""  # a module that has to be installed
    seconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)


def once(words: Sequence[str], threads: int = 0) -> tuple[float, float, str]:
    """Run a command: its seconds, its peak memory in MB (10^6 bytes) and what it printed.

    The peak is the kernel's ru_maxrss of the process itself. Raises RuntimeError where it fails.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        start = time.perf_counter()
        process = subprocess.Popen(
            words, stdout=out, stderr=err, cwd=ROOT, env=clean_environment(threads)
        )
        timer = threading.Timer(PATIENCE_SECONDS, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if seconds > PATIENCE_SECONDS:
            raise RuntimeError(f"a run was not done after {PATIENCE_SECONDS:g} s")
        if process.returncode:
            err.seek(0)
            raise RuntimeError((err.read().strip().splitlines() or ["failed"])[-1][:200])
        out.seek(0)
        return seconds, usage.ru_maxrss * _MAXRSS_BYTES / 1e6, out.read()


_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


def measure(
    commands: Sequence[Command], rounds: int, say: Callable[[str], None] = print
) -> tuple[list[Command], list[str]]:
    """Run the commands in turn; those that worked, and who was left out and why.

    The word SEED in a command is the number of the round: how many epochs it takes is chance too.
    """
    left_out: dict[str, None] = {}
    taking = []
    for command in commands:
        if command.needs and importlib.util.find_spec(command.needs) is None:
            left_out[f"{command.label}: {command.needs} is not installed"] = None
        else:
            taking.append(command)
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for command in list(taking):
            try:
                words = [word.replace("SEED", str(number)) for word in command.words]
                seconds, megabytes, text = once(words, command.threads)
                command.said.append(_last_object(text))
            except (RuntimeError, OSError, ValueError) as error:
                left_out[f"{command.label}: {error}"] = None
                taking.remove(command)
                continue
            command.seconds.append(seconds)
            command.megabytes.append(megabytes)
    return [command for command in commands if command.seconds], list(left_out)


def _last_object(text: str) -> dict[str, Any]:
    start = text.find("{")
    return {} if start < 0 else dict(json.loads(text[start:]))


def commands_to_97(data: str, folder: Path) -> list[Command]:
    """Those that learn MNIST; run folders go below ``folder``."""
    python = sys.executable
    command = [python, "-m", "pellucid", "train", "mnist", "--data-dir", data]
    command += ["--out", str(folder / "run"), "--force", "--seed", "SEED", *OURS.split()]
    ours, theirs = (
        [python, str(PEERS / f"{who}_mnist.py"), data, "SEED"] for who in ("pellucid", "torch")
    )
    commands = [
        Command("Pellucid command", [*command, *BEST.split()], "ours"),
        Command("Pellucid command, the script's settings", [*command, *SAME.split()], "ours"),
        Command("Pellucid script", ours, "ours"),
        Command("Pellucid script, fused", [*ours, "fused"], "ours", needs="numba"),
    ]
    return commands + [Command("PyTorch script", theirs, threads=n, needs="torch") for n in (1, 2)]


def reached(said: Sequence[dict[str, Any]]) -> str:
    """What the runs of a command said about their results.

    >>> reached([{"epochs": 4, "accuracy": 0.972}, {"epochs": 5, "accuracy": 0.9651}])
    '96.5 to 97.2 % after 4, 5 epochs; 97 % MISSED in 1 of 2'
    """
    found = [(part.get("validation") or part).get("accuracy", 0.0) for part in said]
    if not found:
        return ""
    epochs = ", ".join(str(part.get("epochs")) for part in said)
    text = f"{100 * min(found):.1f} to {100 * max(found):.1f} % after {epochs} epochs"
    missed = sum(accuracy < TARGET for accuracy in found)
    return text + (f"; 97 % MISSED in {missed} of {len(found)}" if missed else "")


def import_seconds(
    rounds: int, say: Callable[[str], None] = print
) -> tuple[list[Command], list[str]]:
    """Seconds of ``import X`` beyond those of Python alone, measured in the same round."""
    python = sys.executable
    bare = Command("Python alone", [python, "-c", "pass"], "floor")
    commands = [
        Command(
            f"import {name}",
            [python, "-c", f"import {name}"],
            "ours" if name.startswith("pellucid") else "peer",
            needs=name.partition(".")[0] if not name.startswith("pellucid") else "",
        )
        for name in IMPORTED
    ]
    measure([bare, *commands], 1, lambda _: None)  # bytecode is written, files are in memory
    for command in (bare, *commands):
        command.seconds, command.megabytes = [], []
    taking, left_out = measure([bare, *commands], rounds, say)
    taking.remove(bare)
    for command in taking:
        pairs = zip(command.seconds, bare.seconds, strict=True)
        command.seconds = [with_import - without for with_import, without in pairs]
    return taking, left_out
