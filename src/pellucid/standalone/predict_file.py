"""predict.py: a run's network as a file that predicts with nothing but NumPy."""

from __future__ import annotations

import math
import textwrap
from pathlib import Path

import numpy as np

from pellucid import __version__, durable, nn
from pellucid.autograd import no_grad
from pellucid.data.cells import MISSING
from pellucid.data.words import SentencePreparation
from pellucid.models import BERT, GAN, GPT, TextRNN
from pellucid.models.translation import Translating
from pellucid.program.helpers import imports, joined
from pellucid.program.inference import Inference, described, forward_source, weights_text
from pellucid.standalone.preparing import (
    constants,
    prepare_nothing,
    prepare_raw,
)
from pellucid.standalone.rows import READ_ROWS
from pellucid.standalone.sentences import READ_SENTENCE, prepare_sentences
from pellucid.standalone.text_file import write_text_file
from pellucid.standalone.translation_file import write_translation_file
from pellucid.train import Run
from pellucid.train.example import blank_inputs

__all__ = ["write_predict"]

TEXT = (BERT, GPT, TextRNN)  # these write, or fill gaps

OUTPUTS = '''
def outputs(x):
    """The network's own outputs for raw samples."""
    x = prepare(np.asarray(x))
    return np.concatenate([forward(WEIGHTS, x[i : i + ROWS]) for i in range(0, len(x), ROWS)])
'''.strip()

PROBABILITIES = '''
def predict_proba(x):
    """The probability of every class, (n, {count})."""
    return probabilities(outputs(x))
'''.strip()

ONE_OUTPUT = '''
def predict_proba(x):
    """The probability of both classes, (n, 2)."""
    p = probabilities(outputs(x))
    return np.concatenate([1 - p, p], axis=1)
'''.strip()

PREDICT_CLASSES = '''
def predict(x):
    """The class of each raw sample."""
    return np.array(CLASSES)[np.argmax(outputs(x), axis=1)]
'''.strip()

PREDICT_ONE = '''
def predict(x):
    """The class of each raw sample."""
    return np.array(CLASSES)[np.where(outputs(x)[:, 0] > 0, 1, 0)]
'''.strip()

PREDICT_NUMBERS = '''
def predict(x):
    """The number for each raw sample, in the units of the training data."""
    z = outputs(x)
    z = z[:, 0] if z.ndim == 2 and z.shape[1] == 1 else z
    return {result}
'''.strip()

MAIN_CLASSES = '''
def main(path):
    """Print the answer for every sample of a file, and how sure the network is of it."""
    x = read(path)
    for answer, shares in zip(predict(x), predict_proba(x), strict=True):
        print(f"{answer}\\t{shares.max():.4f}")
'''.strip()

MAIN_NUMBERS = '''
def main(path):
    """Print the answer for every sample of a file."""
    for answer in predict(read(path)).tolist():
        print(answer)
'''.strip()

PREDICT_PICTURES = '''
def predict(x):
    """The picture that comes back for each raw sample, numbers from 0 to 1."""
    z = outputs(x)
    return pixels(z.reshape(len(z), -1)[:, :{count}]).reshape(len(z), *SHAPE)
'''.strip()

PREDICT_DRAWN = '''
def predict(x):
    """The picture that is made from each point, numbers from 0 to 1."""
    return outputs(x)
'''.strip()

MAIN_PICTURES = '''
def main(path):
    """Write the pictures for every sample of a file to pictures.npy."""
    np.save("pictures.npy", predict(read(path)))
'''.strip()

READ_ARRAY = '''
def read(path):
    """The samples of a .npy file."""
    x = np.load(path, allow_pickle=False)
    if x.shape[1:] != SHAPE:
        sys.exit(f"{path}: samples of shape {x.shape[1:]}; they must be {SHAPE}")
    return x
'''.strip()

RUN = """
if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python {name} {what}")
    try:
        main(sys.argv[1])
    except OSError as error:
        sys.exit(f"{{error.filename}}: {{error.strerror}}")
""".strip()


def write_predict(run: Run, path: str | Path) -> list[Path]:
    """Write a file that predicts as the run does: ``predict(x)``, or ``python predict.py FILE``.

    ``x`` are raw samples, as :meth:`pellucid.train.Run.predict` takes them; the answers and the
    probabilities are the same bits. The weights stand in the file where they are few, else beside
    it. Of a network for text it is a file that writes on, or fills gaps. Returns the files written.
    Raises OptionError for a network whose input is not known.
    """
    path = Path(path)
    if isinstance(run.model, TEXT):
        return write_text_file(run, path)
    if isinstance(run.model, Translating):
        return write_translation_file(run, path)
    file = _PredictFile(run)
    more, weights = weights_text(file.inference.weights(), path)
    durable.write_text(path, file.text(path, more, weights))
    beside = path.with_name(f"{path.stem}_weights.npz")
    return [path, beside] if beside.name in weights else [path]


