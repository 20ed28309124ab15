"""Records what torch's layers and losses compute, a file a family, in tests/nn/torch.

Run it where torch is installed (recorded with 2.13.0), from the repository's root:

    python scripts/record_torch_nn.py [FAMILY ...]

The cases, and the formulas for inputs, parameters and targets, are those of tests/nn/cases.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

NN_TESTS = Path(__file__).parent.parent / "tests" / "nn"
sys.path.insert(0, str(NN_TESTS))

import cases  # noqa: E402
from cases import base  # noqa: E402


def flat(t: torch.Tensor | None) -> Any:
    """Twelve digits of every number."""
    if t is None:
        return None
    return [
        v if isinstance(v, bool) else float(f"{v:.12g}") for v in t.detach().reshape(-1).tolist()
    ]


def made(layer: Any) -> nn.Module:
    if layer.parts:
        return nn.Sequential(*[getattr(nn, kind)(**options) for kind, options in layer.parts])
    return getattr(nn, layer.kind)(**base.options_in(layer, nn))


def as_tensors(value: Any, leaf: bool = True) -> Any:
    """Arrays as tensors, floating-point ones with a gradient; the rest as it is."""
    if isinstance(value, tuple):
        return tuple(as_tensors(part, leaf) for part in value)
    if not isinstance(value, np.ndarray):
        return value
    t = torch.from_numpy(np.array(value))
    return t.requires_grad_() if leaf and t.is_floating_point() else t


def tensors_of(value: Any) -> list[torch.Tensor]:
    if isinstance(value, tuple | list):
        return [t for part in value for t in tensors_of(part)]
    return [value] if isinstance(value, torch.Tensor) else []


def total(outputs: Any) -> Any:
    """One number from all outputs, each weighted by a formula."""
    parts = [y for y in tensors_of(outputs) if y.is_floating_point()]
    weights = [torch.from_numpy(base.numbers(tuple(y.shape), 1.0 + i)) for i, y in enumerate(parts)]
    return sum((y * w).sum() for y, w in zip(parts, weights, strict=True))


def run_layer(layer: Any, mode: str) -> dict[str, Any]:
    """Forward, and backward with formulas as arriving gradients; buffers after two batches."""
    module = made(layer).double().train(mode == "train")
    for i, (name, t) in enumerate(module.state_dict().items()):
        if t.is_floating_point():
            t.copy_(torch.from_numpy(base.parameter(name, tuple(t.shape), i)))
    given = [as_tensors(x) for x in base.inputs(layer)]
    by_name = {name: as_tensors(x, leaf=False) for name, x in base.keywords(layer).items()}
    outputs = module(*given, **by_name)
    result = total(outputs)
    if result.requires_grad:
        result.backward()
    if not any(isinstance(x, tuple) for x in given):
        floats = [isinstance(x, torch.Tensor) and x.is_floating_point() for x in given]
        again = [x.detach() * 2 + 1 if f else x for x, f in zip(given, floats, strict=True)]
        module(*again, **by_name)
    inputs = [t for t in tensors_of(given) if t.is_floating_point()]
    return {
        "keys": list(module.state_dict()),
        "shapes": [list(y.shape) for y in tensors_of(outputs)],
        "outputs": [flat(y) for y in tensors_of(outputs)],
        "input gradients": [flat(t.grad) for t in inputs],
        "gradients": {name: flat(p.grad) for name, p in module.named_parameters()},
        "buffers": {name: flat(b) for name, b in module.named_buffers()},
    }


def run_loss(loss: Any) -> dict[str, Any]:
    arrays = {k: torch.tensor(v, dtype=torch.float64) for k, v in loss.arrays.items()}
    module = getattr(nn, loss.kind)(**loss.options, **arrays)
    values = base.loss_inputs(loss)
    free = 1 + len(loss.more)
    xs = [as_tensors(x) for x in values[:free]]
    y = module(*xs, *[as_tensors(v, leaf=False) for v in values[free:]])
    y.backward(torch.from_numpy(base.numbers(tuple(y.shape), 1.0)))
    return {
        "shape": list(y.shape),
        "output": flat(y),
        "input gradients": [flat(x.grad) for x in xs],
    }


def line(name: str, value: Any) -> str:
    return f"{json.dumps(name)}: {json.dumps(value)}"


def record(family: str) -> dict[str, Any]:
    found: dict[str, Any] = {"torch": torch.__version__}
    for layer in cases.LAYERS_OF[family]:
        for mode in ("train", "eval"):
            if layer.in_torch and not (layer.random and mode == "train"):
                found[f"{mode}: {layer}"] = run_layer(layer, mode)
    for loss in cases.LOSSES_OF[family]:
        found[f"loss: {loss}"] = run_loss(loss)
    return found


def main() -> None:
    for family in sys.argv[1:] or cases.FAMILIES:
        out = NN_TESTS / "torch" / f"{family}.json"
        found = record(family)
        out.write_text("{\n" + ",\n".join(line(k, v) for k, v in found.items()) + "\n}\n")
        print(f"{family}: {len(found) - 1} cases, {out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
