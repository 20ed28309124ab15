"""The table and the picture of a network."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np

import pellucid
from pellucid import nn
from pellucid.explain import graph, summary


def net(*sizes, **options):
    return nn.MLP(list(sizes), generator=np.random.default_rng(3), **options)


def test_the_table_of_the_classic_network():
    table = summary(net(784, 128, 64, 10), np.zeros((1, 784), np.float32))
    assert str(table) == "\n".join(
        [
            "   layer              output    parameters  multiply-adds",
            "---------------------------------------------------------",
            "0  Linear 784 -> 128  (n, 128)     100,480        100,352",
            "1  ReLU               (n, 128)",
            "2  Linear 128 -> 64   (n, 64)        8,256          8,192",
            "3  ReLU               (n, 64)",
            "4  Linear 64 -> 10    (n, 10)          650            640",
            "---------------------------------------------------------",
            "   total                           109,386        109,184",
            "",
            "input (n, 784), weights 438 kB",
        ]
    )
    assert table.to_json()["parameters"] == 109_386


def test_what_stands_outside_the_layers_is_counted_too():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(np.ones((3, 2), np.float32))
            self.line = nn.Linear(4, 3)

        def forward(self, x):
            return self.line(x) @ self.scale

    table = summary(Net(), np.zeros((1, 4), np.float32))
    assert table.parameters == 15 + 6
    assert [(r.name, r.parameters, r.multiply_adds) for r in table.rows] == [
        ("Linear 4 -> 3", 15, 12),
        ("Net's own", 6, 6),
    ]


def test_the_network_is_left_as_it_was():
    model = net(4, 5, 3, batch_norm=True).train()
    before = {k: v.copy() for k, v in model.state_dict().items()}
    summary(model, np.zeros((1, 4), np.float32))
    graph(model, np.zeros((1, 4), np.float32))
    assert model.training
    assert all(before[k].tobytes() == v.tobytes() for k, v in model.state_dict().items())
    assert not any(module._hooks for module in model.modules())


def test_the_picture_is_whole_and_names_everything():
    model = net(784, 128, 10, batch_norm=True)
    picture = graph(model, np.zeros((1, 784), np.float32), "CrossEntropyLoss", "Adam")
    root = ET.fromstring(picture)
    texts = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    for text in (
        "Linear 784 -> 128",
        "100,480 parameters",
        "W1 (128, 784), b1 (128)",
        "z1 (n, 128)",
        "dz1 (n, 128)",
        "h2 (n, 128)",
        "CrossEntropyLoss",
        "then Adam moves the weights along",
        "dW1, db1, dW2, db2, dW3, db3",
    ):
        assert text in texts
    assert "dx (n, 784)" not in texts  # nobody needs it
    assert not re.search(r"(?:href|url|src)", picture)


def test_nothing_stands_on_anything_else():
    root = ET.fromstring(graph(net(784, 128, 64, 10), np.zeros((1, 784), np.float32)))
    space = "{http://www.w3.org/2000/svg}"
    boxes = [r for r in root.iter(f"{space}rect") if r.get("class") != "paper"]
    ends = [(float(r.get("y")), float(r.get("y")) + float(r.get("height"))) for r in boxes]
    assert all(b[0] - a[1] >= 40 for a, b in pairwise(ends))
    assert float(root.get("height")) > ends[-1][1]


def test_the_same_bytes_again():
    pictures = {graph(net(4, 5, 3), np.zeros((1, 4), np.float32)) for _ in range(2)}
    assert len(pictures) == 1


def test_names_are_escaped():
    picture = graph(net(4, 3), np.zeros((1, 4), np.float32), "<b>&", "a < b")
    assert "<b>" not in picture
    ET.fromstring(picture)


def test_both_are_public():
    assert pellucid.summary is summary
    assert pellucid.graph is graph