class _PredictFile:
    """Puts the file together: preparation, network, answers, and a command line."""

    def __init__(self, run: Run) -> None:
        self.run, self.preparation, model = run, run.problem.preparation, run.model
        if isinstance(model, GAN):  # what it is for: points of its latent space, not pictures
            self.preparation = None
            example, model = np.zeros((2, model.latent), run.problem.dtype), model.drawer()
        else:
            example = blank_inputs(model, run.problem)
        self.inference = Inference(model, example)
        with no_grad():
            self.outputs = model(example).data

    @property
    def one(self) -> bool:
        """Whether a single output stands for two classes."""
        return bool(self.outputs.ndim == 2 and self.outputs.shape[1] == 1)

    @property
    def table(self) -> bool:
        """Whether raw samples are the rows of a table."""
        return self.preparation is not None and bool(self.preparation.columns)

    @property
    def sentences(self) -> bool:
        """Whether raw samples are sentences."""
        return isinstance(self.preparation, SentencePreparation)

    @property
    def what(self) -> str:
        """What the command line takes."""
        return "rows.csv" if self.table else '"a sentence"' if self.sentences else "samples.npy"

    def read(self) -> str:
        """How the command line reads it."""
        return READ_ROWS if self.table else READ_SENTENCE if self.sentences else READ_ARRAY

    def text(self, path: Path, more: list[str], weights: str) -> str:
        """The whole source."""
        functions = self.inference.functions()
        needed = {"import csv", "from pathlib import Path"} if self.table else set()
        needed |= {"import re"} if self.sentences else set()
        functions = [*functions, OUTPUTS, *self.answers()]
        head = joined({*needed, *more, "import sys"}, imports(functions))
        parts = [
            "\n".join([self.header(path), "", *head, "", self.constants()]),
            weights,
            self.prepare(),
            *dict.fromkeys(functions),  # the network and its answers may share a helper
            self.read(),
            self.main(),
            RUN.format(name=path.name, what=self.what.replace('"', "'")),
        ]
        return "\n\n\n".join(parts) + "\n"

    def main(self) -> str:
        """What the file does with a file of samples."""
        if self.run.problem.kind.pictures:
            return MAIN_PICTURES
        return MAIN_CLASSES if self.run.task == "classification" else MAIN_NUMBERS

    def header(self, path: Path) -> str:
        """What the file is, and how it is used."""
        shape = ", ".join(map(str, ("n", *self.shape)))
        rows = [
            ("network", described(self.inference.model)),
            ("command", f"python {path.name} {self.what}"),
            ("import", f"{path.stem}.predict(x) for raw samples x, ({shape})"),
        ]
        told = [
            textwrap.fill(text, 100, initial_indent=f"{label:<9}", subsequent_indent=" " * 9)
            for label, text in rows
        ]
        end = (
            "n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone."
        )
        first = f'"""A trained network that predicts, written out by Pellucid {__version__}.'
        return "\n".join([first, "", *told, "", end, '"""'])

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one raw sample."""
        if self.preparation is not None:
            return self.preparation.shape
        return self.inference.example.shape[1:]

    def constants(self) -> str:
        """Classes, columns, sizes."""
        rows = self.run.problem.kind.rows_of(self.inference.example.ndim)
        out = [] if self.sentences else [constants("SHAPE", self.shape)]
        out.append(f"ROWS = {rows}  # predicted at a time")
        if self.run.task == "classification":
            out.append(constants("CLASSES", tuple(self.run.labels.tolist())))
        if self.table:
            assert self.preparation is not None
            pairs = zip(self.preparation.columns, self.preparation.seen, strict=True)
            columns = tuple((c.name, c.values, seen) for c, seen in pairs)
            out.append("# name, the texts it may hold or None for numbers, those seen in training")
            out.append(constants("COLUMNS", columns))
            out.append(constants("MISSING", tuple(sorted(MISSING))))
            out.append(f"FILLED = {self.preparation.fills is not None}  # are gaps filled?")
        return "\n".join(out)

    def prepare(self) -> str:
        """The preparation of the run."""
        dtype = self.run.problem.dtype
        if self.preparation is None:
            return prepare_nothing(dtype)
        if isinstance(self.preparation, SentencePreparation):
            return prepare_sentences(self.preparation)
        return prepare_raw(self.preparation, dtype)

    def answers(self) -> list[str]:
        """From the network's outputs to classes and probabilities, or to numbers."""
        if self.run.task in ("regression", "series"):
            result = "z"
            if self.preparation is not None:
                center, spread = self.preparation.target_center, self.preparation.target_spread
                result = f"z.astype(np.float64) * {spread!r} + {center!r}"
                if getattr(self.preparation, "log", False):
                    result = f"np.exp({result})"
            return [PREDICT_NUMBERS.format(result=result)]
        if self.run.task == "adversarial":
            return [PREDICT_DRAWN]
        if self.run.problem.kind.pictures:
            count = math.prod(self.shape)
            flat = self.outputs.reshape(len(self.outputs), -1)[:, :count]
            shown = PREDICT_PICTURES.replace("{count}", str(count))
            return [*forward_source(nn.Sigmoid(), flat, "pixels", "z"), shown]
        module = nn.Sigmoid() if self.one else nn.Softmax(dim=1)
        shares = forward_source(module, self.outputs, "probabilities", "z")
        count = len(self.run.classes)
        rest = [ONE_OUTPUT, PREDICT_ONE] if self.one else [PROBABILITIES, PREDICT_CLASSES]
        return [*shares, *(text.replace("{count}", str(count)) for text in rest)]
