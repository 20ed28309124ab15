"""The from-scratch example: its calculus is right, it learns, and importing it starts nothing."""

from __future__ import annotations

import ast
import gzip
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pellucid.random import generator

FILE = Path(__file__).resolve().parents[2] / "examples" / "neural_network_from_scratch.py"


def _load():
    spec = importlib.util.spec_from_file_location("from_scratch", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


scratch = _load()


def _network(activation="tanh", seed=0):
    return scratch.Network([4, 6, 5, 3], activation, seed, dtype=np.float64)


def test_importing_it_starts_nothing():
    code = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='imported')"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(FILE)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_needs_nothing_but_numpy():
    tree = ast.parse(FILE.read_text())
    names = {alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    outside = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names)
    assert outside == {"numpy"}


@pytest.mark.parametrize("gate", ["AND", "OR", "NAND"])
def test_one_neuron_learns_the_gates(gate):
    w, b, epochs = scratch.learn_gate(scratch.GATES[gate])
    assert epochs
    assert [scratch.fires(x, w, b) for x in scratch.GATE_INPUTS] == scratch.GATES[gate]


def test_one_neuron_does_not_learn_xor():
    assert scratch.learn_gate(scratch.GATES["XOR"])[2] is None


@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid", "linear"])
def test_slopes_of_the_output_are_the_slopes_of_the_function(name):
    f, slope = scratch.ACTIVATIONS[name]
    z = np.array([-3.0, -1.0, -0.2, 0.3, 1.0, 4.0])
    measured = (f(z + 1e-6) - f(z - 1e-6)) / 2e-6
    np.testing.assert_allclose(slope(f(z)), measured, atol=1e-9)


def test_sigmoid_and_softmax_do_not_overflow():
    np.testing.assert_allclose(scratch.sigmoid(np.array([-1000.0, 0.0, 1000.0])), [0, 0.5, 1])
    z = np.array([[2.0, 1.0, 0.1], [1002.0, 1001.0, 1000.1]])
    np.testing.assert_allclose(scratch.softmax(z), [[0.659, 0.242, 0.099]] * 2, atol=5e-4)


def test_cross_entropy_and_its_slope():
    z = generator(0, "z").normal(size=(5, 3))
    labels = np.array([0, 2, 1, 1, 0])
    loss, dz = scratch.cross_entropy(z, labels)
    p = scratch.softmax(z)
    assert loss == pytest.approx(-np.log(p[np.arange(5), labels]).mean())
    np.testing.assert_allclose(dz, (p - np.eye(3)[labels]) / 5)
    assert np.isfinite(scratch.cross_entropy(z * 1e4, labels)[0])


def test_binary_cross_entropy_and_its_slope():
    z, y = np.array([[-2.0], [0.5], [3.0]]), np.array([[0.0], [1.0], [0.0]])
    loss, dz = scratch.binary_cross_entropy(z, y)
    p = scratch.sigmoid(z)
    assert loss == pytest.approx(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())
    np.testing.assert_allclose(dz, (p - y) / 3)


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_backpropagation_agrees_with_differences(activation):
    x, labels = generator(1, "x").normal(size=(5, 4)), np.array([0, 2, 1, 1, 0])
    worst = scratch.gradient_check(_network(activation), x, labels, scratch.cross_entropy)
    assert worst < 1e-5


def test_the_gradient_check_notices_a_wrong_slope(monkeypatch):
    # the well-known slip: sigmoid's slope taken of z where the output a is meant
    monkeypatch.setitem(scratch.ACTIVATIONS, "tanh", (scratch.tanh, lambda a: 1 - a))
    x, labels = generator(1, "x").normal(size=(5, 4)), np.array([0, 2, 1, 1, 0])
    assert scratch.gradient_check(_network(), x, labels, scratch.cross_entropy) > 1e-2


def test_gradients_have_the_shapes_of_what_they_change():
    network = _network()
    network.backward(scratch.cross_entropy(network.forward(np.ones((7, 4))), np.ones(7, int))[1])
    for layer in network.layers:
        assert layer.dW.shape == layer.W.shape
        assert layer.db.shape == layer.b.shape


def test_momentum_walks_downhill():
    network = _network()
    layer = network.layers[0]
    w, (first, second) = layer.W.copy(), (np.full_like(layer.W, 1.0), np.full_like(layer.W, -0.5))
    for gradient in (first, second):
        for each in network.layers:
            each.dW, each.db = np.zeros_like(each.W), np.zeros_like(each.b)
        layer.dW = gradient
        network.update(rate=0.1, momentum=0.9)
    # v1 = 1, v2 = 0.9 - 0.5
    np.testing.assert_allclose(layer.W, w - 0.1 * (1.0 + 0.4))


def test_first_weights_have_hes_scale():
    network = scratch.Network([800, 400, 10], "relu", seed=0)
    assert network.layers[0].W.std() == pytest.approx(np.sqrt(2 / 800), rel=0.02)
    assert network.layers[1].W.std() == pytest.approx(np.sqrt(1 / 400), rel=0.05)
    assert {layer.W.dtype for layer in network.layers} == {np.dtype(np.float32)}
    assert not network.layers[0].b.any()


