"""Networks for series: they look back only, start from their base, and survive a kill."""

from __future__ import annotations

import numpy as np
import pytest
from runs import Kill, Killed, same

import pellucid
from pellucid import models
from pellucid.autograd import no_grad
from pellucid.data.date_steps import Step
from pellucid.data.series import Series
from pellucid.data.series_rules import naive
from pellucid.data.series_windows import Scaling, cut
from pellucid.errors import OptionError, ShapeError
from pellucid.models import SeriesRNN, SeriesTCN

SPECS = {
    "lstm": {"model": "series-rnn", "cell": "lstm", "layers": 2},
    "gru": {"model": "series-rnn", "cell": "gru", "lag": 4, "drift": 0.1, "spread": 0.5},
    "tcn": {"model": "series-tcn", "layers": 2, "lag": 1, "level": False},
}


def network(name):
    spec = {**SPECS[name], "inputs": 2, "horizon": 5, "hidden": 4, "dropout": 0.2}
    return models.build(spec, np.random.default_rng(0))


def parts():
    rng = np.random.default_rng(0)
    values = np.stack([np.exp(np.cumsum(rng.normal(size=70)) / 9), rng.normal(size=70)], axis=1)
    series = Series(values, ("y", "x"), Step("D", 1, np.datetime64("2020-01-01")), "s", "made")
    options = {"horizon": 5, "window": 9, "validation": 0.2, "test": 0.0, "calendar": False}
    train, validation, _ = cut(series, log=True, **options)
    scaling = Scaling.learn(train.features[: train.end], "y", (9, 2), plain=0, log=True)
    return train, validation, scaling


def fit(out, name, **options):
    train, validation, scaling = parts()
    settings = {"epochs": 3, "batch_size": 8, "seed": 5, "optimizer": "adamw", "clip_norm": 1.0}
    settings |= {"task": "series", "preparation": scaling, "checkpoint_seconds": 0.0}
    return pellucid.fit(network(name), train, validation, out=out, **(settings | options))


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("steps", [2, 7])
def test_killed_and_resumed_gives_the_same_bits(tmp_path, name, steps):
    whole = fit(tmp_path / "whole", name)
    with pytest.raises(Killed):
        fit(tmp_path / "cut", name, listeners=[Kill(steps)])
    train, validation, _ = parts()
    run = pellucid.resume(tmp_path / "cut", train, validation)
    assert same(run.model, whole.model)
    scores = [[e["train_mae"] for e in r.record.epochs()] for r in (run, whole)]
    assert scores[0] == scores[1]


@pytest.mark.parametrize("name", SPECS)
def test_every_network_is_written_as_it_ran(tmp_path, name):
    one, two = fit(None, name), fit(None, name, engine="eager")
    assert same(one.model, two.model)


def test_the_first_forecast_is_the_base():
    x = np.random.default_rng(0).normal(size=(3, 9, 2))
    with no_grad():
        seasonal = SeriesRNN(2, 10, "gru", 4, lag=4, drift=0.5)(x.astype(np.float32)).data
        level = SeriesTCN(2, 10, 4, 2)(x.astype(np.float32)).data
    turns = 1 + np.arange(10) // 4
    assert np.allclose(seasonal, naive(x[:, :, 0], 4, 10) + 0.5 * turns, atol=1e-6)
    assert not level.any()


def test_convolutions_look_back_only():
    net = SeriesTCN(1, 3, 4, 2).eval()
    x = np.random.default_rng(0).normal(size=(1, 1, 12)).astype(np.float32)
    later = x.copy()
    later[..., 8:] += 1
    with no_grad():
        before, after = net.blocks(x).data, net.blocks(later).data
    assert (before[..., :8] == after[..., :8]).all() and (before[..., 8] != after[..., 8]).any()


def test_doors():
    with pytest.raises(ShapeError, match="more than 4 rows"):
        SeriesRNN(1, 3, lag=4)(np.zeros((2, 4, 1), np.float32))
    with pytest.raises(OptionError, match="a horizon from 1"):
        SeriesTCN(1, 0)
    with pytest.raises(OptionError, match="SeriesRNN"):
        SeriesRNN(1, 3, "lstn")
