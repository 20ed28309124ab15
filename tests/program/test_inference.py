"""The prediction as a program: the network's own bits, for one sample and for many."""

from __future__ import annotations

import runpy

import numpy as np
import pytest

import pellucid
from pellucid import nn
from pellucid.errors import DataError, DtypeError, GradientError, OptionError, ShapeError
from pellucid.program import Inference, Program


def network(*sizes, seed=0, **options):
    return nn.MLP(list(sizes), generator=np.random.default_rng(seed), **options)


def inputs(rows, columns, dtype=np.float32):
    return np.random.default_rng(rows).normal(size=(rows, columns)).astype(dtype)


def normed(**options):
    """A network whose running statistics are no longer those of the start."""
    net = network(6, 9, 5, 3, batch_norm=True, **options)
    net.train()
    for k in range(3):
        net(inputs(20 + k, 6) * 3 + 1)
    return net


NETWORKS = {
    **{name: network(6, 9, 5, 3, activation=name) for name in nn.ACTIVATIONS},
    "batch norm": normed(),
    "dropout": network(6, 9, 3, dropout=0.5),
    "layer norm": nn.Sequential(nn.Linear(6, 7), nn.LayerNorm(7), nn.ReLU(), nn.Linear(7, 3)),
    "softmax": nn.Sequential(nn.Linear(6, 4), nn.Softmax(dim=1)),
    "one layer": nn.Linear(6, 2),
    "no bias": nn.Linear(6, 2, bias=False),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_bits_are_the_networks_own(name):
    net = NETWORKS[name].eval()
    inference = Inference(net, inputs(3, 6))
    for n in (1, 2, 7, 1, 64, 3, 2, 5, 1):  # sizes come back, and more than are kept
        x = inputs(n, 6)
        assert inference(x).tobytes() == net(x).data.tobytes(), n


@pytest.mark.parametrize("name", NETWORKS)
def test_the_reading_form_gives_the_same(name, tmp_path):
    net = NETWORKS[name].eval()
    inference = Inference(net, inputs(3, 6))
    path = tmp_path / "net.py"
    inference.save(path)
    predict = runpy.run_path(str(path))["predict"]
    x = inputs(11, 6)
    assert predict(x).tobytes() == net(x).data.tobytes()
    space = {}
    path.write_text(inference.source)
    space = runpy.run_path(str(path))
    assert space["forward"](inference.weights().values(), x).tobytes() == predict(x).tobytes()


def test_a_large_network_as_a_person_would_write_it():
    source = Inference(network(784, 128, 64, 10), np.zeros((1, 784), np.float32)).source
    assert (
        source
        == '''"""A network's prediction, written out by Pellucid VERSION.

network  Linear 784 -> 128, ReLU, Linear 128 -> 64, ReLU, Linear 64 -> 10 (109,386 parameters)

n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone.
"""

import numpy as np


def forward(weights, x):
    """(n, 784) to (n, 10)."""
    W1, b1, W2, b2, W3, b3 = weights

    # layer 0: Linear 784 -> 128, ReLU
    z1 = x @ W1.T + b1      # (n, 128)
    h1 = np.maximum(z1, 0)  # (n, 128)

    # layer 2: Linear 128 -> 64, ReLU
    z2 = h1 @ W2.T + b2     # (n, 64)
    h2 = np.maximum(z2, 0)  # (n, 64)

    # layer 4: Linear 64 -> 10
    return h2 @ W3.T + b3  # (n, 10)
'''.replace("VERSION", pellucid.__version__)
    )


def test_one_sample_is_matrices_times_vectors_without_new_memory():
    source = Inference(network(784, 128, 10), np.zeros((1, 784), np.float32)).one_source
    body = source[source.index("def predict") :]
    assert "W1_times(row, out=" in body
    assert "matmul" not in body
    assert body.count("out=") == 5  # product, sum and maximum; product and sum


def test_results_are_the_callers_own():
    inference = Inference(network(4, 3), inputs(1, 4))
    for n in (1, 3):
        x = inputs(n, 4)
        first = inference(x)
        kept = first.copy()
        inference(x + 1)
        assert np.array_equal(first, kept)


def test_weights_that_change_are_followed():
    net = network(4, 5, 3).eval()
    inference = Inference(net, inputs(1, 4))
    x = inputs(1, 4)
    before = inference(x)
    net.load_state_dict(network(4, 5, 3, seed=1).state_dict())
    assert inference(x).tobytes() == net(x).data.tobytes() != before.tobytes()
    net[0].weight.data = net[0].weight.data * 2  # an array of its own
    for n in (1, 6):
        assert inference(inputs(n, 4)).tobytes() == net(inputs(n, 4)).data.tobytes()


def test_the_network_is_left_as_it_was():
    net = normed(dropout=0.3).train()
    before = {k: v.copy() for k, v in net.state_dict().items()}
    Inference(net, inputs(2, 6))(inputs(4, 6))
    assert net.training
    assert all(before[k].tobytes() == v.tobytes() for k, v in net.state_dict().items())


def test_few_weights_stand_in_the_file_and_many_beside_it(tmp_path):
    small, large = network(4, 3), network(4, 9000, 3)
    for name, net in (("small", small), ("large", large)):
        Inference(net, inputs(1, 4)).save(tmp_path / f"{name}.py")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "large.py",
        "large_weights.npz",
        "small.py",
    ]
    predict = runpy.run_path(str(tmp_path / "large.py"))["predict"]
    assert predict(inputs(2, 4)).tobytes() == large.eval()(inputs(2, 4)).data.tobytes()