def test_two_layers_solve_xor_from_every_start():
    for seed in range(20):
        answers = scratch.solve_xor(seed)
        assert (np.abs(answers - [0, 1, 1, 0]) < 0.1).all(), f"seed {seed}: {answers}"


def test_every_row_is_used_once_an_epoch():
    seen = []

    class Listener(scratch.Network):
        def forward(self, x):
            seen.extend(x[:, 0].astype(int).tolist())
            return super().forward(x)

    x = np.stack([np.arange(70), np.zeros(70)], axis=1).astype(np.float32)
    network = Listener([2, 2])
    scratch.train_epoch(
        network, x, np.zeros(70, int), np.random.default_rng(0), batch=32, rate=1e-9
    )
    assert sorted(seen) == list(range(70))
    assert seen != list(range(70))


def test_the_digits_of_the_package_are_learned(capsys):
    assert scratch.run_digits(epochs=12) > 0.93
    out = capsys.readouterr().out
    assert "64-64-32-10 on the 1,797 small digits of UCI: 1,079 to learn from" in out
    assert "epoch 12  loss 0.0" in out
    assert "on 359 unseen pictures" in out


def test_without_any_digits_there_are_toy_pictures(tmp_path):
    name, hidden, (x, y), _, test = scratch.load(tmp_path, digits=tmp_path / "none.npz")
    assert name == "toy pictures of lines"
    assert x.shape == (900, 64)
    network = scratch.Network([64, *hidden, 3])
    rng = np.random.default_rng(0)
    for _ in range(15):
        scratch.train_epoch(network, x, y, rng)
    assert scratch.accuracy(network, *test) > 0.9


def _write_idx(path, values):
    values = np.asarray(values, dtype=np.uint8)
    sizes = b"".join(n.to_bytes(4, "big") for n in values.shape)
    path.write_bytes(gzip.compress(bytes([0, 0, 8, values.ndim]) + sizes + values.tobytes()))


def _write_mnist(folder, n=5200):
    """Four files in MNIST's form: the bright row of the picture is its label."""
    for (images, labels), count in zip(scratch.MNIST.values(), (n, 100), strict=True):
        y = np.arange(count) % 10
        x = np.zeros((count, 10, 10))
        x[np.arange(count), y] = 255
        _write_idx(folder / images, x)
        _write_idx(folder / labels, y)


def test_mnist_is_found_in_the_folder_or_below_it_and_read(tmp_path, capsys):
    (tmp_path / "mnist").mkdir()
    _write_mnist(tmp_path / "mnist")
    assert scratch.find_mnist(tmp_path) == scratch.find_mnist(tmp_path / "mnist")
    name, hidden, train, validation, test = scratch.load(tmp_path)
    assert (name, hidden) == ("MNIST", (128, 64))
    assert [part[0].shape for part in (train, validation, test)] == [
        (200, 100),
        (5000, 100),
        (100, 100),
    ]
    assert train[0].max() == 1.0
    assert scratch.run_digits(tmp_path, epochs=5) == 1.0
    assert "100-128-64-10 on MNIST: 200 to learn from" in capsys.readouterr().out


def test_a_damaged_idx_file_is_refused(tmp_path):
    _write_idx(tmp_path / "x.gz", np.zeros((4, 2, 2)))
    assert scratch.read_idx(tmp_path / "x.gz").shape == (4, 2, 2)
    raw = gzip.decompress((tmp_path / "x.gz").read_bytes())
    (tmp_path / "short.gz").write_bytes(gzip.compress(raw[:-1]))
    with pytest.raises(SystemExit, match=r"15 bytes where its header promises \[4, 2, 2\]"):
        scratch.read_idx(tmp_path / "short.gz")
    (tmp_path / "other.gz").write_bytes(gzip.compress(b"hello world"))
    with pytest.raises(SystemExit, match="not an IDX file"):
        scratch.read_idx(tmp_path / "other.gz")


def test_a_loss_that_is_not_finite_stops_the_run():
    with np.errstate(all="ignore"), pytest.raises(SystemExit, match="Try a smaller --rate"):
        scratch.run_digits(epochs=30, rate=1e6)


def test_the_whole_file_runs(capsys, monkeypatch):
    monkeypatch.delenv("PELLUCID_DATA", raising=False)
    scratch.main(["--epochs", "2"])
    out = capsys.readouterr().out
    assert "XOR   not learned in 100 epochs" in out
    assert "0 XOR 1 = 1, the network says 0.99" in out
    assert "test accuracy" in out


def test_the_folder_comes_from_the_environment_too(tmp_path, capsys, monkeypatch):
    _write_mnist(tmp_path)
    monkeypatch.setenv("PELLUCID_DATA", str(tmp_path))
    scratch.main(["--epochs", "1"])
    assert "on MNIST" in capsys.readouterr().out


def test_help_says_what_it_needs(capsys):
    with pytest.raises(SystemExit) as done:
        scratch.main(["--help"])
    assert done.value.code == 0
    out = capsys.readouterr().out
    assert "MNIST's four .gz files" in out
    assert "PELLUCID_DATA" in out
