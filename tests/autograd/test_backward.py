"""backward(): accumulation, freeing, long chains, hooks, threads, and who owns a gradient."""

from __future__ import annotations

import gc
import threading
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import Tensor, enable_grad, is_grad_enabled, no_grad, op, ops, tensor
from pellucid.autograd import apply, watch
from pellucid.errors import GradientError, ShapeError


def leaf(*values: float) -> Tensor:
    return tensor(list(values), requires_grad=True)


def test_two_backwards_add_up() -> None:
    x = leaf(1.0, 2.0)
    (x * 3).sum().backward()
    (x * 4).sum().backward()
    assert x.grad.tolist() == [7.0, 7.0]
    x.zero_grad()
    assert x.grad is None


def test_a_freed_graph_says_so() -> None:
    x = leaf(2.0)
    y = (x**2).sum()
    y.backward()
    with pytest.raises(GradientError) as error:
        y.backward()
    assert str(error.value).splitlines() == [
        "GradientError in backward through Sum",
        "  got:    a graph whose memory was freed by an earlier backward()",
        "  needs:  the memory of the forward pass",
        "  try:    backward(retain_graph=True) the first time, or compute the loss again",
    ]
    assert x.grad.tolist() == [4.0]


def test_a_failed_backward_adds_nothing() -> None:
    x, w = leaf(2.0), leaf(3.0)
    shared = x * x
    shared.sum().backward()
    x.zero_grad()
    with pytest.raises(GradientError, match="freed"):
        (shared * w).sum().backward()
    assert x.grad is None and w.grad is None


def test_a_retained_graph_can_be_walked_again() -> None:
    x = leaf(1.0, 3.0)
    y = (x.exp() * x).sum()
    y.backward(retain_graph=True)
    once = x.grad.numpy().copy()
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * once)


def test_a_value_used_many_times() -> None:
    x = leaf(2.0)
    total = x * 0
    for _ in range(50):
        total = total + x * x
    total.backward()
    assert x.grad.tolist() == [200.0]
    y = leaf(3.0)
    (y * y * y + y - y / y).backward()
    assert y.grad.tolist() == [28.0]


def test_diamonds_are_walked_once_each_way() -> None:
    x = leaf(1.5)
    seen: list[str] = []
    y = x
    for _ in range(30):  # 2^30 paths
        y = y * 0.5 + y * 0.5
    with watch(lambda stage, rule, *_: seen.append(stage)):
        y.backward()
    assert len(seen) == 90 and x.grad.tolist() == [1.0]


def test_a_chain_of_100_000_nodes() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1
    y.backward()
    assert y.tolist() == [100_001.0] and x.grad.tolist() == [1.0]


def test_a_chain_of_100_000_nodes_can_be_dropped() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1
    del y
    gc.collect()
    assert x.grad is None


def test_freed_memory_lets_go_of_the_arrays() -> None:
    x = leaf(1.0, 2.0)
    y = x.exp()
    loss = y.sum()
    node = loss._node
    loss.backward()
    assert node is not None and node.inputs is None
    assert node.arrays == () and node.outputs == ()


def test_a_leaf_is_its_own_gradient() -> None:
    x = leaf(5.0)
    x.backward()
    assert x.grad.tolist() == [1.0]


def test_the_gradient_that_arrives() -> None:
    x = leaf(1.0, 2.0)
    (x * x).backward([1.0, 10.0])
    assert x.grad.tolist() == [2.0, 40.0] and x.grad.dtype == np.float32
    with pytest.raises(ShapeError, match=r"a gradient of shape \(3,\)"):
        (x * x).backward(np.ones(3))
    with pytest.raises(GradientError, match=r"a single number, or the gradient that arrives"):
        (x * x).backward()
    with pytest.raises(GradientError, match="depends on nothing that requires a gradient"):
        tensor([1.0]).backward()


def test_only_what_asks_for_a_gradient_gets_one() -> None:
    x, w = tensor([1.0, 2.0]), leaf(3.0, 4.0)
    needs: list[Any] = []

    @op
    class Product:
        """y = a b."""

        def forward(a: Any, b: Any) -> Any:
            return a * b

        def backward(g: Any, y: Any, a: Any, b: Any, *, needs: Any) -> Any:
            seen(needs)
            return None if not needs[0] else g * b, g * a

    seen = needs.append
    Product(x, w).sum().backward()
    assert needs == [(False, True)] and x.grad is None and w.grad.tolist() == [1.0, 2.0]