def test_the_same_network_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        Inference(network(4, 5, 3), inputs(2, 4)).save(tmp_path / f"{name}.py")
    assert (tmp_path / "a.py").read_bytes() == (tmp_path / "b.py").read_bytes()


def test_write_with_an_example_alone_writes_the_prediction():
    net = network(4, 3)
    assert isinstance(pellucid.write(net, inputs(2, 4)), Inference)
    sgd = pellucid.optim.SGD(net.parameters(), lr=0.1)
    batch = inputs(2, 4), np.array([0, 1])
    assert isinstance(pellucid.write(net, nn.CrossEntropyLoss(), sgd, batch), Program)


def test_write_says_what_is_missing():
    with pytest.raises(OptionError, match="no optimizer"):
        pellucid.write(network(4, 3), nn.CrossEntropyLoss())


def test_a_batch_of_another_kind_is_refused():
    inference = Inference(network(4, 3), inputs(1, 4))
    with pytest.raises(ShapeError, match=r"x of shape \(1, 5\)\n.*shape \(n, 4\)"):
        inference(inputs(1, 5))
    with pytest.raises(DtypeError, match="x of dtype float64"):
        inference(inputs(1, 4, np.float64))
    with pytest.raises(ShapeError, match="a batch: at least one row"):
        Inference(network(4, 3), np.float32(1))


def test_what_branches_on_values_cannot_be_written():
    class Strange(nn.Module):
        def forward(self, x):
            return x if float(x.data.sum()) > 0 else -x

    with pytest.raises(GradientError, match="a straight line of NumPy"):
        Inference(Strange(), inputs(1, 4))


def test_a_network_that_does_nothing_has_no_program():
    with pytest.raises(GradientError, match="gives its input back"):
        Inference(nn.Dropout(0.5), inputs(1, 4))


def test_statistics_over_the_batch_need_more_than_one_example():
    net = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3, track_running_stats=False)).eval()
    inference = Inference(net, inputs(5, 4))
    assert inference(inputs(5, 4)).tobytes() == net(inputs(5, 4)).data.tobytes()
    with pytest.raises(DataError, match="one value has no variance"):
        inference(inputs(1, 4))
