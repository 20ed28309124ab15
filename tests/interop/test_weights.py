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


def test_many_names_are_all_listed_layer_by_layer() -> None:
    net, other = nn.Transformer(8, 2, 2, 2, 16), nn.MLP([4] * 9)
    with pytest.raises(FormatError) as caught:
        net.load_state_dict(other.state_dict())
    text = str(caught.value)
    assert f"missing, {len(net.state_dict())}: encoder.layers.0.self_attn (in_proj_weight," in text
    assert "unexpected, 16: 0 (weight, bias), 2 (weight, bias)," in text
    words = text.replace("(", " ").replace(")", " ").replace(",", " ").split()
    for name in net.state_dict():
        layer, _, last = name.rpartition(".")
        assert layer in words and last in words
    assert max(map(len, text.splitlines())) <= 100
    assert "strict=False to load what fits" in text


def test_a_name_in_front_of_every_name() -> None:
    net = nn.MLP([3, 4, 2])
    wrapped = {f"module.{name}": array for name, array in net.state_dict().items()}
    with pytest.raises(FormatError) as caught:
        net.load_state_dict(wrapped)
    assert str(caught.value).splitlines()[1:] == [
        "  got:    4 names that all begin with 'module.'",
        "  needs:  exactly the names and shapes of this network's state_dict()",
        "  try:    {name.removeprefix('module.'): array for name, array in saved.items()}",
    ]


def test_numbers_of_another_kind_and_of_another_precision() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    state = net.state_dict()
    wrong = state | {"0.weight": np.ones((2, 2), np.int8), "1.num_batches_tracked": np.array(0.5)}
    with pytest.raises(FormatError) as caught:
        net.load_state_dict(wrong, strict=False)
    assert str(caught.value).splitlines()[1:3] == [
        "  got:    of another kind: 0.weight int8, the network has float32",
        "          of another kind: 1.num_batches_tracked float64, the network has int64",
    ]
    for dtype in (np.float16, np.float64):
        net.load_state_dict({n: a.astype(dtype) for n, a in state.items()})
    assert net[0].weight.dtype == np.float32
    assert net[1].num_batches_tracked.dtype == np.int64


def test_a_file_from_before_batches_were_counted() -> None:
    net = nn.BatchNorm1d(2)
    old = {n: a for n, a in net.state_dict().items() if n != "num_batches_tracked"}
    assert net.load_state_dict(old).missing_keys == []


def test_bfloat16_is_read_as_float32(tmp_path: Path) -> None:
    header = {"a": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}}
    numbers = np.array([[1.5, -2.0], [0.0, 3.140625]], np.float32)
    text = json.dumps(header).encode()
    halves = (numbers.view(np.uint32) >> 16).astype("<u2").tobytes()
    (tmp_path / "a").write_bytes(struct.pack("<Q", len(text)) + text + halves)
    loaded, _ = load_arrays(tmp_path / "a")
    assert loaded["a"].dtype == np.float32
    assert np.array_equal(loaded["a"], numbers)
    (tmp_path / "a").write_bytes(
        struct.pack("<Q", len(text) + 3) + text.replace(b"BF16", b"F8_E4M3") + halves[:4]
    )
    with pytest.raises(FormatError, match="not a whole safetensors file"):
        load_arrays(tmp_path / "a")
