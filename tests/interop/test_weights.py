"""safetensors files: the same bytes for the same weights, and nothing else is read."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

import pellucid
from pellucid import nn
from pellucid.errors import FormatError, RunError
from pellucid.interop import load_arrays, save_arrays


def test_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    net, other = nn.MLP([3, 4, 2], batch_norm=True), nn.MLP([3, 4, 2], batch_norm=True)
    pellucid.save(net, path)
    pellucid.load_weights(other, path)
    for name, array in net.state_dict().items():
        loaded = other.state_dict()[name]
        assert loaded.dtype == array.dtype
        assert np.array_equal(loaded, array)
    first = path.read_bytes()
    pellucid.save(other, path)
    assert path.read_bytes() == first


def test_arrays_of_any_order_and_shape(tmp_path: Path) -> None:
    arrays = {
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "strided": np.arange(10)[::2],
        "single": np.array(3.5),
        "empty": np.zeros((0, 4), np.float32),
    }
    save_arrays(arrays, tmp_path / "a", {"a": 1})
    loaded, note = load_arrays(tmp_path / "a")
    assert note == {"a": 1}
    for name, array in arrays.items():
        assert loaded[name].shape == array.shape
        assert np.array_equal(loaded[name], array)


def test_a_header_whose_length_begins_like_a_pickle(tmp_path: Path) -> None:
    # 0x80 is the first byte of a pickle, and of a header of 128, 384, 640 ... bytes
    path, lengths = tmp_path / "a.safetensors", []
    for size in range(0, 256, 8):
        save_arrays({"x" * (1 + size): np.ones(2)}, path)
        lengths.append(path.read_bytes()[0])
        load_arrays(path)
    assert 0x80 in lengths


def test_what_is_no_safetensors_file(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    save_arrays({"a": np.arange(100)}, whole)
    good = whole.read_bytes()
    path = tmp_path / "bad"
    for content, text in (
        (b"", "0 bytes that are not a whole"),
        (good[:-1], "not a whole safetensors file"),
        (good + b"x", "not a whole safetensors file"),
        (struct.pack("<Q", 2**60) + b"{}", "not a whole safetensors file"),
        (b"\x80\x04]", "a pickle"),
        (b"PK\x03\x04rest", "safetensors.torch.save_file"),
        (b"\x93NUMPY", "a NumPy .npy file"),
        (_with_note("no json"), "not a whole safetensors file"),
        (_with_note("[1]"), "a note that is no dict"),
    ):
        path.write_bytes(content)
        with pytest.raises(FormatError) as caught:
            load_arrays(path)
        assert text in str(caught.value)
    with pytest.raises(FormatError, match="no such file"):
        load_arrays(tmp_path / "none")


def _with_note(text: str) -> bytes:
    header = json.dumps({"__metadata__": {"pellucid": text}}).encode()
    return struct.pack("<Q", len(header)) + header


def test_names_that_do_not_fit_are_all_listed(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    pellucid.save(nn.MLP([3, 4, 2]), path)
    with pytest.raises(FormatError) as caught:
        pellucid.load_weights(nn.MLP([3, 5, 2, 2]), path)
    text = str(caught.value)
    assert "missing: 4.weight, 4.bias" in text
    assert "misshapen: 0.weight (4, 3), the network has (5, 3)" in text
    assert f"FormatError in {path} for MLP" in text


def test_places_that_cannot_be_written_to_or_read(tmp_path: Path) -> None:
    net = nn.Linear(2, 2)
    with pytest.raises(RunError, match="No such file or directory"):
        pellucid.save(net, tmp_path / "none" / "net.safetensors")
    with pytest.raises(RunError, match="not a plain file"):
        pellucid.save(net, tmp_path)
    with pytest.raises(FormatError, match="Is a directory"):
        pellucid.load_weights(net, tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    pellucid.save(net, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").is_file()
