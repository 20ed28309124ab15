"""torch's files in Pellucid and back: strict keys, equal outputs, and a training that goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import both
import continued
import numpy as np
import pytest

import pellucid
from pellucid import models, nn, optim
from pellucid.interop import load_arrays

TORCH = Path(__file__).parent / "from_torch"


def loaded(name: str, module: Any = None) -> Any:
    """The network with the weights that torch saved, as it predicts."""
    module = both.NETWORKS[name](nn) if module is None else module
    pellucid.load_weights(module, TORCH / f"{name}.safetensors")
    return module.eval()


def given(name: str) -> tuple[list[Any], Any]:
    arrays, _ = load_arrays(TORCH / f"{name}_io.safetensors")
    return [arrays[key] for key in sorted(arrays) if key.startswith("input")], arrays["output"]


@pytest.mark.parametrize("name", both.NETWORKS)
def test_the_same_outputs_from_torchs_file(name: str) -> None:
    inputs, output = given(name)
    result = loaded(name)(*inputs).data
    assert result.dtype == np.float32
    assert np.abs(result - output).max() <= 2e-6 * max(1.0, np.abs(output).max())


@pytest.mark.parametrize("name", both.NETWORKS)
def test_what_pellucid_saves_is_what_torch_saved(name: str, tmp_path: Path) -> None:
    pellucid.save(loaded(name), tmp_path / "net.safetensors")
    mine, _ = load_arrays(tmp_path / "net.safetensors")
    theirs, _ = load_arrays(TORCH / f"{name}.safetensors")
    assert list(mine) == list(theirs)
    for key, array in theirs.items():
        assert mine[key].dtype == array.dtype
        assert mine[key].tobytes() == array.tobytes(), key


def test_the_names_in_their_order() -> None:
    network = both.NETWORKS["resnet"](nn)
    names = list(network.state_dict())
    assert names[:6] == [
        "conv1.weight",
        "bn1.weight",
        "bn1.bias",
        "bn1.running_mean",
        "bn1.running_var",
        "bn1.num_batches_tracked",
    ]
    assert "layer2.0.downsample.1.running_var" in names
    assert loaded("resnet", network).bn1.num_batches_tracked.item() == 5


def test_gpt_of_the_models_takes_torchs_weights() -> None:
    inputs, output = given("gpt")
    network = loaded("gpt", models.GPT(11, context=8, layers=2, heads=2, width=16))
    assert np.abs(network(*inputs).data - output).max() < 2e-6


def test_torch_began_and_pellucid_goes_on() -> None:
    losses, _ = load_arrays(TORCH / "continued_losses.safetensors")
    network = continued.network(nn)
    pellucid.load_weights(network, TORCH / "continued.safetensors")
    x, y = continued.digits()
    steps = [continued.rows(continued.BEFORE + k, len(x)) for k in range(20)]
    sgd = optim.SGD(network.parameters(), lr=continued.LR)
    batch = x[steps[0]], y[steps[0]]
    program = pellucid.write(network, nn.CrossEntropyLoss(), sgd, batch)
    found = [program(x[rows], y[rows]) for rows in steps]
    assert found[0] == pytest.approx(losses["after"][0], rel=1e-6)
    assert found == pytest.approx(losses["after"].tolist(), rel=2e-5)
    assert np.mean(found[-5:]) < np.mean(losses["before"][:5]) / 4
