"""What a training run leaves behind: ``record.jsonl``, one JSON line per event, plain numbers.

Every line is an object whose first fields are ``event`` and ``time`` (seconds since the run
began; a resumed run goes on counting where the record ends). Numbers that JSON does not know are
the strings "nan", "inf" and "-inf". A ``?`` marks a field that may be absent.

=========== ======================================================================================
event       fields
=========== ======================================================================================
start       format (1), pellucid, numpy, python, platform (text), cores, threads, seed, parameters
            (how many numbers are learnt), layers (a list of {name, kind, parameters}), config
epoch       epoch (from 1), step (updates since the start), train_loss, train_accuracy?,
            validation_loss?, validation_accuracy?, train_rmse?, validation_rmse?, lr,
            samples_per_second, seconds
histogram   epoch, name (of the parameter), kind ("weight" or "gradient"), edges (one more than
            counts), counts, mean, std, norm
best        epoch, value (of what early stopping watches)
checkpoint  epoch, step
stop        reason
resume      epoch, step
nonfinite   step, layer, operation, value, cause
test        the test set's figures, each under its own name
end         seconds, best_epoch
=========== ======================================================================================

After a resume an epoch may be recorded twice; the last one counts.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from pellucid.errors import DtypeError, FormatError, OptionError

__all__ = ["FORMAT", "MAX_LINE", "Event", "Record", "Recorder", "number", "plain"]

FORMAT = 1
MAX_LINE = 1 << 20  # bytes in one line
MAX_FILE = 1 << 30  # bytes in one record
_OPENING = b'{"event": "'  # how every line begins

Event = dict[str, Any]


def plain(value: Any) -> Any:
    """Turn NumPy's numbers and arrays, paths and tuples into what JSON knows.

    NaN and the infinities become "nan", "inf" and "-inf". Raises DtypeError for anything else.

    >>> plain({"loss": np.float64(0.5), "edges": np.array([1.0, np.inf])})
    {'loss': 0.5, 'edges': [1.0, 'inf']}
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, Mapping):
        return {_key(k): plain(v) for k, v in value.items()}
    raise DtypeError(
        "the record",
        got=f"a value of type {type(value).__name__}",
        needs="numbers, text, None, NumPy arrays, and lists and dicts of them",
    )


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, int | np.integer) and not isinstance(key, bool):
        return str(int(key))
    raise DtypeError(
        "the record",
        got=f"a dict key of type {type(key).__name__}",
        needs="keys that are text",
    )


