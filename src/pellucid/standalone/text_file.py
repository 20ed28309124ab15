"""predict.py of a text: a file that writes on, or fills gaps, with nothing but NumPy."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np

from pellucid import __version__, durable
from pellucid.models import BERT
from pellucid.models.sampling import Sampler
from pellucid.program.helpers import imports, joined
from pellucid.program.inference import Inference, described, weights_text
from pellucid.standalone.preparing import quoted
from pellucid.train import Run
from pellucid.train.run import read_config

__all__ = ["write_text_file"]

LONGEST = 128  # characters that a recurrent network looks back in the file

GENERATOR = '''
def generator(*key):
    """Random numbers that depend on the key alone."""
    words = [zlib.crc32(k.encode()) if isinstance(k, str) else k for k in key]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))
'''.strip()

ENCODE = '''
def encode(text):
    """Characters as their places in the vocabulary."""
    strange = [c for c in text if c not in VOCABULARY]
    if strange:
        raise ValueError(f"{strange[0]!r} is none of the characters that the network knows")
    return [VOCABULARY.index(c) for c in text]
'''.strip()

CHOSEN = '''
def chosen(logits, temperature, top_k, rng):
    """A token drawn from softmax(logits / temperature), the likeliest at temperature 0."""
    if temperature == 0:
        return int(np.argmax(logits))
    z = logits.astype(np.float64) / temperature
    if top_k is not None and top_k < len(z):
        z = np.where(z >= np.sort(z)[-top_k], z, -np.inf)
    p = np.exp(z - z.max())
    return int(rng.choice(len(p), p=p / p.sum()))
'''.strip()

SAMPLE = '''
def sample(prompt={prompt!r}, length=400, temperature=0.8, top_k=None, seed=0, number=0):
    """Give text that goes on from ``prompt``, a character at a time."""
    if not prompt:
        raise ValueError("an empty prompt: there must be a character to go on from")
    tokens, rng = encode(prompt), generator(seed, "sample", number)
    for _ in range(length):
        seen = tokens[-SEES:]
{inputs}
        z = forward(WEIGHTS, x)[0, len(seen) - 1]
        tokens.append(chosen(z, temperature, top_k, rng))
        if VOCABULARY[tokens[-1]] == STOP:
            return
        yield VOCABULARY[tokens[-1]]
'''.strip()

# A network with places has one length: what stands behind the text does not matter, since it looks
# back only. A recurrent network takes any length.
INPUTS = {
    True: "        x = np.zeros((1, SEES), np.int64)\n"
    "        x[0, : len(seen)] = seen  # it looks back only: what stands behind is no matter",
    False: "        x = np.array([seen])",
}

SAMPLE_MAIN = '''
def main():
    """Read the command line and print the text."""
    parser = argparse.ArgumentParser(description="Text by a trained network.")
    parser.add_argument("prompt", nargs="?", help="what to go on from; else an empty page")
    parser.add_argument("--length", type=int, default=400, help="characters at most")
    parser.add_argument("--temperature", type=float, default=0.8, help="0: always the likeliest")
    parser.add_argument("--top-k", type=int, help="draw from so many of the likeliest only")
    parser.add_argument("--count", type=int, default=1, help="how many texts")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.temperature < 0 or (given.top_k is not None and given.top_k < 1):
        parser.error("the temperature must be 0 or more, top-k 1 or more")
    start = {prompt!r} if given.prompt is None else given.prompt
    encode(start)  # before anything is printed
    options = given.length, given.temperature, given.top_k, given.seed
    for number in range(given.count):
        print(given.prompt or "", end="")
        for character in sample(start, *options, number):
            print(character, end="", flush=True)
        print()


if __name__ == "__main__":
    try:
        main()
    except ValueError as error:
        sys.exit(str(error))
'''.strip()

FILL = '''
def fill(text, gap="_"):
    """The text with every gap filled by the likeliest character, the surest gap first."""
    places = [i for i, c in enumerate(text) if c == gap]
    tokens = np.array(encode(text.replace(gap, VOCABULARY[0])), np.int64)
    tokens[places] = MASK
    for start in range(0, len(tokens), SEES):
        begin = max(0, min(start, len(tokens) - SEES))
        seen = tokens[begin : begin + SEES]  # a view: what is filled in stands in the text
        x = np.full((1, SEES), MASK)  # nothing is known of what follows a short text
        while (gaps := np.flatnonzero(seen == MASK)).size:
            x[0, : len(seen)] = seen
            p = shares(forward(WEIGHTS, x)[0, gaps])
            surest = p.max(axis=1).argmax()
            seen[gaps[surest]] = p[surest].argmax()
    return "".join(VOCABULARY[t] for t in tokens)


def shares(z):
    """The probability of every character, from logits."""
    e = np.exp(z.astype(np.float64) - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
'''.strip()

FILL_MAIN = """
if __name__ == "__main__":
    if len(sys.argv) != 2 or "_" not in sys.argv[1]:
        sys.exit('usage: python {name} "a text with g_ps"')
    try:
        print(fill(sys.argv[1]))
    except ValueError as error:
        sys.exit(str(error))
