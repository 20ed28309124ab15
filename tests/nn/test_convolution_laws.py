"""Laws of convolutions: what must be equal to what, whatever the numbers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import nn
from pellucid.nn import functional as F

from .cases.base import numbers


def near(one: Any, other: Any) -> None:
    np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1e-12, atol=1e-13)


X = numbers((2, 4, 6, 5), 0.0)
OPTIONS = [
    {"stride": s, "padding": p, "dilation": d}
    for s, p, d in itertools.product((1, 2, (2, 1)), (0, (2, 1)), (1, (1, 2)))
]
every_option = pytest.mark.parametrize("options", OPTIONS, ids=str)


def test_a_convolution_of_one_pixel_is_a_linear_layer() -> None:
    conv, linear = nn.Conv2d(4, 3, 1).double(), nn.Linear(4, 3).double()
    linear.load_state_dict(
        {"weight": conv.weight.data.reshape(3, 4), "bias": conv.bias.data}  # type: ignore[union-attr]
    )
    near(conv(X), linear(X.transpose(0, 2, 3, 1)).numpy().transpose(0, 3, 1, 2))


@every_option
def test_a_grouped_convolution_is_convolutions_side_by_side(options: Any) -> None:
    for groups in (2, 4):
        W, b = numbers((8, 4 // groups, 3, 2), 1.0), numbers((8,), 2.0)
        parts = [
            F.conv2d(x, w, c, **options).numpy()
            for x, w, c in zip(
                np.split(X, groups, axis=1), np.split(W, groups), np.split(b, groups), strict=True
            )
        ]
        near(F.conv2d(X, W, b, groups=groups, **options), np.concatenate(parts, axis=1))


@every_option
def test_a_grouped_transposed_convolution_is_several_side_by_side(options: Any) -> None:
    for groups in (2, 4):
        W, b = numbers((4, 2, 3, 2), 1.0), numbers((2 * groups,), 2.0)
        parts = [
            F.conv_transpose2d(x, w, c, **options).numpy()
            for x, w, c in zip(
                np.split(X, groups, axis=1), np.split(W, groups), np.split(b, groups), strict=True
            )
        ]
        near(F.conv_transpose2d(X, W, b, groups=groups, **options), np.concatenate(parts, axis=1))


@every_option
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_a_transposed_convolution_is_the_gradient_of_a_convolution(
    options: Any, groups: int
) -> None:
    W = numbers((4, 4 // groups, 3, 2), 1.0)
    x = pellucid.tensor(X, requires_grad=True)
    y = F.conv2d(x, W, groups=groups, **options)
    g = numbers(y.shape, 3.0)
    y.backward(g)
    at_least = F.conv_transpose2d(g, W, groups=groups, **options).shape
    more = [n - m for n, m in zip(X.shape[2:], at_least[2:], strict=True)]
    if any(n >= s for n, s in zip(more, np.broadcast_to(options["stride"], 2), strict=True)):
        return  # the last places are in no window: no output_padding reaches them
    found = F.conv_transpose2d(g, W, groups=groups, output_padding=tuple(more), **options)
    near(x.grad, found)


@every_option
def test_a_convolution_is_the_product_with_the_windows_as_columns(options: Any) -> None:
    W, b = numbers((3, 4, 2, 3), 1.0), numbers((3,), 2.0)
    y = F.conv2d(X, W, b, **options)
    columns = F.unfold(X, (2, 3), **options).numpy()
    near(y.numpy().reshape(2, 3, -1), W.reshape(3, -1) @ columns + b[:, None])


@every_option
def test_fold_puts_back_what_unfold_cut_as_often_as_it_was_cut(options: Any) -> None:
    def there_and_back(x: Any) -> Any:
        return F.fold(F.unfold(x, (2, 3), **options), X.shape[2:], (2, 3), **options).numpy()

    near(there_and_back(X), X * there_and_back(np.ones_like(X)))


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("transposed", [False, True])
def test_a_batch_of_n_is_n_batches_of_one(groups: int, transposed: bool) -> None:
    function = F.conv_transpose2d if transposed else F.conv2d
    W = numbers((4, 4 // groups, 3, 2), 1.0)
    whole = function(X, W, groups=groups).numpy()
    near(whole, np.concatenate([function(X[i : i + 1], W, groups=groups) for i in range(2)]))
    near(whole[0], function(X[0], W, groups=groups))  # no batch at all


def test_a_convolution_feels_a_shift_as_a_shift() -> None:
    conv = nn.Conv2d(4, 2, 3, padding=1, padding_mode="circular").double()
    near(conv(np.roll(X, (2, -1), (2, 3))), np.roll(conv(X).numpy(), (2, -1), (2, 3)))


def test_same_is_half_the_kernel_on_both_sides() -> None:
    W = numbers((3, 4, 5, 3), 1.0)
    near(F.conv2d(X, W, padding="same"), F.conv2d(X, W, padding=(2, 1)))
    near(F.conv2d(X, W, padding="valid"), F.conv2d(X, W))
    for k, d in ((2, 1), (4, 3)):  # an odd number of places: one more after than before
        left, right = (k - 1) * d // 2, (k - 1) * d - (k - 1) * d // 2
        x, w = numbers((2, 4, 9), 0.0), numbers((3, 4, k), 1.0)
        padded = np.pad(x, ((0, 0), (0, 0), (left, right)))
        near(F.conv1d(x, w, padding="same", dilation=d), F.conv1d(padded, w, dilation=d))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_a_padding_mode_is_padding_first(mode: str) -> None:
    conv = nn.Conv2d(4, 2, 3, padding=(2, 1), padding_mode=mode).double()
    name = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode]
    x = np.pad(X, ((0, 0), (0, 0), (2, 2), (1, 1)), mode=name)  # type: ignore[call-overload]
    near(conv(X), F.conv2d(x, conv.weight, conv.bias))


def test_output_size_decides_the_output_padding() -> None:
    layer = nn.ConvTranspose2d(4, 2, 3, stride=(3, 2), padding=1).double()
    assert layer(X).shape == (2, 2, 16, 9)
    for size in ([18, 10], (2, 2, 18, 10)):
        found = layer(X, output_size=size)
        more = F.conv_transpose2d(X, layer.weight, layer.bias, (3, 2), 1, (2, 1))
        near(found, more)
    assert layer(X[0], output_size=(17, 9)).shape == (2, 17, 9)


def test_an_empty_batch() -> None:
    for layer, shape in (
        (nn.Conv2d(4, 3, 3), (0, 3, 4, 3)),
        (nn.Conv2d(4, 4, 3, groups=4), (0, 4, 4, 3)),
        (nn.ConvTranspose2d(4, 3, 3), (0, 3, 8, 7)),
        (nn.Unfold(3), (0, 36, 12)),
    ):
        y = layer(X[:0])
        assert y.shape == shape
        y.sum().backward() if y.requires_grad else None
        assert all((p.grad.data == 0).all() for p in layer.parameters())


def test_initial_weights_are_drawn_from_torchs_range() -> None:
    for layer, fan in (
        (nn.Conv2d(4, 300, (3, 2), groups=2), 2 * 6),
        (nn.ConvTranspose1d(4, 300, 3, groups=2), 150 * 3),
    ):
        for p in layer.parameters():
            assert np.abs(p.data).max() <= 1 / np.sqrt(fan)
            assert np.abs(p.data).max() > 0.97 / np.sqrt(fan)
    one, other = (nn.Conv2d(2, 3, 3, generator=np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one.weight.data, other.weight.data)


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Conv2d(1, 6, 5), "Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))"),
        (
            nn.Conv1d(4, 8, 3, 2, 1, 2, 4, False, "circular"),
            "Conv1d(4, 8, kernel_size=(3,), stride=(2,), padding=(1,), dilation=(2,), groups=4, "
            "bias=False, padding_mode=circular)",
        ),
        (
            nn.Conv3d(1, 2, 3, padding="same"),
            "Conv3d(1, 2, kernel_size=(3, 3, 3), stride=(1, 1, 1), padding=same)",
        ),
        (
            nn.ConvTranspose2d(4, 2, 3, 2, 1, 1, 2, True, 1),
            "ConvTranspose2d(4, 2, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), "
            "output_padding=(1, 1), groups=2)",
        ),
        (nn.Unfold(3, 1, (0, 1)), "Unfold(kernel_size=3, dilation=1, padding=(0, 1), stride=1)"),
        (
            nn.Fold((4, 5), 2),
            "Fold(output_size=(4, 5), kernel_size=2, dilation=1, padding=0, stride=1)",
        ),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_layers_show_themselves_as_in_torch(layer: nn.Module, text: str) -> None:
    assert repr(layer) == text
