"""Networks with a name: the architectures of the textbooks, built from pellucid.nn."""

from pellucid.models.bert import BERT
from pellucid.models.catalogue import MODELS, build
from pellucid.models.gpt import GPT
from pellucid.models.images import CNN, LeNet5, ResNet, ViT
from pellucid.models.recurrent import TextRNN
from pellucid.models.transfer import freeze, layerwise_groups, replace_head, take_over, unfreeze
from pellucid.models.translation import AttentionLSTM, TranslationTransformer

__all__ = [
    "BERT",
    "CNN",
    "GPT",
    "MODELS",
    "AttentionLSTM",
    "LeNet5",
    "ResNet",
    "TextRNN",
    "TranslationTransformer",
    "ViT",
    "build",
    "freeze",
    "layerwise_groups",
    "replace_head",
    "take_over",
    "unfreeze",
]
