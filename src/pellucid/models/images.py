"""Networks that look at pictures: LeNet-5, a small CNN, a ResNet and a Vision Transformer."""

from __future__ import annotations

import math

import numpy as np

from pellucid import nn
from pellucid.autograd import Tensor
from pellucid.errors import OptionError, ShapeError, choose
from pellucid.nn import ACTIVATIONS, Parameter, init

__all__ = ["CNN", "LeNet5", "ResNet", "ViT"]

POOLINGS = {"average": nn.AvgPool2d, "max": nn.MaxPool2d}


class LeNet5(nn.Module):
    """Images (B, channels, size, size) to the logits of their classes, (B, classes).

    Two 5x5 convolutions with 6 and 16 kernels, each followed by pooling, and Linear layers of 120,
    84 and ``classes``; images under 32 pixels get a border of zeros, as MNIST's did. Of the paper,
    the second convolution looks at every map, and logits stand for the distances to drawn letters.
    Source: LeCun, Bottou, Bengio, Haffner 1998, figure 2. Raises OptionError for images under 12.

    >>> LeNet5()(np.zeros((2, 1, 28, 28), np.float32)).shape
    (2, 10)
    """

    def __init__(
        self,
        channels: int = 1,
        size: int = 28,
        classes: int = 10,
        activation: str = "tanh",
        pooling: str = "average",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        pool = POOLINGS[choose("LeNet5: pooling", pooling, POOLINGS)]
        act = ACTIVATIONS[choose("LeNet5: activation", activation, ACTIVATIONS)]
        border = 0 if size >= 32 else 2
        left = ((size + 2 * border - 4) // 2 - 4) // 2
        if left < 1:
            raise OptionError(
                "LeNet5", got=f"images of {size} pixels a side", needs="12 or more", try_="cnn"
            )
        self.features = nn.Sequential(
            nn.Conv2d(channels, 6, 5, padding=border),
            act(),
            pool(2),
            nn.Conv2d(6, 16, 5),
            act(),
            pool(2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(16 * left * left, 120),
            act(),
            nn.Linear(120, 84),
            act(),
            nn.Dropout(dropout),
            nn.Linear(84, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, classes)."""
        logits: Tensor = self.classifier(self.features(x))
        return logits


class CNN(nn.Module):
    """Images (B, channels, H, W) to logits (B, classes): pairs of 3x3 convolutions, then pooling.

    ``stages`` pairs, the first ``width`` channels wide, each later one twice as wide as the one
    before it; batch norm and ReLU after every convolution; the greatest of 2x2 after every pair but
    the last, whose maps are averaged. Source: Simonyan & Zisserman 2015 (the pairs), Lin et al.
    2014, section 3.2 (the average).

    >>> CNN(width=4)(np.zeros((2, 1, 28, 28), np.float32)).shape
    (2, 10)
    """

    def __init__(
        self,
        channels: int = 1,
        classes: int = 10,
        width: int = 16,
        stages: int = 3,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for k in range(stages):
            out = width * 2**k
            layers += [nn.MaxPool2d(2)] if k else []
            layers += [*_convolution(channels, out), nn.ReLU(), *_convolution(out, out), nn.ReLU()]
            channels = out
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Dropout(dropout), nn.Linear(channels, classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, classes)."""
        logits: Tensor = self.classifier(self.pool(self.features(x)))
        return logits


def _convolution(inputs: int, outputs: int, stride: int = 1) -> tuple[nn.Module, nn.Module]:
    """A 3x3 convolution that keeps the size, or halves it, and the batch norm after it."""
    conv = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
    return conv, nn.BatchNorm2d(outputs)


class Block(nn.Module):
    """y = ReLU(x + F(x)), F two 3x3 convolutions with batch norm; with ``stride`` 2 of half size.

    Where the size or the channels change, x goes through a 1x1 convolution (option B).
    Source: He et al. 2016, equations 1 and 2, section 4.2.

    >>> Block(4, 8, 2)(np.zeros((2, 4, 8, 8), np.float32)).shape
    (2, 8, 4, 4)
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1, self.norm1 = _convolution(inputs, outputs, stride)
        self.relu = nn.ReLU()
        self.conv2, self.norm2 = _convolution(outputs, outputs)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / stride, W / stride)."""
        h = self.relu(self.norm1(self.conv1(x)))
        y: Tensor = self.relu(self.norm2(self.conv2(h)) + self.shortcut(x))
        return y


class ResNet(nn.Module):
    """Images (B, channels, H, W) to logits (B, classes) through blocks with skip connections.

    A 3x3 convolution, ``stages`` of ``blocks`` :class:`Block` each, the first ``width`` channels
    wide, every later one twice as wide at half the size; the mean of each map; a Linear layer.
    Three stages of n blocks have 6n + 2 layers. Source: He et al. 2016, section 4.2.

    >>> ResNet(width=4)(np.zeros((2, 3, 32, 32), np.float32)).shape
    (2, 10)
    """

    def __init__(
        self,
        channels: int = 3,
        classes: int = 10,
        width: int = 16,
        blocks: int = 1,
        stages: int = 3,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.conv, self.norm = _convolution(channels, width)
        self.relu = nn.ReLU()
        made, inputs = [], width
        for k in range(stages):
            for n in range(blocks):
                made.append(Block(inputs, width * 2**k, 2 if k and not n else 1))
                inputs = width * 2**k
        self.blocks = nn.Sequential(*made)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten, self.dropout = nn.Flatten(), nn.Dropout(dropout)
        self.classifier = nn.Linear(inputs, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, classes)."""
        h = self.pool(self.blocks(self.relu(self.norm(self.conv(x)))))
        logits: Tensor = self.classifier(self.dropout(self.flatten(h)))
        return logits


class ViT(nn.Module):
    """Images (B, channels, size, size) as a text of patches, to logits (B, classes).

    Patches of ``patch`` pixels a side are laid on ``width`` numbers each by one Linear map (a
    convolution of that stride), get a learnt place, and go through a Transformer encoder (norm
    first, GELU). The mean over the places is classified (``token``: a learnt token's output).
    Source: Dosovitskiy et al. 2021, equations 1 to 4, appendix D.3.

    >>> ViT(1, 8, patch=2, width=8, heads=2, layers=1)(np.zeros((2, 1, 8, 8), np.float32)).shape
    (2, 10)
    """

    def __init__(
        self,
        channels: int = 1,
        size: int = 28,
        classes: int = 10,
        patch: int = 4,
        width: int = 64,
        layers: int = 4,
        heads: int = 4,
        dropout: float = 0.0,
        token: bool = False,
    ) -> None:
        super().__init__()
        if size % patch:
            raise OptionError(
                "ViT",
                got=f"patches of {patch} pixels in images of {size}",
                needs="patches that divide the image",
            )
        if width % heads:
            raise OptionError(
                "ViT", got=f"width {width} and {heads} heads", needs="heads that divide the width"
            )
        self.size, places = size, (size // patch) ** 2
        self.patches = nn.Conv2d(channels, width, patch, stride=patch)
        self.token = Parameter(np.zeros((1, 1, width), np.float32)) if token else None
        self.places = nn.Embedding(places + token, width)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            [
                nn.TransformerEncoderLayer(
                    width, heads, 4 * width, dropout, "gelu", batch_first=True, norm_first=True
                )
                for _ in range(layers)
            ]
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)
        fan_in = channels * patch * patch
        init.normal_(self.patches.weight, 0.0, 1 / math.sqrt(fan_in))
        init.normal_(self.places.weight, 0.0, 0.02)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, classes)."""
        if x.ndim != 4 or x.shape[2:] != (self.size, self.size):
            raise ShapeError(
                "ViT",
                got=f"images of shape {x.shape}",
                needs=f"(batch, channels, {self.size}, {self.size})",
            )
        h = self.patches(x)
        h = h.reshape(h.shape[0], h.shape[1], -1).transpose(0, 2, 1)  # (B, places, width)
        if self.token is not None:
            first = self.token + np.zeros((h.shape[0], 1, 1), np.float32)
            h = np.concatenate([first, h], axis=1)
        h = self.dropout(h + self.places(np.arange(h.shape[1])))
        for block in self.blocks:
            h = block(h)
        h = self.norm(h)
        logits: Tensor = self.head(h[:, 0] if self.token is not None else h.mean(axis=1))
        return logits
