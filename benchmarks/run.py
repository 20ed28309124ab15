"""Measures Pellucid beside its peers and keeps a table, the numbers and a picture.

python benchmarks/run.py --quick                 # under three minutes
python benchmarks/run.py                         # under twelve; for figures to rely on
python benchmarks/run.py --only b32-sgd --only predict
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import processes, size
from benchmarks.claims import claims
from benchmarks.drive import ROOT, interleave, working
from benchmarks.machine import describe, short_name
from benchmarks.plot import plot
from benchmarks.results import Result
from benchmarks.rows import PEERS, ROWS, Row
from benchmarks.table import claim_lines, machine_lines, row_lines, table

__all__ = ["main"]

_START = time.perf_counter()
IN_WORKERS = ("step", "network", "sgemm", "epoch", "predict")
FILES = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the options ask for, show it and keep it."""
    options = _options(arguments)
    machine = describe()
    print("\n".join(machine_lines(machine)), flush=True)
    plan = _Plan(options.quick, options.rounds, options.ours_only, _data(options.data))
    results = measure([row for row in ROWS if not options.only or row.id in options.only], plan)
    found = claims(results)
    print("\n".join(claim_lines(found)))
    out = options.out or ROOT / "benchmarks" / "results" / f"{date.today()}-{short_name(machine)}"
    out.mkdir(parents=True, exist_ok=True)
    content = {
        "date": str(date.today()),
        "quick": options.quick,
        "seconds": round(time.perf_counter() - _START, 1),
        "machine": machine,
        "rows": [result.to_json() for result in results],
        "claims": [claim.__dict__ | {"holds": claim.holds} for claim in found],
    }
    (out / "table.txt").write_text(table(machine, results, found), encoding="utf-8")
    (out / "results.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    plot(results, out / "figures.svg")
    print(f"\nkept in {out}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument(
        "--only",
        action="append",
        choices=[row.id for row in ROWS],
        metavar="ROW",
        help="one row; may be given again: " + ", ".join(row.id for row in ROWS),
    )
    parser.add_argument("--out", type=Path, help="folder; else benchmarks/results/DATE-MACHINE")
    parser.add_argument("--data", type=Path, help="folder with MNIST's four .gz files")
    parser.add_argument("--rounds", type=int, help="rounds of every row")
    parser.add_argument("--ours-only", action="store_true", help="Pellucid without its peers")
    return parser.parse_args(arguments)


def _data(given: Path | None) -> str:
    """The folder with MNIST's files, or an empty text."""
    named = os.environ.get("PELLUCID_DATA")
    places = [given, Path(named) if named else None, ROOT.parent / "shared" / "data"]
    for place in filter(None, places):
        for folder in (place, place / "mnist"):
            if all((folder / name).exists() for name in FILES):
                return str(folder.resolve())
    return ""


@dataclass(frozen=True)
class _Plan:
    """How often, with whom and on which data."""

    quick: bool
    rounds: int | None
    ours_only: bool
    data: str

    def rounds_of(self, row: Row) -> int:
        """The number of rounds of a row."""
        return self.rounds or (row.quick_rounds if self.quick else row.rounds)


def measure(rows: Sequence[Row], plan: _Plan) -> list[Result]:
    """The results of some rows, each shown as soon as it is there."""
    results = _in_workers([row for row in rows if row.kind in IN_WORKERS], plan)
    makers: dict[str, Callable[[list[Row], _Plan], list[Result]]] = {
        "to97": _to97,
        "import": _imports,
        "size": _sizes,
    }
    for kind, make in makers.items():
        of_kind = [row for row in rows if row.kind == kind]
        if of_kind:
            results += make(of_kind, plan)
            _show(results[-len(of_kind) :])
    return results


def _in_workers(rows: list[Row], plan: _Plan) -> list[Result]:
    """Steps, epochs and predictions: workers that live as long as they are needed."""
    results = []
    kinds = {row.kind for row in rows}
    peers = [p for p in PEERS if kinds & set(p.does) and (p.role != "peer" or not plan.ours_only)]
    with working(peers) as workers:
        for row in rows:
            result = Result.of(row)
            seconds, result.left_out = interleave(
                workers, replace(row, data=plan.data), plan.rounds_of(row), _say
            )
            for worker, values in seconds:
                result.add(worker.peer.label, worker.peer.role, worker.threads, values)
            if row.kind == "epoch" and not plan.data:
                result.note = "on random images: MNIST's files were not found"
            results.append(result)
            _show([result])
    return results


def _to97(rows: list[Row], plan: _Plan) -> list[Result]:
    """Learning MNIST, as whole processes: their time, and their memory."""
    results = [Result.of(row) for row in rows]
    if not plan.data:
        for result in results:
            result.note = "not measured: MNIST's files were not found; --data FOLDER"
        return results
    with tempfile.TemporaryDirectory() as folder:
        commands = processes.commands_to_97(plan.data, Path(folder))
        if plan.ours_only:
            commands = [c for c in commands if c.role == "ours"]
        taking, left_out = processes.measure(commands, max(map(plan.rounds_of, rows)), _say)
    for result in results:
        result.left_out = left_out
        for c in taking:
            values = c.seconds if result.unit == "s" else c.megabytes
            result.add(c.label, c.role, c.threads, values, processes.reached(c.said))
    return results


def _imports(rows: list[Row], plan: _Plan) -> list[Result]:
    result = Result.of(rows[0])
    taking, result.left_out = processes.import_seconds(plan.rounds_of(rows[0]), _say)
    for command in taking:
        result.add(command.label, command.role, command.threads, command.seconds)
    return [result]


def _sizes(rows: list[Row], plan: _Plan) -> list[Result]:
    result = Result.of(rows[0])
    for name in size.PACKAGES:
        try:
            own, total = size.installed_megabytes(name)
        except ModuleNotFoundError as error:
            result.left_out.append(str(error))
            continue
        role = "ours" if name == "pellucid" else "peer"
        result.add(name, role, 0, [total], f"alone {own:.4g}")
    return [result]


def _say(text: str) -> None:
    """Tell what is going on, where it does not get into the table."""
    print(f"  {time.perf_counter() - _START:4.0f} s  {text}", file=sys.stderr, flush=True)


def _show(results: Sequence[Result]) -> None:
    for result in results:
        print("\n".join(["", *row_lines(result)]), flush=True)


if __name__ == "__main__":
    main()