# -- the switch --


def test_no_grad_nests_and_comes_back() -> None:
    x = leaf(1.0)
    assert is_grad_enabled()
    with no_grad():
        assert not (x * 2).requires_grad
        with enable_grad():
            assert (x * 2).requires_grad
            with no_grad():
                assert not is_grad_enabled()
            assert is_grad_enabled()
        assert not is_grad_enabled()
    assert (x * 2).requires_grad
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert is_grad_enabled()


def test_no_grad_over_a_function() -> None:
    @no_grad()
    def double(x: Tensor) -> Tensor:
        """Twice."""
        return x * 2

    @enable_grad()
    def remembered(x: Tensor) -> Tensor:
        return x * 2

    assert not double(leaf(1.0)).requires_grad and double.__doc__ == "Twice."
    with no_grad():
        assert remembered(leaf(1.0)).requires_grad
    assert is_grad_enabled()


def test_threads_are_independent() -> None:
    inside, done, results = threading.Event(), threading.Event(), {}

    def other() -> None:
        inside.wait()
        x = leaf(3.0)
        (x * x).backward()
        results["grad"], results["enabled"] = x.grad.tolist(), is_grad_enabled()
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    with no_grad():
        inside.set()
        assert done.wait(10)
    thread.join()
    assert results == {"grad": [6.0], "enabled": True}


def test_many_threads_build_and_walk_graphs_at_once() -> None:
    results: dict[int, list[float]] = {}

    def work(i: int) -> None:
        x = leaf(float(i))
        y = x
        for _ in range(200):
            y = y + x
        y.backward()
        results[i] = x.grad.tolist()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == {i: [201.0] for i in range(8)}


# -- detach, retain_grad, hooks --


def test_detach_stops_the_gradient() -> None:
    x = leaf(3.0)
    (x * x.detach()).backward()
    assert x.grad.tolist() == [3.0]
    assert not x.detach().requires_grad and x.detach().is_leaf
    assert np.shares_memory(x.detach().data, x.data)


def test_a_copy_is_a_new_leaf() -> None:
    x = leaf(3.0)
    assert not np.shares_memory(x.copy().data, x.data) and not x.copy().requires_grad


def test_retain_grad_keeps_what_passes() -> None:
    x = leaf(1.0, 2.0)
    y = x * 2
    z = y * y
    y.retain_grad()
    z.sum().backward()
    assert y.grad.tolist() == [4.0, 8.0] and z.grad is None
    with pytest.raises(GradientError, match="does not require a gradient"):
        tensor([1.0]).retain_grad()


def test_hooks_see_and_replace_gradients() -> None:
    x = leaf(1.0, 2.0)
    y = x * 3
    seen: list[Any] = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    remove = y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g.numpy() + 1)  # an array is as good as a tensor
    y.sum().backward()
    assert seen == [[1.0, 1.0]] and x.grad.tolist() == [31.0, 31.0]
    remove()
    remove()
    x.zero_grad()
    (x * 3).sum().backward()
    assert x.grad.tolist() == [4.0, 4.0]


def test_the_same_hook_twice_is_removed_once() -> None:
    x = leaf(1.0)

    def double(g: Tensor) -> Tensor:
        return g * 2

    x.register_hook(double)
    x.register_hook(double)()
    (x * 1).backward()
    assert x.grad.tolist() == [2.0]


def test_hooks_that_cannot_work_are_refused() -> None:
    with pytest.raises(GradientError, match="no gradient will ever arrive here"):
        tensor([1.0]).register_hook(print)
    x = leaf(1.0, 2.0)
    x.register_hook(lambda g: g.sum())
    with pytest.raises(GradientError, match=r"through a hook\n  got:    a gradient of shape \(\)"):
        (x * 2).sum().backward()


def test_a_hook_is_called_once_with_the_whole_gradient() -> None:
    x = leaf(2.0)
    y = x * 1
    seen: list[Any] = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    (y * 3 + y * 4).backward()
    assert seen == [[7.0]]


# -- who owns a gradient --


