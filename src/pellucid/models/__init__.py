"""Networks with a name: the architectures of the textbooks, built from pellucid.nn."""

from pellucid.models.catalogue import MODELS, build
from pellucid.models.gpt import GPT
from pellucid.models.recurrent import TextRNN
from pellucid.models.series import SeriesRNN, SeriesTCN

__all__ = [
    "GPT",
    "MODELS",
    "SeriesRNN",
    "SeriesTCN",
    "TextRNN",
    "build",
]
