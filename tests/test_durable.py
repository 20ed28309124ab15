"""A file is the old one or the new one, whatever happens on the way."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from pellucid.durable import write_bytes, write_text

OLD, NEW = b"the old file", b"the new file" * 1000


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "weights.bin"
    file.write_bytes(OLD)
    return file


def _full(*_arguments, **_options):
    raise OSError(errno.ENOSPC, "No space left on device")


def _assert_untouched(path):
    assert path.read_bytes() == OLD
    assert [file.name for file in path.parent.iterdir()] == [path.name]  # and nothing left behind


def test_writes_a_new_file(tmp_path):
    write_bytes(tmp_path / "new", NEW)
    assert (tmp_path / "new").read_bytes() == NEW
    assert [file.name for file in tmp_path.iterdir()] == ["new"]


def test_an_error_names_the_file_that_was_asked_for(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        write_bytes(tmp_path / "gone" / "new", NEW)
    assert error.value.filename == str((tmp_path / "gone" / "new").resolve())


def test_replaces_an_old_file(path):
    write_bytes(path, NEW)
    assert path.read_bytes() == NEW
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_takes_a_path_as_text_and_a_relative_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_bytes("here", NEW)
    assert (tmp_path / "here").read_bytes() == NEW


def test_text_is_utf_8(tmp_path):
    write_text(tmp_path / "text", "größer ≥ 0\n")
    assert (tmp_path / "text").read_bytes() == "größer ≥ 0\n".encode()


def test_others_may_read_the_file(tmp_path):
    write_bytes(tmp_path / "new", NEW)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o644


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_a_failure_at_any_step_leaves_the_old_file(path, monkeypatch, step):
    monkeypatch.setattr(os, step, _full)
    with pytest.raises(OSError, match="No space left"):
        write_bytes(path, NEW)
    _assert_untouched(path)


def test_a_disk_that_fills_up_in_the_middle_leaves_the_old_file(path, monkeypatch):
    real = os.fdopen

    class Full:
        """A file that takes a hundred bytes."""

        def __init__(self, handle, mode):
            self.file = real(handle, mode)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

        def write(self, content):
            self.file.write(content[:100])
            _full()

    monkeypatch.setattr(os, "fdopen", Full)
    with pytest.raises(OSError, match="No space left"):
        write_bytes(path, NEW)
    _assert_untouched(path)


def test_a_read_only_folder_leaves_the_old_file(path, monkeypatch):
    def refuse(*_arguments, **_options):
        raise PermissionError(errno.EACCES, "Permission denied")

    # not chmod: the administrator may write to a read-only folder
    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(PermissionError, match="Permission denied"):
        write_bytes(path, NEW)
    _assert_untouched(path)


def test_an_interruption_leaves_the_old_file(path, monkeypatch):
    def interrupt(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(path, NEW)
    _assert_untouched(path)


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_bytes(tmp_path / "missing" / "file", NEW)


def test_the_content_is_on_the_disk_before_the_name_is(path, monkeypatch):
    events = []
    for step in ("fsync", "replace"):
        real = getattr(os, step)
        monkeypatch.setattr(os, step, _noting(events, step, real))
    write_bytes(path, NEW)
    assert events == ["fsync", "replace", "fsync"]  # the file, its name, the folder


def _noting(events, step, real):
    def call(*arguments):
        events.append(step)
        return real(*arguments)

    return call


def test_a_folder_that_cannot_be_flushed_is_no_failure(path, monkeypatch):
    real, calls = os.fsync, []

    def fsync(handle):
        calls.append(handle)
        if len(calls) > 1:
            raise OSError(errno.EINVAL, "Invalid argument")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    write_bytes(path, NEW)
    assert path.read_bytes() == NEW
    assert len(calls) == 2


def test_the_half_written_file_is_in_the_same_folder(path, monkeypatch):
    # renaming from one disk to another copies, and a copy can be cut in half
    seen = []
    real = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: (seen.append(a), real(a, b)))
    write_bytes(path, NEW)
    assert [Path(name).parent for name in seen] == [path.parent]