def number(value: Any) -> float:
    """Read a recorded number back; "nan", "inf" and "-inf" are floats again.

    >>> number("-inf")
    -inf
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if value in ("nan", "inf", "-inf"):
        return float(value)
    raise DtypeError("the record", got=repr(value), needs='a number, "nan", "inf" or "-inf"')


class Recorder:
    """Writes events, a line each, to the file ``path``, or to memory when ``path`` is None.

    A line goes to the file in one append, so that a kill leaves at most the last line cut. Opening
    a file that exists goes on behind its last whole line. Raises FormatError when the file's last
    line is not an event, OSError when the disk refuses.

    >>> recorder = Recorder(None)
    >>> recorder.write("stop", reason="all epochs done")
    >>> recorder.record.of("stop")[0]["reason"]
    'all epochs done'
    """

    def __init__(self, path: str | Path | None) -> None:
        self.path = None if path is None else Path(path)
        self._file: int | None = None
        self._events: list[Event] = []
        passed = 0.0
        if self.path is not None:
            last = _mend(self.path)
            passed = number(last["time"]) if last else 0.0
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
            self._file = os.open(self.path, flags, 0o644)
        self._began = time.perf_counter() - passed

    def write(self, event: str, /, **fields: Any) -> None:
        """Append one event; on return the line is with the operating system.

        Raises OptionError when a field is called ``event`` or ``time``, DtypeError when a value is
        not plain, OSError when the disk refuses (the half-written line is then taken back).
        """
        taken = [name for name in ("event", "time") if name in fields]
        if taken:
            raise OptionError(
                "Recorder.write",
                got=f"a field called {taken[0]!r}",
                needs="another name: each line has its own 'event' and 'time'",
            )
        seconds = round(time.perf_counter() - self._began, 6)
        line: Event = {"event": event, "time": seconds, **plain(fields)}
        if self.path is None:
            self._events.append(line)
        else:
            self._append(line)

    def _append(self, event: Event) -> None:
        text = json.dumps(event, allow_nan=False, separators=(", ", ": ")).encode() + b"\n"
        if len(text) > MAX_LINE:
            raise OptionError(
                "Recorder.write",
                got=f"an event {event['event']!r} of {len(text):,} bytes",
                needs=f"at most {MAX_LINE:,} bytes in a line",
            )
        if self._file is None:
            raise OptionError("Recorder.write", got="a closed recorder", needs="an open one")
        _write_line(self._file, text)

    @property
    def record(self) -> Record:
        """All events so far, those of an earlier process included."""
        return Record(list(self._events)) if self.path is None else Record.read(self.path)

    def close(self) -> None:
        """Close the file; closing twice does no harm."""
        if self._file is not None:
            os.close(self._file)
        self._file = None

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _write_line(file: int, text: bytes) -> None:
    before = os.fstat(file).st_size
    try:
        while text:  # one turn, but for a full disk or a signal
            text = text[os.write(file, text) :]
    except BaseException:
        with contextlib.suppress(OSError):
            os.ftruncate(file, before)
        raise


def _mend(path: Path) -> Event | None:
    """Drop the cut last line of a killed run, or end it if only its newline is missing."""
    if not path.exists():
        return None
    with path.open("r+b") as file:
        size = path.stat().st_size
        file.seek(max(0, size - 2 * MAX_LINE))  # room for a whole line and a cut one
        head, _, cut = file.read().rpartition(b"\n")
        last, ended = _try_event(head.rpartition(b"\n")[2]), _try_event(cut)
        ours = cut.startswith(_OPENING) or _OPENING.startswith(cut)
        if len(cut) > MAX_LINE or (last is None and (head or not ours)):
            raise _broken(path, "a file whose last lines are not events", "a record of a run")
        if ended is not None:
            file.write(b"\n")
        else:
            file.truncate(size - len(cut))
    return ended or last


@dataclass(frozen=True)
class Record:
    """The events of one run, in the order they were written.

    ``cut`` says that the last line of the file was cut off by a kill and has been left out.

    >>> record = Record([{"event": "epoch", "time": 1.0, "epoch": 1, "train_loss": 0.5}])
    >>> record.series("train_loss")
    (array([1]), array([0.5]))
    """

    events: list[Event]
    cut: bool = False

    @classmethod
    def read(cls, path: str | Path) -> Record:
        """Read ``record.jsonl``; one cut last line is left out and noted in ``cut``.

        Raises FormatError with the number of the first line that is broken or too long.
        """
        path = Path(path)
        events: list[Event] = []
        size = path.stat().st_size
        if size > MAX_FILE:
            raise _broken(path, f"a file of {size:,} bytes", f"at most {MAX_FILE:,} bytes")
        with path.open("rb") as file:
            while line := file.readline(MAX_LINE + 1):
                place = f"line {len(events) + 1} of {path}"
                if len(line) > MAX_LINE:
                    raise _broken(place, f"more than {MAX_LINE:,} bytes", "a shorter line")
                event = _try_event(line)
                if event is None and not line.endswith(b"\n"):
                    return cls(events, cut=True)
                if event is None:
                    raise _broken(place, _excerpt(line), 'one JSON object with "event" and "time"')
                events.append(event)
        return cls(events)

    def of(self, event: str) -> list[Event]:
        """The events of one kind, in order."""
        return [e for e in self.events if e["event"] == event]

    def epochs(self) -> list[Event]:
        """The epoch events by epoch; one that was recorded again after a resume counts last."""
        last = {_epoch(e): e for e in self.of("epoch")}
        return [last[epoch] for epoch in sorted(last)]

    def series(self, name: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """The epochs that have the field ``name``, shape (E,), and its values, shape (E,)."""
        rows = [e for e in self.epochs() if e.get(name) is not None]
        epochs = np.array([_epoch(e) for e in rows], dtype=np.int64)
        return epochs, np.array([number(e[name]) for e in rows], dtype=np.float64)

    def histograms(self, kind: str) -> dict[str, list[Event]]:
        """The histograms of one kind ("weight" or "gradient"): parameter name to events by epoch.

        Names come in the order of the network; after a resume the last histogram counts.
        """
        last: dict[str, dict[int, Event]] = {}
        for event in self.of("histogram"):
            if event.get("kind") == kind:
                last.setdefault(str(event["name"]), {})[_epoch(event)] = event
        return {name: [by[epoch] for epoch in sorted(by)] for name, by in last.items()}

    @property
    def start(self) -> Event:
        """The start event, or an empty dict where the run recorded none."""
        found = self.of("start")
        return found[-1] if found else {}

    @property
    def best_epoch(self) -> int | None:
        """The epoch whose weights were kept, or None when none was marked best."""
        for event in reversed(self.events):
            key = {"best": "epoch", "end": "best_epoch"}.get(event["event"])
            if key and event.get(key) is not None:
                return _epoch(event, key)
        return None

    @property
    def kept(self) -> Event:
        """The event of the epoch whose weights were kept: the best, else the last; {} for none."""
        epochs = self.epochs()
        best = [e for e in epochs if e["epoch"] == self.best_epoch]
        return (best or epochs[-1:] or [{}])[-1]


def _try_event(line: bytes) -> Event | None:
    try:
        event = json.loads(line.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError):  # bad UTF-8 and bad JSON are ValueErrors
        return None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        return None
    seconds = event.get("time")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return event if math.isfinite(seconds) else None


def _epoch(event: Event, key: str = "epoch") -> int:
    epoch = event.get(key)
    if isinstance(epoch, int) and 0 <= epoch < 1 << 53:
        return epoch
    raise _broken("the record", f"{event['event']!r} with {key} = {epoch!r}", "a whole number")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _excerpt(line: bytes) -> str:
    text = line[:60].decode(errors="replace").rstrip("\n")
    return repr(text) + (" ..." if len(line) > 60 else "")


def _broken(who: object, got: str, needs: str) -> FormatError:
    return FormatError(str(who), got=got, needs=needs)