def test_gradients_own_their_memory() -> None:
    made = []
    for make in (
        lambda a, b: a + b,
        lambda a, b: (a + b).reshape(6),
        lambda a, b: np.concatenate([a, b]),
        lambda a, b: np.stack([a, b]).T,
        lambda a, b: a.T.T - b,
        lambda a, b: np.where(np.ones((2, 3), bool), a, b),
        lambda a, b: a.sum() + b.sum(axis=0, keepdims=True),
        lambda a, b: a[:, :1] + b[0],
    ):
        a, b = (tensor(np.ones((2, 3)), requires_grad=True) for _ in range(2))
        arriving = np.ones(make(a, b).shape)
        make(a, b).backward(arriving)
        made += [a.grad.data, b.grad.data, a.data, b.data, arriving]
    for i, one in enumerate(made):
        assert one.flags.writeable
        assert not any(np.shares_memory(one, other) for other in made[:i])


def test_a_careless_operation_cannot_tie_gradients_to_weights() -> None:
    kept = np.array([5.0], np.float32)

    @op
    class Careless:
        """y = a b, with gradients that are somebody else's arrays."""

        def forward(a: Any, b: Any) -> Any:
            return a * b

        def backward(g: Any, y: Any, a: Any, b: Any) -> Any:
            return b, a

    a, b = leaf(2.0), leaf(3.0)
    Careless(a, b).backward()
    a.grad.data[...] = 100
    assert b.data.tolist() == [3.0] and b.grad.tolist() == [2.0]
    x = leaf(1.0)
    x.register_hook(lambda g: kept)
    (x * 1).backward()
    x.grad.data[...] = 100
    assert kept.tolist() == [5.0]


# -- operations of one's own --


def test_a_wrong_rule_is_caught_at_the_door() -> None:
    def own(**rules: Any) -> Any:
        return op(type("Own", (), {"forward": lambda x: x * 2, **rules}))

    x = leaf(1.0, 2.0)
    with pytest.raises(GradientError, match=r"one gradient per input, or None"):
        own(backward=lambda g, y, x: g * 2)(x).sum().backward()
    with pytest.raises(GradientError, match=r"tuple of 1"):
        own(backward=lambda g, y, x: (g, g))(x).sum().backward()
    with pytest.raises(GradientError, match=r"a gradient of shape \(1,\) for an input of shape"):
        own(backward=lambda g, y, x: (g[:1],))(x).sum().backward()
    assert x.grad is None
    assert not own()(x).requires_grad  # no backward rule, no derivative


def test_an_operation_without_a_docstring_still_explains_itself() -> None:
    @op
    class Nameless:
        def forward(x: Any, y: Any) -> Any:
            return x + y

    assert "Nameless" in repr(Nameless.rule)
    with pytest.raises(ShapeError, match=r"in Nameless\n  got:    shapes \(2,\) and \(3,\)"):
        Nameless(np.ones(2), np.ones(3))


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ShapeError) as error:
        leaf(1.0, 2.0) + np.ones(3)
    assert str(error.value).splitlines()[:2] == [
        "ShapeError in Add",
        "  got:    shapes (2,) and (3,)",
    ]
    with pytest.raises(ShapeError, match=r"in MatMul"):
        tensor(np.ones((2, 3))) @ np.ones((2, 3))


def test_gradients_come_in_the_dtype_of_the_leaf() -> None:
    a = tensor([1.0, 2.0], requires_grad=True)
    b = tensor(np.array([3.0, 4.0]), requires_grad=True)
    (a * b).sum().backward()
    assert a.grad.dtype == np.float32 and b.grad.dtype == np.float64


def test_rules_can_be_run_on_plain_arrays() -> None:
    y = apply(ops.Reshape, np.arange(6.0), shape=(2, 3))
    assert isinstance(y, Tensor) and y.shape == (2, 3) and not y.requires_grad


def test_the_array_of_the_forward_pass_is_remembered() -> None:
    """data may be another array by the time of backward; the gradient is that of what ran."""
    w = tensor([2.0], requires_grad=True)
    x = tensor([3.0], requires_grad=True)
    y = w * x
    w.data = np.array([50.0], np.float32)
    y.backward()
    assert x.grad.tolist() == [2.0]


def test_watchers_see_every_rule() -> None:
    seen: list[tuple[str, str]] = []
    x = leaf(1.0)
    with watch(lambda stage, rule, arrays, out: seen.append((stage, rule.name))):
        (x.exp() * 2).backward()
    x.exp()
    assert seen == [
        ("forward", "Exp"),
        ("forward", "Multiply"),
        ("backward", "Multiply"),
        ("backward", "Exp"),
    ]


def test_public_names() -> None:
    assert pellucid.Tensor is Tensor and pellucid.tensor is tensor
