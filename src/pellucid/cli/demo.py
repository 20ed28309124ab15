"""`pellucid demo gates`: what one neuron can learn, what it cannot, and what a layer more does."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import typer

from pellucid import nn, optim
from pellucid.autograd import Tensor
from pellucid.cli.screen import OUT, line, percent, table
from pellucid.data import Data, toy
from pellucid.perceptron import Perceptron
from pellucid.random import generator
from pellucid.train.task import probabilities

__all__ = ["app", "learn_xor"]

UNITS, STEPS, RATE, MOMENTUM = 4, 1500, 0.1, 0.9

app = typer.Typer(
    rich_markup_mode="rich",
    add_completion=False,
    no_args_is_help=True,
    help="Small demonstrations: what one neuron can learn, and what it cannot.",
)


@app.callback()
def demo() -> None:
    """Keep `gates` a command of its own, although it is the only one so far."""


@app.command()
def gates(
    seed: Annotated[int, typer.Option(help="Of the network's initial weights.")] = 0,
) -> None:
    """A perceptron learns AND and OR but not XOR; a network with one hidden layer does."""
    line(OUT, "One neuron: 1 where w1 a + w2 b + bias >= 0, else 0. It moves when it is wrong.")
    for name in ("and", "or", "xor"):
        line(OUT)
        _show_perceptron(toy(name))
    line(OUT)
    line(OUT, f"A network for XOR: 2 inputs, {UNITS} tanh units, 2 classes;")
    line(
        OUT,
        f"gradient descent, {STEPS:,} steps of {RATE:g} with momentum {MOMENTUM:g}, seed {seed}.",
    )
    line(OUT)
    _show_network(toy("xor"), seed)


def _show_perceptron(gate: Data) -> None:
    neuron = Perceptron().fit(gate.x, gate.y)
    line(OUT, gate.name.upper(), "bold")
    line(OUT, neuron.report())
    sums = neuron.decision_function(gate.x)
    rows = [
        [f"{a:g} {b:g}", str(y), f"{total:g}", str(answer), "" if y == answer else "wrong"]
        for (a, b), y, total, answer in zip(
            gate.x, gate.y, sums, neuron.predict(gate.x), strict=True
        )
    ]
    table(OUT, ("a b", gate.name.upper(), "sum", "answer", ""), rows, right=(1, 2, 3))


def learn_xor(gate: Data, seed: int) -> tuple[nn.Module, float]:
    """The trained network and its last loss."""
    net = nn.MLP([2, UNITS, 2], "tanh", generator=generator(seed, "weights"))
    loss_of = nn.CrossEntropyLoss()
    optimizer = optim.SGD(net.parameters(), lr=RATE, momentum=MOMENTUM)
    x, y = Tensor(gate.x.astype(np.float32)), Tensor(gate.y)
    for _ in range(STEPS):
        loss = loss_of(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net, loss.item()


def _show_network(gate: Data, seed: int) -> None:
    net, loss = learn_xor(gate, seed)
    shares = probabilities(net(Tensor(gate.x.astype(np.float32))).data)
    answers = shares.argmax(axis=1)
    rows = [
        [f"{a:g} {b:g}", str(y), str(answer), percent(share, 1), "" if y == answer else "wrong"]
        for (a, b), y, answer, share in zip(gate.x, gate.y, answers, shares[:, 1], strict=True)
    ]
    table(OUT, ("a b", "XOR", "answer", "probability of 1", ""), rows, right=(1, 2, 3))
    solved = "Solved" if (answers == gate.y).all() else "Not solved"
    line(OUT, f"{solved}; the loss is {loss:.2g}.")
