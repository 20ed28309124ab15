"""Source that turns sentences into tokens as the run's preparation does."""

from __future__ import annotations

from pellucid.data.words import PADDING, UNKNOWN, WORD, SentencePreparation
from pellucid.standalone.preparing import constants

__all__ = ["READ_SENTENCE", "prepare_sentences"]

PREPARE = '''
def prepare(x):
    """Sentences (n,) to tokens (n, {context}); tokens stay as they are."""
    if x.dtype.kind in "iu":
        return x
    place = {{word: i for i, word in enumerate(VOCABULARY)}}
    tokens = np.full((len(x), {context}), {padding}, np.int64)
    for row, text in enumerate(x.tolist()):
        words = re.findall(WORD, text.lower())[:{context}]
        tokens[row, : len(words)] = [place.get(word, {unknown}) for word in words]
    return tokens
'''.strip()

READ_SENTENCE = '''
def read(text):
    """A sentence as a batch of one, or the tokens of a .npy file."""
    if text.endswith(".npy"):
        return np.load(text, allow_pickle=False)
    if not re.findall(WORD, text.lower()):
        sys.exit("a sentence without a word")
    return np.array([text])
'''.strip()


def prepare_sentences(preparation: SentencePreparation) -> str:
    """The vocabulary, and the function that looks words up in it."""
    function = PREPARE.format(context=preparation.context, padding=PADDING, unknown=UNKNOWN)
    words = constants("VOCABULARY", preparation.vocabulary)
    return f'WORD = r"{WORD}"  # what a word is\n{words}\n\n\n{function}'
