"""LeNet-5, the CNN, the ResNet and the Vision Transformer: sizes that the papers name, and laws."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import data, models, nn
from pellucid.autograd import Tensor, no_grad
from pellucid.errors import OptionError, ShapeError
from pellucid.models import CNN, LeNet5, ResNet, ViT
from pellucid.report.feature_maps import feature_maps, maps_of
from pellucid.train import fit


def parameters(model):
    return sum(p.size for p in model.parameters())


def images(*shape):
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def test_the_numbers_of_parameters_that_are_known():
    assert parameters(LeNet5()) == 61_706
    assert parameters(LeNet5(size=32)) == 61_706  # MNIST's border made 28 pixels 32
    assert parameters(ResNet(blocks=3)) == 272_474  # ResNet-20 with 1x1 convolutions as shortcuts
    assert parameters(ResNet()) == 78_042


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("pooling", ["average", "max"])
def test_lenet5_in_its_forms(activation, pooling):
    model = LeNet5(3, 20, 4, activation, pooling)
    assert model(images(2, 3, 20, 20)).shape == (2, 4)
    assert LeNet5(size=12)(images(1, 1, 12, 12)).shape == (1, 10)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: LeNet5(size=11), "images of 11 pixels"),
        (lambda: LeNet5(pooling="median"), "one of average, max"),
        (lambda: ViT(size=28, patch=5), "patches of 5 pixels in images of 28"),
        (lambda: ViT(width=10, heads=4), "heads that divide the width"),
    ],
)
def test_what_does_not_fit(make, said):
    with pytest.raises(OptionError, match=said):
        make()


def test_any_size_goes_through_the_cnn_and_the_resnet():
    for model in (CNN(width=2), ResNet(1, width=2)):
        for size in ((8, 8), (9, 14), (32, 20)):
            assert model(images(2, 1, *size)).shape == (2, 10)


def test_a_block_whose_weights_are_nothing_is_the_identity_of_what_is_not_negative():
    model = ResNet(3, width=4).eval()
    block = model.blocks[0]
    for conv in (block.conv1, block.conv2):
        conv.weight.data[...] = 0
    x = np.abs(images(2, 4, 8, 8))
    assert np.allclose(block(x).data, x, atol=1e-6)


def test_the_vit_knows_where_a_patch_is_and_which_size_it_takes():
    model = ViT(1, 8, patch=4, width=8, heads=2, layers=1).eval()
    x = images(1, 1, 8, 8)
    swapped = np.concatenate([x[..., 4:], x[..., :4]], axis=3)
    with no_grad():
        assert not np.allclose(model(x).data, model(swapped).data)
        model.places.weight.data[...] = 0  # without places the patches are a bag
        assert np.allclose(model(x).data, model(swapped).data, atol=1e-6)
    with pytest.raises(ShapeError, match="8, 8"):
        model(images(1, 1, 12, 12))


def test_the_vit_with_a_token():
    model = ViT(1, 8, patch=4, width=8, heads=2, layers=1, token=True)
    loss = nn.CrossEntropyLoss()(model(Tensor(images(2, 1, 8, 8))), np.array([1, 2]))
    loss.backward()
    assert all(p.grad is not None for p in model.parameters())


def test_they_are_described_and_built_anew():
    for name in ("lenet5", "cnn", "resnet", "vit"):
        spec = {"model": name, "channels": 1, "classes": 3}
        model = models.build(spec, np.random.default_rng(0))
        again = nn.rebuild(nn.describe(model))
        shapes = [(n, p.shape) for n, p in model.named_parameters()]
        assert [(n, p.shape) for n, p in again.named_parameters()] == shapes


def test_maps_are_those_of_the_last_layer_of_each_size():
    found = maps_of(LeNet5().train(), images(1, 1, 28, 28))
    assert [(path, maps.shape) for path, maps in found] == [
        ("features.1", (6, 28, 28)),
        ("features.2", (6, 14, 14)),
        ("features.4", (16, 10, 10)),
        ("features.5", (16, 5, 5)),
    ]
    paths = [path for path, _ in maps_of(ResNet(width=2), images(1, 3, 32, 32))]
    assert paths == ["blocks.0", "blocks.1", "blocks.2"]


def test_the_section_shows_filters_and_an_example_whose_name_is_text():
    x = np.random.default_rng(0).integers(0, 256, (24, 8, 8, 3)).astype(np.uint8)
    parts = data.from_arrays(x, np.where(np.arange(24) % 2, "<b>", "a"))
    run = fit(nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2)), parts)
    html = feature_maps(run, parts)
    assert html.count("filter 0") == 1
    assert "2 maps of 6x6" in html
    assert "<b>" not in html.replace("&lt;b&gt;", "")
    mlp = fit(nn.MLP([192, 4, 2]), parts, epochs=1)
    assert feature_maps(mlp, parts) == ""
