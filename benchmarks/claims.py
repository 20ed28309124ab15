"""What Pellucid wants to reach, held against what was measured; nothing fails here, it is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.results import Entry, Result

__all__ = ["Claim", "claims"]

TORCH = ("PyTorch eager", "PyTorch eager, fused optimizer", "torch.compile")
STEPS = {"b32-sgd": 1.15, "b32-adam": 1.15, "b64-adam": 1.3, "b128-adam": 1.3}


@dataclass(frozen=True)
class Claim:
    """A figure that is wanted, and the one that was found."""

    text: str
    found: float
    wanted: float
    sense: str = "at least"
    unit: str = "x"

    @property
    def holds(self) -> bool:
        """Whether it was reached."""
        if self.sense == "at least":
            return self.found >= self.wanted
        return self.found <= self.wanted


def claims(results: Sequence[Result]) -> list[Claim]:
    """The claims about the rows that were measured, with their figures."""
    rows = {result.id: result for result in results}
    found: list[Claim] = []
    for id, wanted in STEPS.items():
        found += _step(rows.get(id), wanted)
    return [
        *found,
        *_epoch(rows.get("epoch")),
        *_share(rows.get("b128-sgd")),
        *_predict(rows.get("predict")),
        *_whole(rows),
    ]


def _ours(result: Result | None, start: str = "Pellucid") -> Entry | None:
    """The best form of Pellucid whose label starts so."""
    entries = result.best("ours") if result else []
    return min((e for e in entries if e.peer.startswith(start)), key=_median, default=None)


def _median(entry: Entry) -> float:
    return entry.median


def _times(text: str, ours: Entry | None, theirs: Entry | None, wanted: float) -> Iterator[Claim]:
    if ours and theirs:
        words = f"{text}: {ours.peer} against {theirs.peer}"
        yield Claim(words, theirs.median / ours.median, wanted)


def _step(result: Result | None, wanted: float) -> Iterator[Claim]:
    if result is None:
        return
    yield from _times(result.id, _ours(result), result.best_peer(), wanted)
    torch = min((e for e in result.best("peer") if e.peer in TORCH), key=_median, default=None)
    yield from _times(result.id, _ours(result, "Pellucid program"), torch, 1.0)


def _epoch(result: Result | None) -> Iterator[Claim]:
    for peer, wanted in (("PyTorch eager", 2.0), ("scikit-learn", 4.0)):
        theirs = result.of_peer(peer) if result else None
        yield from _times("epoch", _ours(result), theirs, wanted)


def _share(result: Result | None) -> Iterator[Claim]:
    entry, floor = _ours(result, "Pellucid fused"), result.floor() if result else {}
    if entry and floor:
        share = 100 * min(floor.values()) / entry.median
        yield Claim(
            "b128-sgd: Pellucid fused, share of the floor of all cores", share, 55, unit="%"
        )


def _predict(result: Result | None) -> Iterator[Claim]:
    ours, theirs = _ours(result), result.of_peer("ONNX Runtime") if result else None
    if ours and theirs:
        text = f"predict: the time of {ours.peer} to that of ONNX Runtime"
        yield Claim(text, ours.median / theirs.median, 1.1, "at most")


def _whole(rows: Mapping[str, Result]) -> Iterator[Claim]:
    seconds, memory = rows.get("to97"), rows.get("memory")
    command = seconds.of_peer("Pellucid command") if seconds else None
    yield from _times("to97", command, seconds.best_peer() if seconds else None, 2.0)
    if memory and (entry := memory.of_peer("Pellucid command")):
        yield Claim("memory: Pellucid command", entry.median, 300, "at most", " MB")
