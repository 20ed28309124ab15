"""The list of architectures by name, and how one is built with weights that a key decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pellucid import nn
from pellucid.errors import choose
from pellucid.models.bert import BERT
from pellucid.models.gpt import GPT
from pellucid.models.images import CNN, LeNet5, ResNet, ViT
from pellucid.models.recurrent import TextRNN
from pellucid.models.translation import AttentionLSTM, TranslationTransformer
from pellucid.nn.describe import register
from pellucid.random import draw_from

__all__ = ["MODELS", "build"]

MODELS: dict[str, Callable[..., nn.Module]] = {
    "mlp": nn.MLP,
    "text-rnn": TextRNN,
    "gpt": GPT,
    "translation-transformer": TranslationTransformer,
    "translation-lstm": AttentionLSTM,
    "bert": BERT,
    "lenet5": LeNet5,
    "cnn": CNN,
    "resnet": ResNet,
    "vit": ViT,
}

for _model in MODELS.values():
    register(_model)  # type: ignore[arg-type]


def build(spec: Mapping[str, Any], generator: np.random.Generator) -> nn.Module:
    """The network that ``spec`` names under "model" (an MLP unless named), the rest its options.

    Every initial weight is drawn from ``generator``, layer after layer.

    >>> network = build({"model": "gpt", "vocabulary": 5, "context": 4, "layers": 1, "heads": 1,
    ...                  "width": 8}, np.random.default_rng(0))
    >>> network(np.array([[0, 1, 2]])).shape
    (1, 3, 5)
    """
    options = dict(spec)
    make = MODELS[choose("model", options.pop("model", "mlp"), MODELS)]
    with draw_from(lambda: generator):
        return make(**options)
