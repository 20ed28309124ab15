"""The same networks beside torch itself, both ways, where it is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import both
import numpy as np
import pytest

import pellucid
from pellucid import nn
from pellucid.errors import FormatError

torch = pytest.importorskip("torch")
safetensors_torch = pytest.importorskip("safetensors.torch")


def near(mine: Any, theirs: Any) -> bool:
    theirs = theirs.detach().numpy()
    return bool(np.abs(mine.data - theirs).max() <= 3e-6 * max(1.0, np.abs(theirs).max()))


@pytest.mark.parametrize("name", both.NETWORKS)
def test_both_ways(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    first = both.NETWORKS[name](torch.nn).eval()
    inputs = both.inputs(name)
    tensors = [torch.from_numpy(x) for x in inputs]
    safetensors_torch.save_file(first.state_dict(), tmp_path / "a.safetensors")
    mine = both.NETWORKS[name](nn)
    pellucid.load_weights(mine, tmp_path / "a.safetensors")
    assert near(mine.eval()(*inputs), first(*tensors))

    drawn = both.NETWORKS[name](nn)  # Pellucid's own first weights, into torch
    pellucid.save(drawn, tmp_path / "b.safetensors")
    second = both.NETWORKS[name](torch.nn)
    second.load_state_dict(safetensors_torch.load_file(tmp_path / "b.safetensors"), strict=True)
    assert near(drawn.eval()(*inputs), second.eval()(*tensors))
    assert list(drawn.state_dict()) == list(second.state_dict())


def test_half_precision(tmp_path: Path) -> None:
    first = both.NETWORKS["mlp"](torch.nn)
    for dtype in (torch.bfloat16, torch.float16, torch.float64):
        first = first.to(dtype)
        safetensors_torch.save_file(first.state_dict(), tmp_path / "a.safetensors")
        mine = both.NETWORKS["mlp"](nn)
        pellucid.load_weights(mine, tmp_path / "a.safetensors")
        for name, array in first.float().state_dict().items():
            assert np.array_equal(mine.state_dict()[name], array.numpy())


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    torch.save(both.NETWORKS["mlp"](torch.nn).state_dict(), tmp_path / "a.pt")
    with pytest.raises(FormatError, match=r"safetensors\.torch\.save_file"):
        pellucid.load_weights(both.NETWORKS["mlp"](nn), tmp_path / "a.pt")
