"""Equal blocks that follow each other: written once in the reading form, the same bits as ever."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alone import trains_alone
from networks import classes, numbers

import pellucid
from pellucid import nn, optim
from pellucid.program import Program

Y = classes(9, 3)
CE = nn.CrossEntropyLoss()


class Block(nn.Module):
    """x + Linear(dropout(GELU(Linear(LayerNorm(x)))))."""

    def __init__(self, size: int, p: float = 0.25, seed: int = 0) -> None:
        super().__init__()
        g = np.random.default_rng(seed)
        self.norm = nn.LayerNorm(size)
        self.up, self.down = nn.Linear(size, 8, generator=g), nn.Linear(8, size, generator=g)
        self.act, self.drop = nn.GELU(), nn.Dropout(p)

    def forward(self, x: Any, shift: Any = None) -> Any:
        h = self.down(self.drop(self.act(self.up(self.norm(x)))))
        return x + h if shift is None else x + h * shift


class Deep(nn.Module):
    """Blocks between two Linears, in a list of its own."""

    def __init__(self, *blocks: nn.Module) -> None:
        super().__init__()
        g = np.random.default_rng(1)
        self.inner = nn.Linear(5, 6, generator=g)
        self.blocks = nn.ModuleList(blocks)
        self.out = nn.Linear(6, 3, generator=g)

    def forward(self, x: Any) -> Any:
        h = self.inner(x)
        for block in self.blocks:
            h = block(h)
        return self.out(h)


def blocks(count: int, **options: Any) -> list[Block]:
    return [Block(6, seed=k, **options) for k in range(count)]


def write(model: nn.Module, x: Any = None, **changes: Any) -> Program:
    adam = optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.01)
    return pellucid.write(model, CE, adam, (numbers((9, 5)) if x is None else x, Y), **changes)


@pytest.mark.parametrize("count", [2, 5])
@pytest.mark.parametrize("p", [0.0, 0.25])
@pytest.mark.parametrize("changes", [{}, {"clip_norm": 0.1}])
def test_a_stack_is_written_once_and_trains_alone(count: int, p: float, changes: Any) -> None:
    program = write(Deep(*blocks(count, p=p)), **changes)
    program.verify(3)
    assert program.source.count("def block(x, weights") == 1
    assert program.source.count("def block_backward(dy, weights, kept") == 1
    assert program.source.count("np.sqrt(var_norm + 1e-05)") == 1
    assert max(map(len, program.source.splitlines())) <= 100
    trains_alone(program)


def test_how_it_reads() -> None:
    source = write(Deep(*blocks(3))).source
    assert "network   Linear 5 -> 6, 3 x (LayerNorm, Linear 6 -> 8," in source
    body = source.partition("\ndef step(")[2]
    assert "    W_inner, b_inner, *blocks, W_out, b_out = weights\n" in body
    assert (
        "    # blocks: 3 times Block\n"
        "    h_blocks = z_inner                                          # (n, 6)\n"
        "    kept_blocks = []\n"
        "    for k in range(3):\n"
        "        h_blocks, kept = block(h_blocks, blocks[6 * k : 6 * k + 6], rng, k + 1)\n"
        "        kept_blocks.append(kept)\n"
    ) in body
    assert (
        "    dblocks = []\n"
        "    for k in reversed(range(3)):\n"
        "        dz_inner, own = block_backward(dz_inner, blocks[6 * k : 6 * k + 6], "
        "kept_blocks[k])\n"
        "        dblocks = [*own, *dblocks]\n"
    ) in body
    assert "gradients = dW_inner, db_inner, *dblocks, dW_out, db_out\n" in body
    block = source.partition("\ndef block(")[2].partition("\ndef ")[0]
    assert block.startswith('x, weights, rng, site):\n    """A Block: (n, 6) to (n, 6), and')
    assert "    # layer up: Linear 6 -> 8\n    z_up = normed_norm @ W_up.T + b_up " in block
    assert "rng(site).random((n, 8), dtype=np.float32)" in block
    assert re.search(r"\n    sum1 = x \+ z_down +# \(n, 6\)\n", block)


