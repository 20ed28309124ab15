"""step.py trains as the run did, to the last bit, with nothing but NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from polar import network

import pellucid
from pellucid import data, nn
from pellucid.errors import RunError
from pellucid.standalone import write_step

MOONS = data.split(data.toy("moons", samples=120, seed=1), seed=1).train
DIGITS = data.split(data.digits(), seed=1).train.subset(np.arange(150))
SINE = data.split(data.toy("sine", samples=90, seed=1), seed=1).train
BARE = np.random.default_rng(0).normal(size=(65, 3)), np.arange(65) % 3


def net(*sizes, **options):
    return nn.MLP(list(sizes), generator=np.random.default_rng(3), **options)


def moons(**options):
    return lambda: net(2, 8, 2, **options)


CASES = {
    "plain": (MOONS, moons(), {}),
    "dropout and batch norm": (MOONS, moons(dropout=0.2, batch_norm=True), {}),
    "momentum, steps": (
        MOONS,
        moons(),
        {"optimizer": "sgd", "optimizer_options": {"momentum": 0.9}, "schedule": "step"},
    ),
    "one cycle": (MOONS, moons(dropout=0.1), {"schedule": "onecycle", "optimizer": "adamw"}),
    "warm-up, clip, l2": (
        MOONS,
        moons(),
        {"schedule": "cosine", "warmup": 1, "clip_norm": 0.1, "l2": 0.01},
    ),
    "plateau": (
        MOONS,
        moons(),
        {"schedule": "plateau", "schedule_options": {"patience": 0, "threshold": 0.9}},
    ),
    "rmsprop": (MOONS, moons(), {"optimizer": "rmsprop"}),
    "adagrad": (MOONS, moons(), {"optimizer": "adagrad"}),
    "helpers": (MOONS, network, {"loss": "cross_entropy"}),
    "nadam, cycles": (
        MOONS,
        moons(),
        {"optimizer": "nadam", "schedule": "cyclic", "schedule_options": {"every": 1}},
    ),
    "radam, decoupled": (
        MOONS,
        moons(),
        {
            "optimizer": "radam",
            "optimizer_options": {"weight_decay": 0.1, "decoupled_weight_decay": True},
            "schedule": "restarts",
        },
    ),
    "rprop, a line": (MOONS, moons(), {"optimizer": "rprop", "schedule": "linear"}),
    "asgd, plateau": (
        MOONS,
        moons(),
        {
            "optimizer": "asgd",
            "optimizer_options": {"lambd": 0.1, "t0": 3},
            "schedule": "plateau",
            "schedule_options": {"patience": 0, "threshold": 0.9},
        },
    ),
    "nadam": (MOONS, moons(), {"optimizer": "nadam"}),
    "adadelta": (MOONS, moons(), {"optimizer": "adadelta"}),
    "eager": (MOONS, moons(activation="gelu"), {"engine": "eager"}),
    "not shuffled": (MOONS, moons(), {"shuffle": False, "batch_size": "all"}),
    "regression": (SINE, lambda: net(1, 6, 1), {}),
    "images, whole shifts and noise": (
        DIGITS,
        lambda: net(64, 12, 10),
        {"augment": {"shift": 1, "noise": 0.1}},
    ),
    "images, turned": (
        DIGITS,
        lambda: net(64, 12, 10),
        {"augment": {"shift": 0.5, "rotate": 10.0}},
    ),
    "bare arrays, class weights, a last batch of one": (
        BARE,
        lambda: net(3, 5, 3, batch_norm=True),
        {"class_weights": "balanced", "label_smoothing": 0.1},
    ),
}


def trained(folder, train, model, **settings):
    settings = {"epochs": 3, "batch_size": 32, "seed": 5, **settings}
    pellucid.fit(model, train, out=folder, **settings)
    return pellucid.load(folder)


@pytest.mark.parametrize("name", CASES)
def test_the_losses_are_the_runs_own(name, tmp_path, alone):
    train, model, settings = CASES[name]
    run = trained(tmp_path / "run", train, model(), **settings)
    files = write_step(run, train, tmp_path / "step.py")
    assert [f.name for f in files] == ["step.py", "step_data.npz"]
    said = alone(tmp_path, "import runpy; runpy.run_path('step.py', run_name='__main__')")
    printed = [float(line.rpartition(" ")[2]) for line in said.splitlines()]
    assert printed == [event["train_loss"] for event in run.record.epochs()]


def test_the_weights_at_the_end_are_the_runs_own(tmp_path, alone):
    run = trained(tmp_path / "run", MOONS, net(2, 8, 2))  # no validation: the last ones are kept
    write_step(run, MOONS, tmp_path / "step.py")
    code = "import step\nkept = []\nold = step.step\n"
    code += "def spy(weights, *a, **k): kept[:] = weights; return old(weights, *a, **k)\n"
    code += "step.step = spy; list(step.train())\n"
    code += "print(*(w.tobytes().hex() for w in kept))"
    bits = alone(tmp_path, code).split()
    assert bits == [p.data.tobytes().hex() for p in run.model.parameters()]


def test_the_same_run_gives_the_same_bytes(tmp_path):
    run = trained(tmp_path / "run", MOONS, net(2, 8, 2, dropout=0.1), schedule="onecycle")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_step(run, MOONS, tmp_path / name / "step.py")
    for file in ("step.py", "step_data.npz"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_the_header_says_what_it_is(tmp_path):
    run = trained(tmp_path / "run", MOONS, net(2, 8, 2), schedule="cosine", warmup=1)
    write_step(run, MOONS, tmp_path / "again.py")
    text = (tmp_path / "again.py").read_text()
    assert "data      again_data.npz: the training part, the initial weights" in text
    assert "schedule  cosine, after a rise over 1 epochs" in text
    assert 'os.environ["OPENBLAS_NUM_THREADS"] = "1"' in text


def test_a_run_without_its_start_is_refused(tmp_path):
    run = trained(tmp_path / "run", MOONS, net(2, 4, 2))
    (tmp_path / "run" / "initial.safetensors").unlink()
    with pytest.raises(RunError, match="the weights it began with were not kept"):
        write_step(run, MOONS, tmp_path / "step.py")
    assert not (tmp_path / "step.py").exists()


def test_a_run_with_an_optimizer_of_its_own_is_refused(tmp_path):
    model = net(2, 4, 2)
    own = pellucid.optim.SGD(model.parameters(), lr=0.1)
    pellucid.fit(model, MOONS, optimizer=own, epochs=1, out=tmp_path / "run")
    with pytest.raises(RunError, match="its own optimizer"):
        write_step(pellucid.load(tmp_path / "run"), MOONS, tmp_path / "step.py")
