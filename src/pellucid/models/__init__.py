"""Networks with a name: the architectures of the textbooks, built from pellucid.nn."""

from pellucid.models.catalogue import MODELS, build
from pellucid.models.gpt import GPT
from pellucid.models.recurrent import TextRNN
from pellucid.models.transfer import freeze, layerwise_groups, replace_head, take_over, unfreeze

__all__ = [
    "GPT",
    "MODELS",
    "TextRNN",
    "build",
    "freeze",
    "layerwise_groups",
    "replace_head",
    "take_over",
    "unfreeze",
]
