"""A network for series as files: step.py trains it, predict.py forecasts, with NumPy alone."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid
from pellucid import models
from pellucid.data.date_steps import Step
from pellucid.data.series import Series
from pellucid.data.series_windows import Scaling, cut
from pellucid.standalone import write_predict, write_step

SPECS = {
    "lstm": {"model": "series-rnn", "cell": "lstm", "lag": 4, "drift": 0.1, "spread": 0.5},
    "gru": {"model": "series-rnn", "cell": "gru"},
    "tcn": {"model": "series-tcn", "layers": 2, "lag": 1, "level": False},
}


def train_on(folder, spec, log):
    rng = np.random.default_rng(0)
    values = np.exp(np.cumsum(rng.normal(size=60)) / 9)[:, np.newaxis]
    series = Series(values, ("y",), Step("D", 1, np.datetime64("2020-01-01")), "s", "made")
    options = {"horizon": 5, "window": 9, "validation": 0.2, "test": 0.0, "calendar": True}
    train, validation, _ = cut(series, **options)
    shape = train.x.shape[1:]
    scaling = Scaling.learn(train.features[: train.end], "y", shape, plain=shape[1] - 1, log=log)
    spec = {**spec, "inputs": shape[1], "horizon": 5, "hidden": 4, "dropout": 0.2}
    pellucid.fit(
        models.build(spec, np.random.default_rng(0)),
        train,
        validation,
        task="series",
        preparation=scaling,
        epochs=2,
        batch_size=8,
        optimizer="adamw",
        schedule="onecycle",
        clip_norm=1.0,
        out=folder,
    )
    return pellucid.load(folder), train, validation


@pytest.mark.parametrize("name", SPECS)
def test_the_files_train_and_forecast_as_the_run_did(name, tmp_path, alone):
    run, train, validation = train_on(tmp_path / "run", SPECS[name], log=name != "gru")
    write_step(run, train, tmp_path / "step.py")
    write_predict(run, tmp_path / "predict.py")
    np.save(tmp_path / "x.npy", validation.x)
    code = "import numpy as np, step, predict\nprint(*step.train())\n"
    code += "print(predict.predict(np.load('x.npy')).tobytes().hex())"
    losses, bits = alone(tmp_path, code).splitlines()
    assert [float(loss) for loss in losses.split()] == [
        event["train_loss"] for event in run.record.epochs()
    ]
    assert bits == run.predict(validation.x).tobytes().hex()
