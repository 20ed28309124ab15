"""Reading IDX files, whole and damaged ones."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.idx import MAX_BYTES, read_idx
from pellucid.errors import FormatError

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def refusal(path: Path, **options) -> str:
    with pytest.raises(FormatError) as caught:
        read_idx(path, **options)
    text = str(caught.value)
    assert f"FormatError in IDX file {path}" in text
    return text


@pytest.mark.parametrize("name", ["images", "images.gz"])
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "float32", "float64"])
def test_every_type_comes_back(tmp_path, write_idx, name, dtype):
    array = IMAGES.astype(dtype)
    back = read_idx(write_idx(tmp_path / name, array), axes=3)
    assert back.dtype == array.dtype
    assert back.dtype.isnative
    assert np.array_equal(back, array)


def test_a_gzip_file_is_known_by_its_content_not_its_name(tmp_path, write_idx):
    path = write_idx(tmp_path / "images.gz", IMAGES).rename(tmp_path / "images")
    assert np.array_equal(read_idx(path), IMAGES)


def test_images_where_labels_are_expected(tmp_path, write_idx):
    text = refusal(write_idx(tmp_path / "labels", IMAGES), axes=1)
    assert "an array of shape (2, 3, 4)" in text
    assert "labels, one axis" in text
    assert "is it the file's name that is wrong?" in text


@pytest.mark.parametrize("missing", [1, 20])
def test_a_truncated_file(tmp_path, write_idx, missing):
    path = write_idx(tmp_path / "images", IMAGES)
    path.write_bytes(path.read_bytes()[:-missing])
    assert "24 bytes" in refusal(path)


def test_a_file_that_ends_inside_its_header(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(bytes([0, 0, 8, 3, 0, 0]))
    assert "ends inside its header" in refusal(path)


def test_more_bytes_than_the_header_claims(tmp_path, write_idx):
    path = write_idx(tmp_path / "images", IMAGES)
    path.write_bytes(path.read_bytes() + b"!")
    assert "more bytes after a header of shape (2, 3, 4)" in refusal(path)


@pytest.mark.parametrize("packed", [False, True])
def test_a_header_that_claims_billions_is_refused_before_memory_is_asked_for(tmp_path, packed):
    content = bytes([0, 0, 8, 3]) + np.array([4_000_000_000, 28, 28], ">u4").tobytes() + b"abc"
    path = tmp_path / "images"
    path.write_bytes(gzip.compress(content) if packed else content)
    text = refusal(path)
    assert "claims (4000000000, 28, 28), 3,136,000,000,000 bytes" in text


def test_a_gzip_bomb_is_read_no_further_than_its_header_claims(tmp_path, monkeypatch):
    content = bytes([0, 0, 8, 1]) + np.array([1000], ">u4").tobytes() + bytes(50_000_000)
    path = tmp_path / "labels.gz"
    path.write_bytes(gzip.compress(content))
    asked = []
    read = gzip.GzipFile.read
    monkeypatch.setattr(
        gzip.GzipFile, "read", lambda self, size=-1: asked.append(size) or read(self, size)
    )
    assert "more bytes after a header of shape (1000,)" in refusal(path)
    assert max(asked) == 1001
    assert min(asked) > 0


def test_the_limit_is_a_number_of_bytes_a_machine_can_hold():
    assert MAX_BYTES == 4 * 1024**3


def test_another_kind_of_file(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(b"\x89PNG\r\n")
    assert "an IDX file: 0, 0, type, axes" in refusal(path)
    path.write_bytes(b"")
    assert "starts with b''" in refusal(path)
    path.write_bytes(bytes([0, 0, 8, 99]))
    assert "99 axes" in refusal(path)


def test_a_damaged_gzip_stream(tmp_path, write_idx):
    path = write_idx(tmp_path / "images.gz", IMAGES)
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert "damaged gzip stream" in refusal(path)
    path.write_bytes(whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:])  # the checksum
    assert "damaged gzip stream" in refusal(path)


def test_a_file_that_is_not_there(tmp_path):
    assert "cannot be read" in refusal(tmp_path / "nothing")
