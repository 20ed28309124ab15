"""The figures as plain text: a block for each row, and the claims beneath."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.claims import Claim
from benchmarks.results import SGEMM, Entry, Result

__all__ = ["claim_lines", "machine_lines", "row_lines", "table"]

WORDS = {"us": "microseconds", "ms": "milliseconds", "s": "seconds", "MB": "MB (10^6 bytes)"}
HEAD = f"{'':44}{'threads':>8}{'median':>10}{'least':>10}{'quarters':>20}{'most':>10}"


def table(machine: dict[str, Any], results: Sequence[Result], claims: Sequence[Claim]) -> str:
    """Everything, to be printed or kept."""
    blocks = [machine_lines(machine), *map(row_lines, results), claim_lines(claims)]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def machine_lines(machine: dict[str, Any]) -> list[str]:
    """The machine and the versions, in a few lines."""
    versions = ", ".join(f"{name} {v}" for name, v in machine["versions"].items())
    load = machine["load_at_start"][0]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']:g} GB",
        f"{machine['system']}, Python {machine['python']}, {versions}",
        f"NumPy's BLAS: {'; '.join(machine['blas']) or 'unknown'}; load at the start {load}",
    ]
    if machine["settings_left_aside"]:
        lines.append(f"Left aside from the shell: {', '.join(machine['settings_left_aside'])}")
    if load > 0.3:
        lines.append("The machine was not idle: these figures are not to be relied on.")
    return lines


def row_lines(result: Result) -> list[str]:
    """A row: ours first, then the peers from the best, then what the machine can do."""
    floor = result.floor()
    head = HEAD + f"{'to best peer':>14}" * (result.best_peer() is not None)
    head += f"{'of floor':>10}" * bool(floor)
    rounds = max((entry.spread.count for entry in result.entries), default=0)
    times = f", {rounds} rounds" if rounds > 1 else ""
    lines = [f"{result.title} [{result.id}]: {WORDS[result.unit]}{times}", head]
    lines += [_line(result, entry, floor) for entry in _ordered(result)]
    if floor:
        pairs = [f"{floor[n]:.4g} with {n} ({rate:.0f} GFLOP/s)" for n, rate in _rates(result)]
        lines.append(f"  floor, by threads: {', '.join(pairs)}")
    lines += [f"  {result.note}"] * bool(result.note)
    return lines + [f"  left out: {who}" for who in result.left_out]


def _ordered(result: Result) -> list[Entry]:
    places = ("ours", "peer", "floor")
    shown = [e for e in result.best() if not (result.kind == "step" and e.peer == SGEMM)]
    return sorted(shown, key=lambda e: (places.index(e.role), e.median))


def _rates(result: Result) -> list[tuple[int, float]]:
    return sorted(result.rates().items())


def _line(result: Result, entry: Entry, floor: dict[int, float]) -> str:
    s, best = entry.spread, result.best_peer()
    quarters = f"{s.low:.4g} - {s.high:.4g}"
    line = f"  {entry.peer:42}{entry.threads or 'own':>8}{s.median:>10.4g}{s.least:>10.4g}"
    line += f"{quarters:>20}{s.most:>10.4g}"
    if best is not None:
        ratio = "" if entry.role == "floor" else f"{entry.median / best.median:.2f}"
        line += f"{ratio:>14}"
    if floor:
        line += f"{100 * min(floor.values()) / entry.median:>8.0f} %"
    extra = "; ".join(filter(None, [result.others(entry), entry.note]))
    return f"{line}   {extra}".rstrip()


def claim_lines(claims: Sequence[Claim]) -> list[str]:
    """What was wanted, and what came out."""
    if not claims:
        return []
    lines = ["What is wanted, and what was found:"]
    for claim in claims:
        verdict = "yes" if claim.holds else "NO"
        found = f"{claim.found:.2f}{claim.unit}"
        wanted = f"{claim.sense} {claim.wanted:g}{claim.unit}"
        lines.append(f"  {verdict:4}{claim.text:74}{found:>12}   wanted: {wanted}")
    return lines
