"""The record keeps every event through a kill, a resume and odd numbers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pellucid import record as room
from pellucid.errors import DtypeError, FormatError, OptionError
from pellucid.record import Record, Recorder, number, plain

EPOCHS = [(1, 0.9), (2, 0.5), (3, 0.4)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.jsonl"


def write_epochs(recorder: Recorder, epochs: list[tuple[int, float]]) -> None:
    for epoch, loss in epochs:
        recorder.write("epoch", epoch=epoch, train_loss=loss)


def test_a_line_is_one_json_object_that_starts_with_event_and_time(path: Path) -> None:
    with Recorder(path) as recorder:
        recorder.write("epoch", epoch=np.int64(1), loss=np.float32(0.5), edges=np.arange(3))
    lines = path.read_text().splitlines()
    event = json.loads(lines[0])
    assert len(lines) == 1
    assert list(event) == ["event", "time", "epoch", "loss", "edges"]
    assert event["time"] >= 0
    assert (event["epoch"], event["loss"], event["edges"]) == (1, 0.5, [0, 1, 2])


def test_a_line_is_in_the_file_when_write_returns(path: Path) -> None:
    recorder = Recorder(path)
    recorder.write("stop", reason="ctrl-C")
    assert path.read_bytes().endswith(b'"ctrl-C"}\n')
    recorder.close()
    recorder.close()


@pytest.mark.parametrize(
    ("value", "text"), [(np.nan, "nan"), (np.float32(np.inf), "inf"), (-np.inf, "-inf")]
)
def test_what_json_does_not_know_is_text_and_comes_back(
    path: Path, value: float, text: str
) -> None:
    with Recorder(path) as recorder:
        recorder.write("epoch", epoch=1, train_loss=value, deep={"list": [value]})
    line = path.read_text()
    assert f'"train_loss": "{text}", "deep": {{"list": ["{text}"]}}' in line
    np.testing.assert_array_equal(Record.read(path).series("train_loss")[1], [value])


def test_plain_knows_paths_tuples_bools_and_number_keys() -> None:
    value = {"a": Path("x") / "y", 3: (True, None, np.bool_(False)), "n": np.float64(1.5)}
    assert plain(value) == {"a": str(Path("x", "y")), "3": [True, None, False], "n": 1.5}


@pytest.mark.parametrize("value", [object(), {1.5: 1}, {True: 1}, b"bytes", 1j, {1, 2}])
def test_plain_refuses_what_json_could_not_hold(value: object) -> None:
    with pytest.raises(DtypeError, match="got:"):
        plain(value)


@pytest.mark.parametrize("value", ["NaN", "1", None, True, []])
def test_number_refuses_what_is_not_a_recorded_number(value: object) -> None:
    with pytest.raises(DtypeError, match="a number"):
        number(value)


def test_a_recorder_without_a_path_gives_the_same_events(path: Path) -> None:
    memory = Recorder(None)
    with Recorder(path) as file:
        for recorder in (memory, file):
            recorder.write("start", config={"lr": np.float32(0.1), "sizes": (4, 2)})
            write_epochs(recorder, EPOCHS)
        on_disk = file.record.events
    without_time = [
        [{k: v for k, v in e.items() if k != "time"} for e in events]
        for events in (memory.record.events, on_disk)
    ]
    assert without_time[0] == without_time[1]


@pytest.mark.parametrize("name", ["event", "time"])
def test_the_two_first_fields_cannot_be_taken(name: str) -> None:
    with pytest.raises(OptionError, match=f"a field called '{name}'"):
        Recorder(None).write("epoch", **{name: 1})


def test_a_closed_recorder_says_so(path: Path) -> None:
    recorder = Recorder(path)
    recorder.close()
    with pytest.raises(OptionError, match="a closed recorder"):
        recorder.write("stop")


def test_a_line_longer_than_the_bound_is_neither_written_nor_read(path: Path) -> None:
    with Recorder(path) as recorder:
        recorder.write("stop", reason="a")
        with pytest.raises(OptionError, match="at most 1,048,576 bytes in a line"):
            recorder.write("stop", reason="x" * room.MAX_LINE)
    path.write_bytes(path.read_bytes() + b'{"event": "' + b"x" * room.MAX_LINE + b'", "time": 1}\n')
    with pytest.raises(FormatError, match=r"line 2 of .*\n.*more than 1,048,576 bytes"):
        Record.read(path)


def test_a_file_larger_than_the_bound_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(b'{"event": "stop", "time": 1}\n' * 2)
    monkeypatch.setattr(room, "MAX_FILE", 30)
    with pytest.raises(FormatError, match="a file of 58 bytes"):
        Record.read(path)


def test_a_cut_at_any_byte_loses_the_last_line_at_most(path: Path) -> None:
    with Recorder(path) as recorder:
        write_epochs(recorder, EPOCHS)
    whole = path.read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1
    for end in range(start, len(whole) + 1):
        path.write_bytes(whole[:end])
        record = Record.read(path)
        kept = 3 if end >= len(whole) - 1 else 2  # only the newline may be missing
        assert [e["epoch"] for e in record.events] == [1, 2, 3][:kept]
        assert record.cut == (start < end < len(whole) - 1)
        with Recorder(path) as recorder:
            recorder.write("epoch", epoch=7, train_loss=0.1)
        mended = Record.read(path)
        assert [e["epoch"] for e in mended.events] == [*[1, 2, 3][:kept], 7]
        assert not mended.cut


def test_a_cut_first_line_leaves_an_empty_record(path: Path) -> None:
    for cut in (b"", b"{", b'{"event": "sta'):
        path.write_bytes(cut)
        assert Record.read(path).events == []
        Recorder(path).close()
        assert path.read_bytes() == b""


def test_time_goes_on_where_the_record_ends(path: Path) -> None:
    path.write_bytes(b'{"event": "checkpoint", "time": 500.0, "epoch": 3}\n{"event": "ep')
    with Recorder(path) as recorder:
        recorder.write("resume", epoch=3, step=9)
    events = Record.read(path).events
    assert [e["event"] for e in events] == ["checkpoint", "resume"]
    assert 500.0 <= events[1]["time"] < 600.0


def test_kill_9_while_writing_leaves_whole_lines_and_at_most_one_cut(path: Path) -> None:
    script = (
        "import sys; from pellucid.record import Recorder; r = Recorder(sys.argv[1])\n"
        "n = 0\n"
        "while True:\n"
        "    n += 1; r.write('epoch', epoch=n, train_loss=1 / n)\n"
        "    if n == 50: print('ready', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        child.send_signal(signal.SIGKILL)
    epochs = [e["epoch"] for e in Record.read(path).epochs()]
    assert epochs == list(range(1, len(epochs) + 1))
    assert len(epochs) >= 50


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\nno record", b"plain notes", b"a\nb\n"])
def test_a_file_that_is_no_record_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(FormatError, match="a file whose last lines are not events"):
        Recorder(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"",
        b"[1]",
        b'{"time": 1}',
        b'{"event": "epoch"}',
        b'{"event": "epoch", "time": true}',
        b'{"event": "epoch", "time": 1e999}',
        b'{"event": "epoch", "time": 1, "loss": NaN}',
        b'{"event": "epoch", "time": 1, "x": ' + b"[" * 100_000,
        b'{"event": "\xff", "time": 1}',
    ],
)
def test_a_broken_line_before_the_end_is_refused_with_its_number(path: Path, line: bytes) -> None:
    path.write_bytes(b'{"event": "start", "time": 0}\n' + line + b'\n{"event": "end", "time": 2}\n')
    with pytest.raises(FormatError, match=r"line 2 of .*record.jsonl\n  got: .*\n  needs: .*one"):
        Record.read(path)


def test_a_full_disk_takes_the_half_line_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    with Recorder(path) as recorder:
        recorder.write("epoch", epoch=1)
        calls = []

        def short_then_full(file: int, text: bytes) -> int:
            calls.append(len(text))
            if len(calls) > 1:
                raise OSError(28, "No space left on device")
            return write(file, text[:9])

        monkeypatch.setattr(room.os, "write", short_then_full)
        with pytest.raises(OSError, match="No space left"):
            recorder.write("epoch", epoch=2)
        monkeypatch.undo()
        recorder.write("epoch", epoch=3)
    record = Record.read(path)
    assert [e["epoch"] for e in record.epochs()] == [1, 3]
    assert not record.cut


def test_an_epoch_recorded_again_after_a_resume_counts_last() -> None:
    recorder = Recorder(None)
    write_epochs(recorder, EPOCHS)
    recorder.write("histogram", epoch=2, name="0.weight", kind="weight", counts=[1])
    recorder.write("resume", epoch=1, step=10)
    write_epochs(recorder, [(2, 0.55), (3, 0.45), (4, 0.3)])
    recorder.write("histogram", epoch=2, name="0.weight", kind="weight", counts=[2])
    recorder.write("histogram", epoch=1, name="0.weight", kind="weight", counts=[3])
    recorder.write("histogram", epoch=1, name="0.weight", kind="gradient", counts=[4])
    record = recorder.record
    epochs, values = record.series("train_loss")
    np.testing.assert_array_equal(epochs, [1, 2, 3, 4])
    np.testing.assert_array_equal(values, [0.9, 0.55, 0.45, 0.3])
    assert [e["counts"] for e in record.histograms("weight")["0.weight"]] == [[3], [2]]
    assert len(record.of("epoch")) == 6


def test_a_series_leaves_out_the_epochs_that_lack_it() -> None:
    recorder = Recorder(None)
    recorder.write("epoch", epoch=1, validation_loss=None)
    recorder.write("epoch", epoch=2, validation_loss=0.25)
    recorder.write("epoch", epoch=3)
    epochs, values = recorder.record.series("validation_loss")
    assert (epochs.tolist(), values.tolist()) == ([2], [0.25])
    assert recorder.record.series("nothing")[0].shape == (0,)


def test_start_and_best_epoch_of_a_run() -> None:
    recorder = Recorder(None)
    assert (recorder.record.start, recorder.record.best_epoch) == ({}, None)
    recorder.write("start", seed=3)
    recorder.write("best", epoch=2, value=0.5)
    recorder.write("best", epoch=4, value=0.4)
    assert recorder.record.start["seed"] == 3
    assert recorder.record.best_epoch == 4
    recorder.write("end", seconds=1.0, best_epoch=None)
    assert recorder.record.best_epoch == 4
    recorder.write("end", seconds=2.0, best_epoch=5)
    assert recorder.record.best_epoch == 5


def test_the_epoch_that_was_kept_is_the_best_or_the_last() -> None:
    recorder = Recorder(None)
    assert recorder.record.kept == {}
    for epoch in (1, 2, 3):
        recorder.write("epoch", epoch=epoch, train_loss=1.0)
    assert recorder.record.kept["epoch"] == 3
    recorder.write("best", epoch=2, value=0.5)
    assert recorder.record.kept["epoch"] == 2


@pytest.mark.parametrize("epoch", [None, "two", 1.5, -1, "inf"])
def test_an_epoch_that_is_no_whole_number_is_refused(epoch: object) -> None:
    record = Record([{"event": "epoch", "time": 0.0, "epoch": epoch, "train_loss": 1.0}])
    with pytest.raises(FormatError, match="a whole number"):
        record.series("train_loss")
