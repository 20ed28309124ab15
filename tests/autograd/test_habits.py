"""The words of a torch user's fingers: an error says NumPy's word, and NumPy's word works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import Tensor, nn, tensor
from pellucid.autograd.habits import FUNCTIONS, METHODS
from pellucid.errors import RunError, ShapeError

X = tensor(np.arange(24.0, dtype=np.float32).reshape(2, 3, 4))


@pytest.mark.parametrize("name", METHODS)
def test_methods_that_are_none_here_say_what_to_write(name: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(X, name)
    assert str(caught.value).endswith(METHODS[name])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_that_are_none_here_say_what_to_write(name: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(pellucid, name)
    assert str(caught.value).endswith(FUNCTIONS[name])


@pytest.mark.parametrize(
    "written, shape",
    [
        (lambda x: x.reshape(6, 4), (6, 4)),
        (lambda x: x.transpose(0, 2, 1), (2, 4, 3)),
        (lambda x: x.swapaxes(-1, -2), (2, 4, 3)),
        (lambda x: np.expand_dims(x, 1), (2, 1, 3, 4)),
        (lambda x: x[:, np.newaxis], (2, 1, 3, 4)),
        (lambda x: x.clip(0, None), (2, 3, 4)),
        (lambda x: x.var(axis=1, ddof=1).sqrt(), (2, 4)),
        (lambda x: (x**2).sum().sqrt(), ()),
        (lambda x: np.where(x.data > 3, 0.0, x), (2, 3, 4)),
        (lambda x: np.concatenate([x, x], axis=0), (4, 3, 4)),
        (lambda x: x[::-1], (2, 3, 4)),
        (lambda x: x.softmax(axis=-1), (2, 3, 4)),
        (lambda x: x * np.tril(np.ones(x.shape, x.dtype)), (2, 3, 4)),
        (lambda x: x.max(axis=1), (2, 4)),
    ],
)
def test_what_is_advised_works_with_a_gradient(
    written: Callable[[Any], Any], shape: tuple[int, ...]
) -> None:
    x = Tensor(X, requires_grad=True)
    y = written(x)
    assert y.shape == shape
    y.sum().backward()
    assert x.grad is not None and x.grad.shape == x.shape


@pytest.mark.parametrize("method", ["sum", "mean", "var", "max", "min", "softmax", "argmax"])
def test_torchs_keywords(method: str) -> None:
    with pytest.raises(TypeError, match=f"Tensor.{method} has no argument 'dim'; write axis=1"):
        getattr(X, method)(dim=1)
    with pytest.raises(TypeError, match=f"Tensor.{method} has no argument 'other'$"):
        getattr(X, method)(other=1)


def test_a_transpose_of_two_axes() -> None:
    with pytest.raises(ShapeError) as caught:
        X.transpose(1, 2)
    assert str(caught.value).splitlines()[1:] == [
        "  got:    2 axes for a tensor of shape (2, 3, 4)",
        "  needs:  all 3 axes in their new order, or none",
        "  try:    x.swapaxes(1, 2)",
    ]


def test_unknown_names_are_plainly_unknown() -> None:
    unknown = "nonsense"
    with pytest.raises(AttributeError, match=r"^'Tensor' object has no attribute 'nonsense'$"):
        getattr(X, unknown)
    with pytest.raises(AttributeError, match=r"^module 'pellucid' has no attribute 'nonsense'$"):
        getattr(pellucid, unknown)
    with pytest.raises(AttributeError, match=r"^module 'pellucid.nn' has no attribute 'nonsense'$"):
        getattr(nn, unknown)
    elsewhere = "utils"
    with pytest.raises(AttributeError, match=r"write optim\.clip_grad_norm_"):
        getattr(nn, elsewhere)


def test_a_state_dict_is_saved_as_the_network_is(tmp_path: Any) -> None:
    net = nn.Linear(2, 3)
    pellucid.save(net.state_dict(), tmp_path / "a")
    pellucid.save(net, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with pytest.raises(RunError, match="a file") as caught:
        pellucid.load(tmp_path / "a")
    assert "load_weights(model, path)" in str(caught.value)


def test_habits_that_work_as_they_are() -> None:
    """What a torch user writes, with pellucid's names."""
    pellucid.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)).to("cpu").train()
    nn.init.kaiming_uniform_(net[0].weight, a=5**0.5)
    nn.init.trunc_normal_(net[-1].weight, std=0.02)
    nn.init.eye_(net[-1].weight)
    groups = [{"params": net[0].parameters()}, {"params": net[2].parameters(), "lr": 1e-3}]
    optimizer = pellucid.optim.Adam(groups, lr=0.05)
    schedule = pellucid.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
    x, y = np.eye(4, dtype=np.float32), np.array([0, 1, 2, 0])
    losses = []
    for _ in range(20):
        for xb, yb in pellucid.data.DataLoader(x, y, batch_size=2, shuffle=True):
            loss = nn.functional.cross_entropy(net(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            pellucid.optim.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
        schedule.step()
    assert sum(losses[-4:]) < sum(losses[:4]) / 2
    net.eval()
    with pellucid.no_grad():
        assert (net(x).argmax(axis=1) == y).mean() == 1
    handle = net.register_forward_hook(lambda m, i, o: None)
    handle.remove()
    assert f"{loss:.2f}" and float(loss) == loss.item() and loss.detach().numpy().shape == ()
