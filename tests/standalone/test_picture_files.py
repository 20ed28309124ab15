"""step.py and predict.py of networks that make pictures, with nothing but NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data import Arrays
from pellucid.models.latent import decoded, drawn
from pellucid.standalone import write_predict, write_step
from picture_runs import DIGITS, train

KINDS = ("denoising", "vae", "gan")


@pytest.mark.parametrize("name", KINDS)
def test_the_training_is_retold_to_the_last_bit(tmp_path, alone, name):
    run = train(name, tmp_path / "run")
    write_step(run, Arrays(DIGITS.x, DIGITS.x), tmp_path / "step.py")
    with np.load(tmp_path / "step_data.npz") as saved:
        assert "y" not in saved  # the same pictures need not be there twice
    said = alone(tmp_path, "import step; print(*map(repr, step.train()))").split()
    assert [float(v) for v in said] == [e["train_loss"] for e in run.record.epochs()]


@pytest.mark.parametrize("name", KINDS)
def test_the_network_makes_the_same_pictures(tmp_path, alone, name):
    run = train(name, tmp_path / "run")
    write_predict(run, tmp_path / "predict.py")
    x = drawn(run.model, 5, 0, "test") if name == "gan" else DIGITS.x[:5]
    np.save(tmp_path / "samples.npy", x)
    alone(tmp_path, "import predict; predict.main('samples.npy')")
    expected = decoded(run.model, x) if name == "gan" else run.predict(x)
    assert np.load(tmp_path / "pictures.npy").tobytes() == expected.tobytes()
