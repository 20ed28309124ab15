"""What was measured in a row: an entry for each peer and number of threads, and what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.rows import SIDE, Row, product_flops
from benchmarks.spread import Spread

__all__ = ["SGEMM", "Entry", "Result"]

SGEMM = "NumPy sgemm"  # whose rate the floor is computed from
FACTOR = {"us": 1e6, "ms": 1e3, "s": 1.0, "MB": 1.0}


@dataclass
class Entry:
    """A peer with a number of threads: the spread of what was measured, in the row's unit."""

    peer: str
    role: str  # ours, peer or floor
    threads: int  # 0: its own choice
    spread: Spread
    note: str = ""
    raw: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The figure that stands for it."""
        return self.spread.median


@dataclass
class Result:
    """A row with its entries and those who were left out."""

    id: str
    title: str
    unit: str
    batch: int = 0
    kind: str = ""
    entries: list[Entry] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    note: str = ""

    @classmethod
    def of(cls, row: Row) -> Result:
        """Still empty."""
        return cls(row.id, row.title, row.unit, row.batch, row.kind)

    def add(
        self, peer: str, role: str, threads: int, values: Sequence[float], note: str = ""
    ) -> None:
        """Take in measurements, in seconds or MB; the row's unit is kept."""
        if values:
            factor = FACTOR[self.unit]
            raw = [round(factor * v, 3) for v in values]
            spread = Spread.of(values).times(factor)
            self.entries.append(Entry(peer, role, threads, spread, note, raw))

    def best(self, *roles: str) -> list[Entry]:
        """Each peer of these roles (all without any) at its best number of threads."""
        found: dict[str, Entry] = {}
        for entry in self.entries:
            if roles and entry.role not in roles:
                continue
            old = found.get(entry.peer)
            if old is None or entry.median < old.median:
                found[entry.peer] = entry
        return list(found.values())

    def of_peer(self, name: str) -> Entry | None:
        """A peer at its best number of threads."""
        return next((entry for entry in self.best() if entry.peer == name), None)

    def best_peer(self) -> Entry | None:
        """The fastest (or smallest) of those that are not Pellucid."""
        if self.kind in ("import", "size"):  # of other things: nothing to compare with
            return None
        return min(self.best("peer"), key=lambda entry: entry.median, default=None)

    def others(self, entry: Entry) -> str:
        """The same peer with other numbers of threads: "2 threads: 150.0"."""
        rest = [e for e in self.entries if e.peer == entry.peer and e is not entry]
        return ", ".join(f"with {e.threads}: {e.median:.4g}" for e in rest)

    def floor(self) -> dict[int, float]:
        """By threads: the least time of the step's products, at the rate of large ones."""
        if self.kind != "step":
            return {}
        share = product_flops(self.batch) / (2 * SIDE**3)
        return {e.threads: share * e.median for e in self.entries if e.peer == SGEMM}

    def rates(self) -> dict[int, float]:
        """By threads: billions of operations a second, in large products."""
        flops = 2 * SIDE**3
        factor = FACTOR[self.unit]
        entries = [e for e in self.entries if e.peer == SGEMM]
        return {e.threads: flops / (e.median / factor) / 1e9 for e in entries}

    def to_json(self) -> dict[str, Any]:
        """Plain data, with what follows from it."""
        best = self.best_peer()
        return asdict(self) | {
            "best_peer": best.peer if best else None,
            "floor": self.floor(),
            "sgemm_gflops": {k: round(v, 1) for k, v in self.rates().items()},
        }
