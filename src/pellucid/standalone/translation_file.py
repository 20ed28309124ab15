"""predict.py of a translation: a file that translates with nothing but NumPy."""

from __future__ import annotations

import textwrap
from pathlib import Path

from pellucid import __version__, durable
from pellucid.data.pairs import BEGIN, END, MARKS
from pellucid.models.translation import PAD, Translating
from pellucid.program.helpers import imports, joined
from pellucid.program.inference import Inference, described, weights_text
from pellucid.standalone.preparing import constants
from pellucid.train import Run
from pellucid.train.example import blank_inputs

__all__ = ["write_translation_file"]

OUTPUTS = '''
def outputs(x):
    """The logits (n, {target}, {vocabulary}) for tokens x (n, {width}), source | target."""
    x = np.asarray(x)
    return np.concatenate([forward(WEIGHTS, x[i : i + ROWS]) for i in range(0, len(x), ROWS)])
'''.strip()

ENCODE = '''
def encode(text):
    """A source as its places in the vocabulary."""
    strange = [c for c in text if c not in VOCABULARY]
    if strange:
        raise ValueError(f"{text!r}: the network has not seen the character {strange[0]!r}")
    if not 1 <= len(text) <= SOURCE:
        raise ValueError(f"{text!r}: {len(text)} characters; it must be 1 to {SOURCE}")
    return [VOCABULARY.index(c) for c in text]
'''.strip()

TRANSLATE = '''
def translate(texts):
    """Each text with the likeliest character at each place, and the probability of it all.

    The network looks back only: what stands behind the place that is written does not matter.
    """
    x = np.full((len(texts), SOURCE + TARGET), PAD)
    for row, text in zip(x, texts, strict=True):
        row[: len(text)] = encode(text)
    x[:, SOURCE] = BEGIN
    logs, live = np.zeros(len(texts)), np.ones(len(texts), bool)
    for t in range(TARGET):
        z = outputs(x)[:, t].astype(np.float64)
        z -= z.max(axis=1, keepdims=True)
        tokens = z.argmax(axis=1)
        logs -= live * np.log(np.exp(z).sum(axis=1))
        live &= tokens != END
        if t + 1 == TARGET or not live.any():
            break
        x[live, SOURCE + t + 1] = tokens[live]
    last = np.where(live, tokens, PAD)  # of those that were cut off
    written = np.column_stack([x[:, SOURCE + 1 :], last])
    return [
        ("".join(VOCABULARY[i] for i in row if i >= {marks}), p)
        for row, p in zip(written.tolist(), np.exp(logs).tolist(), strict=True)
    ]
'''.strip()

MAIN = """
if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit('usage: python {name} "TEXT" ...')
    try:
        for text, (translation, p) in zip(sys.argv[1:], translate(sys.argv[1:]), strict=True):
            print(f"{{text}}  ->  {{translation}}  ({{p:.1%}})")
    except ValueError as error:
        sys.exit(str(error))
""".strip()


def write_translation_file(run: Run, path: Path) -> list[Path]:
    """Write a file that translates as `pellucid translate` does, greedily.

    The network's forward pass, its weights (beside the file where they are many) and vocabulary.
    Its ``outputs(x)`` are the run's own to the last bit. Returns the files written.
    """
    model = run.model
    assert isinstance(model, Translating)
    inference = Inference(model, blank_inputs(model, run.problem))
    more, weights = weights_text(inference.weights(), path)
    functions = inference.functions()
    head = joined({"import sys", *more}, imports(functions))
    outputs = OUTPUTS.format(
        target=model.target, vocabulary=model.vocabulary, width=model.source + model.target
    )
    tools = [outputs, ENCODE, TRANSLATE.replace("{marks}", str(len(MARKS)))]
    parts = ["\n".join([_header(run, path), "", *head, "", *_constants(run, model)]), weights]
    main = MAIN.format(name=path.name)
    durable.write_text(path, "\n\n\n".join([*parts, *functions, *tools, main]) + "\n")
    beside = path.with_name(f"{path.stem}_weights.npz")
    return [path, beside] if beside.name in weights else [path]


def _constants(run: Run, model: Translating) -> list[str]:
    rows = run.problem.kind.rows_of(2)
    return [
        f"SOURCE, TARGET = {model.source}, {model.target}  # places: characters, and in a target "
        "a mark",
        f"PAD, BEGIN, END = {PAD}, {BEGIN}, {END}  # the first of the vocabulary",
        f"ROWS = {rows}  # at a time",
        constants("VOCABULARY", run.classes),
    ]


def _header(run: Run, path: Path) -> str:
    rows = [
        ("network", described(run.model)),
        ("command", f'python {path.name} "TEXT" ...'),
        ("import", f'{path.stem}.translate(["TEXT", ...]) -> [(translation, probability), ...]'),
    ]
    told = [
        textwrap.fill(text, 100, initial_indent=f"{label:<9}", subsequent_indent=" " * 9)
        for label, text in rows
    ]
    end = "n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone."
    first = f'"""A trained network that translates, written out by Pellucid {__version__}.'
    return "\n".join([first, "", *told, "", end, '"""'])
