"""Networks with a name: the architectures of the textbooks, built from pellucid.nn."""

from pellucid.models.bert import BERT
from pellucid.models.catalogue import MODELS, build
from pellucid.models.generate import GAN, VAE, Autoencoder
from pellucid.models.gpt import GPT
from pellucid.models.images import CNN, LeNet5, ResNet, ViT
from pellucid.models.recurrent import TextRNN
from pellucid.models.sentences import BagOfWords, SentenceRNN, SentenceTransformer
from pellucid.models.series import SeriesRNN, SeriesTCN
from pellucid.models.transfer import freeze, layerwise_groups, replace_head, take_over, unfreeze
from pellucid.models.translation import AttentionLSTM, TranslationTransformer

__all__ = [
    "BERT",
    "CNN",
    "GAN",
    "GPT",
    "MODELS",
    "VAE",
    "AttentionLSTM",
    "Autoencoder",
    "BagOfWords",
    "LeNet5",
    "ResNet",
    "SentenceRNN",
    "SentenceTransformer",
    "SeriesRNN",
    "SeriesTCN",
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
