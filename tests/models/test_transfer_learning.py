"""Transfer learning: what stands still, the new head, the learning rates of the layers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import models, nn, optim
from pellucid.errors import FormatError, OptionError
from pellucid.models import transfer

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 1, 8, 8)).astype(np.float32)
Y = np.arange(12) % 3


def network(classes: int = 3, seed: int = 0) -> nn.Sequential:
    rng = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, generator=rng),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(144, 8, generator=rng),
        nn.BatchNorm1d(8, affine=False),
        nn.Tanh(),
        nn.Linear(8, classes, generator=rng),
    )


def bits(module: nn.Module) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in module.state_dict().items()}


@nn.register
class Named(nn.Module):
    """A network of a class of its own, which says how many classes it has."""

    def __init__(self, width: int, classes: int = 3) -> None:
        super().__init__()
        self.body = nn.Linear(4, width)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Any) -> Any:
        return self.head(self.body(x).relu())


class Mute(Named):
    """One that does not say it."""

    def __init__(self, width: int) -> None:
        super().__init__(width, 3)


def test_heads() -> None:
    assert transfer.head_of(network()) == "7"
    assert transfer.head_of(models.GPT(5, 4, 1, 1, 8)) == "head"
    assert transfer.head_of(models.TextRNN(5, hidden=4)) == "head"
    assert transfer.head_of(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 3, 1))) == "2"
    with pytest.raises(OptionError, match="without a Linear layer or a convolution"):
        transfer.head_of(nn.Sequential(nn.ReLU()))


@pytest.mark.parametrize("engine", ["program", "eager"])
def test_a_frozen_body_keeps_every_bit(engine: str) -> None:
    model = network()
    before = bits(model)
    run = pellucid.fit(
        model, (X, Y), freeze="body", epochs=3, batch_size=6, lr=0.05, engine=engine, l2=0.01
    )
    after = bits(model)
    changed = [name for name in after if after[name] != before[name]]
    assert changed == ["7.weight", "7.bias"]  # running statistics stand still too
    assert transfer.frozen_norms(model) == ["1", "5"]
    assert run.record.epochs()[-1]["train_loss"] < run.record.epochs()[0]["train_loss"]


def test_written_is_eager_where_layers_stand_still_or_move_slowly() -> None:
    for settings in ({"freeze": "0,1"}, {"body_lr": 0.1}, {"layer_decay": 0.5, "freeze": "0"}):
        found = []
        for engine in ("program", "eager"):
            model = network()
            run = pellucid.fit(
                model,
                (X, Y),
                epochs=3,
                batch_size=6,
                engine=engine,
                schedule="onecycle",
                **settings,
            )
            losses = [e["train_loss"] for e in run.record.epochs()]
            found.append((losses, bits(model)))
        assert found[0] == found[1]


def test_patterns() -> None:
    model = network()
    assert models.freeze(model, "0") == ["0.weight", "0.bias"]
    assert transfer.frozen_norms(model) == []
    assert models.freeze(model, "1, 4.*") == ["1.weight", "1.bias", "4.weight", "4.bias"]
    assert transfer.frozen_norms(model) == ["1"]
    assert not model.train()[1].training and model[5].training
    models.unfreeze(model, "1")
    assert model.train()[1].training and not model[4].weight.requires_grad
    models.unfreeze(model)
    assert all(p.requires_grad for p in model.parameters())
    with pytest.raises(OptionError) as caught:
        models.freeze(model, "conv*")
    assert str(caught.value).splitlines()[1:] == [
        "  got:    'conv*'",
        "  needs:  'body', or the names of layers: 0, 1, 4, 7",
    ]
    with pytest.raises(OptionError, match="parameters all stand still"):
        pellucid.fit(model, (X, Y), freeze="*", epochs=1)


def test_rates_of_the_layers() -> None:
    model = network()
    groups = models.layerwise_groups(model, 1.0, decay=0.5)
    told = [([name for name, _ in g["params"]], g["lr"]) for g in groups]
    assert told == [
        (["7.weight", "7.bias"], 1.0),
        (["4.weight", "4.bias"], 0.5),
        (["0.weight", "0.bias", "1.weight", "1.bias"], 0.25),
    ]
    gpt = models.GPT(5, 4, 2, 1, 8)
    groups = models.layerwise_groups(gpt, 1.0, 0.5, 0.5)
    told = [(sorted({name.split(".")[0] for name, _ in g["params"]}), g["lr"]) for g in groups]
    assert [lr for _, lr in told] == [1.0, 0.25, 0.125, 0.0625, 0.03125]
    assert told[0][0] == ["head"] and told[-1][0] == ["tokens"]
    optim.AdamW(groups)
    models.freeze(gpt, "tokens,places")
    assert len(models.layerwise_groups(gpt, 1.0, 0.5, 0.5)) == 3
    with pytest.raises(OptionError, match="decay=0"):
        models.layerwise_groups(gpt, 1.0, 0)


def test_a_new_head() -> None:
    for model in (network(), Named(6), nn.MLP([4, 6, 3])):
        path = models.replace_head(model, 7, np.random.default_rng(1))
        assert model.get_submodule(path).out_features == 7
        twin = nn.rebuild(json.loads(json.dumps(nn.describe(model))))
        twin.load_state_dict(model.state_dict())
    for mute in (Mute(6), models.GPT(5, 4, 1, 1, 8)):
        models.replace_head(mute, 7)
        with pytest.raises(OptionError, match="whose head was replaced"):
            nn.describe(mute)
    with pytest.raises(OptionError, match="0 classes"):
        models.replace_head(network(), 0)
    with pytest.raises(OptionError, match="a Conv2d"):
        models.replace_head(nn.Sequential(nn.Conv2d(1, 2, 3)), 4)


def test_taking_over() -> None:
    old = network(3, seed=1)
    same, other = network(3), network(5)
    assert models.take_over(same, old.state_dict()) == []
    assert bits(same) == bits(old)
    drawn = other[7].weight.data.copy()
    assert models.take_over(other, old.state_dict()) == ["7.weight", "7.bias"]
    assert np.array_equal(other[7].weight.data, drawn)
    assert np.array_equal(other[4].weight.data, old[4].weight.data)
    again = network(3)
    assert models.take_over(again, old.state_dict(), new_head=True) == ["7.weight", "7.bias"]
    headless = {name: a for name, a in old.state_dict().items() if not name.startswith("7.")}
    assert models.take_over(network(3), headless) == ["7.weight", "7.bias"]
    with pytest.raises(FormatError, match=r"misshapen: 0\.weight"):
        models.take_over(network(), {**old.state_dict(), "0.weight": np.zeros((4, 1, 5, 5))})
    with pytest.raises(OptionError, match="a network of one layer"):
        models.take_over(nn.MLP([4, 3]), nn.MLP([4, 2]).state_dict())


def test_a_run_with_frozen_layers_and_slow_ones_resumes(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"freeze": "0", "body_lr": 0.2, "batch_size": 6, "seed": 3}
    whole = pellucid.fit(network(), (X, Y), epochs=4, out=tmp_path / "whole", **settings)

    class Stop(pellucid.train.Listener):
        def on_step(self, trainer: Any) -> None:
            if trainer.total_steps == 5:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pellucid.fit(
            network(),
            (X, Y),
            epochs=4,
            out=tmp_path / "cut",
            listeners=[Stop()],
            checkpoint_seconds=0,
            **settings,
        )
    cut = pellucid.resume(tmp_path / "cut", (X, Y))
    assert bits(cut.model) == bits(whole.model)
    losses = [[e["train_loss"] for e in run.record.epochs()] for run in (whole, cut)]
    assert losses[0] == losses[1]
