"""Records whole networks as torch saves them, and how torch goes on training one of them.

Run it where torch is installed (recorded with 2.13.0), from the repository's root:

    python scripts/record_torch_networks.py

For each network of tests/interop/both.py it writes, in tests/interop/from_torch, NAME.safetensors
(its state_dict, by safetensors.torch.save_file) and NAME_io.safetensors (inputs, and the outputs in
eval mode); and a small network that torch trained on the embedded digits, with what followed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

TESTS = Path(__file__).parent.parent / "tests" / "interop"
sys.path.insert(0, str(TESTS))

import both  # noqa: E402
import continued  # noqa: E402

OUT = TESTS / "from_torch"


def used(name: str, network: Any, given: list[torch.Tensor]) -> None:
    """Some steps of training, so that no weight and no statistic is as it was at first."""
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05)
    network.train()
    for _ in range(5):
        y = network(
            *[x + 0.1 * torch.randn(x.shape) if x.is_floating_point() else x for x in given]
        )
        loss = (y - torch.linspace(-1, 1, y.shape[-1])).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()


def record(name: str) -> None:
    torch.manual_seed(7)
    network = both.NETWORKS[name](nn)
    given = [torch.from_numpy(x) for x in both.inputs(name)]
    used(name, network, given)
    with torch.no_grad():
        output = network(*given)
    save_file(network.state_dict(), OUT / f"{name}.safetensors")
    save_file(
        {**{f"input{i}": x for i, x in enumerate(given)}, "output": output.contiguous()},
        OUT / f"{name}_io.safetensors",
    )


def record_training() -> None:
    """torch trains with momentum, saves, and goes on without: that is what has to follow."""
    torch.manual_seed(3)
    network = continued.network(nn)
    x, y = (torch.from_numpy(part) for part in continued.digits())
    loss_of = nn.CrossEntropyLoss()

    def train(optimizer: Any, first: int, steps: int) -> list[float]:
        losses = []
        for k in range(first, first + steps):
            rows = continued.rows(k, len(x))
            loss = loss_of(network(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    before = train(torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9), 0, continued.BEFORE)
    save_file(network.state_dict(), OUT / "continued.safetensors")
    after = train(torch.optim.SGD(network.parameters(), lr=continued.LR), continued.BEFORE, 20)
    save_file(
        {"before": torch.tensor(before), "after": torch.tensor(after, dtype=torch.float64)},
        OUT / "continued_losses.safetensors",
    )


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    for wanted in both.NETWORKS:
        record(wanted)
    record_training()
    for file in sorted(OUT.glob("*.safetensors")):
        print(f"{file.name:32} {file.stat().st_size:>8,} bytes")
    print(f"torch {torch.__version__}, NumPy {np.__version__}")