def test_lines_are_found_inside_the_functions() -> None:
    program = write(Deep(*blocks(3)))
    lines = program.source.splitlines()
    found = [program.line_of(f"blocks.{k}.up", "Linear", "forward") for k in range(3)]
    assert found[0] == found[1] == found[2] is not None
    assert lines[found[0][0] - 1].strip().startswith("z_up = normed_norm @ W_up.T + b_up")
    back = program.line_of("blocks.1.down", "Linear", "backward")
    assert back is not None
    assert back[1].startswith("dkept_up = ")
    out = program.line_of("out", "Linear", "forward")
    assert out == (out and out[0], "z_out = h_blocks @ W_out.T + b_out")


def test_blocks_in_a_row_of_layers_and_what_comes_behind_them() -> None:
    g = np.random.default_rng(0)
    model = nn.Sequential(
        nn.Linear(5, 6, generator=g), *blocks(3), nn.ReLU(), nn.Linear(6, 3, generator=g)
    )
    program = write(model)
    program.verify(3)
    assert "# 3 times Block\n" in program.source
    assert "W1, b1, *blocks, W" in program.source
    trains_alone(program)


def test_the_prediction_is_written_once_too(tmp_path: Path) -> None:
    model = Deep(*blocks(4)).eval()
    inference = pellucid.write(model, numbers((3, 5)))
    assert inference.source.count("np.sqrt(var_norm + 1e-05)") == 1
    assert "for k in range(4):\n        h_blocks = block(h_blocks, blocks[6" in inference.source
    inference.save(tmp_path / "net.py")
    x = numbers((11, 5), 2)
    predict = runpy.run_path(str(tmp_path / "net.py"))["predict"]
    assert predict(x).tobytes() == model(x).data.tobytes() == inference(x).tobytes()


def test_images_that_stand_on_another_axis() -> None:
    class Turned(Deep):
        def forward(self, x: Any) -> Any:
            h = self.inner(x).transpose(1, 0, 2)
            for block in self.blocks:
                h = block(h)
            return self.out(h.mean(axis=0))

    program = write(Turned(*blocks(2)), numbers((9, 4, 5)))
    program.verify(3)
    assert "n = x.shape[1]" in program.source
    trains_alone(program)


class Shifted(Deep):
    """Every block is given something that was made before."""

    def forward(self, x: Any) -> Any:
        shift = (x[:, :1] > 0).astype(np.float32) + 1
        h = self.inner(x)
        for block in self.blocks:
            h = block(h, shift)
        return self.out(h)


def test_what_all_blocks_read_is_given_to_them() -> None:
    program = write(Shifted(*blocks(3)))
    program.verify(3)
    assert re.search(r"\ndef block\(x, weights, \w+, rng, site\):", program.source)
    trains_alone(program)


class Skipping(Deep):
    def forward(self, x: Any) -> Any:
        first = h = self.inner(x)
        for block in self.blocks:
            h = block(h) + first
        return self.out(h)


class Looking(Deep):
    def forward(self, x: Any) -> Any:
        h, seen = self.inner(x), 0.0
        for block in self.blocks:
            h = block(h)
            seen = seen + h
        return self.out(seen)


def frozen() -> nn.Module:
    model = Deep(*blocks(3))
    model.blocks[1].norm.requires_grad_(False)
    return model


ALONE: dict[str, Any] = {
    "something between the blocks": lambda: Skipping(*blocks(3)),
    "every block is read": lambda: Looking(*blocks(3)),
    "a frozen one": frozen,
    "another dropout": lambda: Deep(*blocks(1), *blocks(1, p=0.5)),
    "one of them": lambda: Deep(*blocks(1)),
    "the same one twice": lambda: Deep(*[*blocks(1)] * 2),
}


@pytest.mark.parametrize("name", ALONE)
def test_what_is_no_stack_is_written_line_by_line(name: str) -> None:
    program = write(ALONE[name]())
    program.verify(3)
    assert "def block(" not in program.source


def test_statistics_are_not_hidden_in_a_function() -> None:
    def block() -> nn.Module:
        g = np.random.default_rng(0)
        return nn.Sequential(
            nn.Linear(6, 6, generator=g), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 6, generator=g)
        )

    program = write(Deep(block(), block()))
    program.verify(3)
    assert "for k in range" not in program.source