""".strip()


def write_text_file(run: Run, path: Path) -> list[Path]:
    """Write a file that samples as `pellucid sample` does, or fills as `pellucid fill` does.

    The network's forward pass, its weights (beside the file where they are many) and vocabulary.
    Returns the files written.
    """
    fills = isinstance(run.model, BERT)
    width = run.problem.inputs[0][0] if run.problem.inputs is not None else _sees(run)
    placed = hasattr(run.model, "context")
    inference = Inference(run.model, np.zeros((1, _sees(run) if placed else width), np.int64))
    more, weights = weights_text(inference.weights(), path)
    functions = inference.functions()
    used = {"import sys"} if fills else {"import argparse", "import sys", "import zlib"}
    head = joined({*used, *more}, imports(functions))
    start = Sampler(run.model, run.classes).empty_page
    sample = SAMPLE.format(prompt=start, inputs=INPUTS[placed])
    tools = [ENCODE, FILL] if fills else [GENERATOR, ENCODE, CHOSEN, sample]
    main = FILL_MAIN.format(name=path.name) if fills else SAMPLE_MAIN.format(prompt=start)
    constants = _constants(run, fills)
    parts = ["\n".join([_header(run, path, fills), "", *head, "", *constants]), weights]
    durable.write_text(path, "\n\n\n".join([*parts, *functions, *tools, main]) + "\n")
    beside = path.with_name(f"{path.stem}_weights.npz")
    return [path, beside] if beside.name in weights else [path]


def _sees(run: Run) -> int:
    """How many characters the written network takes at once."""
    return int(getattr(run.model, "context", LONGEST))


def _lines(run: Run) -> bool:
    """Whether the run learnt texts of one line."""
    note = {} if run.folder is None else read_config(run.folder).get("note") or {}
    return bool(((note.get("data") or {}).get("options") or {}).get("lines"))


def _constants(run: Run, fills: bool) -> list[str]:
    found = [f"SEES = {_sees(run)}  # characters at once", *_vocabulary("".join(run.classes))]
    if fills:
        return [*found, f"MASK = {len(run.classes)}  # the token of what is not known"]
    stop = repr("\n") if _lines(run) else None
    return [*found, f"STOP = {stop}  # the end of a text"]


def _vocabulary(text: str) -> list[str]:
    """The characters as one text, broken into lines where they are many."""
    if len(text) <= 80 and len(repr(text)) <= 90:
        return [f"VOCABULARY = {quoted(text)}"]
    rows = [text[i : i + 60] for i in range(0, len(text), 60)]
    return ["VOCABULARY = (", *(f"    {quoted(row)}" for row in rows), ")"]


def _header(run: Run, path: Path, fills: bool) -> str:
    if fills:
        what, does = "finds what is hidden in a text", f'{path.stem}.fill("to be or n_t")'
        command = f'python {path.name} "to be or n_t to be"'
    else:
        what, does = "writes on", f'"".join({path.stem}.sample("a beginning", length=200))'
        command = f'python {path.name} "a beginning" --length 200 --temperature 0.8 --top-k 10'
    rows = [("network", described(run.model)), ("command", command), ("import", does)]
    told = [
        textwrap.fill(text, 100, initial_indent=f"{label:<9}", subsequent_indent=" " * 9)
        for label, text in rows
    ]
    end = "n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone."
    first = f'"""A trained network that {what}, written out by Pellucid {__version__}.'
    return "\n".join([first, "", *told, "", end, '"""'])
