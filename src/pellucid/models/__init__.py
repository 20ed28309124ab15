"""Networks with a name: the architectures of the textbooks, built from pellucid.nn."""

from pellucid.models.catalogue import MODELS, build
from pellucid.models.generate import GAN, VAE, Autoencoder
from pellucid.models.gpt import GPT
from pellucid.models.recurrent import TextRNN

__all__ = [
    "GAN",
    "GPT",
    "MODELS",
    "VAE",
    "Autoencoder",
    "TextRNN",
    "build",
]
