"""Records what torch's layers and losses compute, for tests/nn/torch_nn.json.

Run it where torch is installed (recorded with 2.13.0), from the repository's root:

    python scripts/record_torch_nn.py

The cases, and the formulas for inputs, parameters and targets, are those of tests/nn/cases.py.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

NN_TESTS = Path(__file__).parent.parent / "tests" / "nn"
OUT = NN_TESTS / "torch_nn.json"


def the_cases() -> Any:
    spec = importlib.util.spec_from_file_location("cases", NN_TESTS / "cases.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["cases"] = module
    spec.loader.exec_module(module)
    return module


cases = the_cases()


def flat(t: torch.Tensor | None) -> Any:
    """Twelve digits of every number."""
    return None if t is None else [float(f"{v:.12g}") for v in t.detach().reshape(-1).tolist()]


def made(layer: Any) -> nn.Module:
    if layer.parts:
        return nn.Sequential(*[getattr(nn, kind)(**options) for kind, options in layer.parts])
    return getattr(nn, layer.kind)(**layer.options)


def run_layer(layer: Any, mode: str) -> dict[str, Any]:
    """Forward, and backward with a formula as the arriving gradient; buffers after two batches."""
    module = made(layer).double().train(mode == "train")
    for i, (name, t) in enumerate(module.state_dict().items()):
        if t.is_floating_point():
            t.copy_(torch.from_numpy(cases.parameter(name, tuple(t.shape), i)))
    x = torch.tensor(cases.numbers(layer.shape, 3.0), requires_grad=True)
    y = module(x)
    y.backward(torch.from_numpy(cases.numbers(tuple(y.shape), 1.0)))
    module(x.detach() * 2 + 1)
    return {
        "keys": list(module.state_dict()),
        "shape": list(y.shape),
        "output": flat(y),
        "input gradient": flat(x.grad),
        "gradients": {name: flat(p.grad) for name, p in module.named_parameters()},
        "buffers": {name: flat(b) for name, b in module.named_buffers()},
    }


def run_loss(loss: Any) -> dict[str, Any]:
    arrays = {k: torch.tensor(v, dtype=torch.float64) for k, v in loss.arrays.items()}
    module = getattr(nn, loss.kind)(**loss.options, **arrays)
    x = torch.tensor(cases.predictions(loss), requires_grad=True)
    y = module(x, torch.from_numpy(cases.targets(loss)))
    y.backward(torch.from_numpy(cases.numbers(tuple(y.shape), 1.0)))
    return {"shape": list(y.shape), "output": flat(y), "input gradient": flat(x.grad)}


def line(name: str, value: Any) -> str:
    return f"{json.dumps(name)}: {json.dumps(value)}"


def main() -> None:
    record = {"torch": torch.__version__}
    for layer in cases.LAYERS:
        for mode in ("train", "eval"):
            if layer.in_torch and not (layer.random and mode == "train"):
                record[f"{mode}: {layer}"] = run_layer(layer, mode)
    for loss in cases.LOSSES:
        record[f"loss: {loss}"] = run_loss(loss)
    OUT.write_text("{\n" + ",\n".join(line(k, v) for k, v in record.items()) + "\n}\n")
    print(f"{len(record) - 1} cases, {OUT.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
