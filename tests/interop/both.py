"""Networks that are written once and built in either library, from its ``nn``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["NETWORKS", "inputs"]


def mlp(nn: Any) -> Any:
    return nn.Sequential(nn.Linear(12, 10), nn.ReLU(), nn.Linear(10, 8), nn.Tanh(), nn.Linear(8, 4))


def lenet(nn: Any) -> Any:
    F = nn.functional

    class LeNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 4, 5, padding=2)
            self.conv2 = nn.Conv2d(4, 8, 5)
            self.fc1 = nn.Linear(8 * 4 * 4, 24)
            self.fc2 = nn.Linear(24, 10)

        def forward(self, x: Any) -> Any:
            x = F.max_pool2d(F.relu(self.conv1(x)), 2)
            x = F.avg_pool2d(F.relu(self.conv2(x)), 2)
            return self.fc2(F.relu(self.fc1(x.reshape(x.shape[0], -1))))

    return LeNet()


def resnet(nn: Any) -> Any:
    """The keys and the order of torchvision's ResNet-18, a few channels wide."""

    class BasicBlock(nn.Module):
        def __init__(self, before: int, width: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(before, width, 3, stride=stride, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.relu = nn.ReLU()
            self.conv2 = nn.Conv2d(width, width, 3, stride=1, padding=1, bias=False)
            self.bn2 = nn.BatchNorm2d(width)
            self.downsample = None
            if stride != 1 or before != width:
                self.downsample = nn.Sequential(
                    nn.Conv2d(before, width, 1, stride=stride, bias=False), nn.BatchNorm2d(width)
                )

        def forward(self, x: Any) -> Any:
            y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
            return self.relu(y + (x if self.downsample is None else self.downsample(x)))

    class ResNet(nn.Module):
        def __init__(self, width: int = 4) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.relu = nn.ReLU()
            self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
            before = width
            for k in range(4):
                after = width + 2 * k
                blocks = [
                    BasicBlock(before, after, 1 if k == 0 else 2),
                    BasicBlock(after, after, 1),
                ]
                setattr(self, f"layer{k + 1}", nn.Sequential(*blocks))
                before = after
            self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
            self.fc = nn.Linear(before, 5)

        def forward(self, x: Any) -> Any:
            x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
            x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
            return self.fc(self.avgpool(x).flatten(1))

    return ResNet()


def recurrent(nn: Any, kind: str) -> Any:
    class Tagger(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(20, 6, padding_idx=0)
            self.rnn = getattr(nn, kind)(6, 8, num_layers=2, batch_first=True, bidirectional=True)
            self.head = nn.Linear(16, 3)

        def forward(self, x: Any) -> Any:
            return self.head(self.rnn(self.embedding(x))[0])

    return Tagger()


def transformer(nn: Any) -> Any:
    class Translator(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.source = nn.Embedding(20, 16)
            self.target = nn.Embedding(15, 16)
            self.transformer = nn.Transformer(
                d_model=16,
                nhead=4,
                num_encoder_layers=2,
                num_decoder_layers=2,
                dim_feedforward=24,
                dropout=0.1,
                batch_first=True,
            )
            self.head = nn.Linear(16, 15)

        def forward(self, source: Any, target: Any) -> Any:
            mask = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
            h = self.transformer(
                self.source(source), self.target(target), tgt_mask=mask, tgt_is_causal=True
            )
            return self.head(h)

    return Translator()


def gpt(nn: Any) -> Any:
    """The names of pellucid.models.GPT(11, context=8, layers=2, heads=2, width=16)."""

    def gelu(x: Any) -> Any:  # as nn.GELU("tanh"), torch's quick way takes the exact one
        return nn.functional.gelu(x, approximate="tanh")

    class GPT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens = nn.Embedding(11, 16)
            self.places = nn.Embedding(8, 16)
            self.blocks = nn.ModuleList(
                [
                    nn.TransformerEncoderLayer(
                        16, 2, 64, 0.0, gelu, batch_first=True, norm_first=True
                    )
                    for _ in range(2)
                ]
            )
            self.norm = nn.LayerNorm(16)
            self.head = nn.Linear(16, 11, bias=False)

        def forward(self, x: Any) -> Any:
            h = self.tokens(x) + self.places.weight[: x.shape[1]]
            mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
            for block in self.blocks:
                h = block(h, src_mask=mask, is_causal=True)
            return self.head(self.norm(h))

    return GPT()


NETWORKS: dict[str, Callable[[Any], Any]] = {
    "mlp": mlp,
    "lenet": lenet,
    "resnet": resnet,
    "lstm": lambda nn: recurrent(nn, "LSTM"),
    "gru": lambda nn: recurrent(nn, "GRU"),
    "transformer": transformer,
    "gpt": gpt,
}


def inputs(name: str) -> list[Any]:
    """What the network is given: pictures (N, C, H, W), rows, or tokens (N, T)."""
    rng = np.random.default_rng(len(name))
    if name == "transformer":
        return [rng.integers(0, 20, (3, 7)), rng.integers(0, 15, (3, 5))]
    if name in ("lstm", "gru"):
        return [rng.integers(0, 20, (3, 9))]
    if name == "gpt":
        return [rng.integers(0, 11, (3, 8))]
    shape = {"mlp": (5, 12), "lenet": (4, 1, 24, 24), "resnet": (3, 3, 48, 48)}[name]
    return [rng.normal(size=shape).astype(np.float32)]
