"""A row of a table for each token, or for each bag of tokens; backwards, rows add up by token."""

import numpy as np

from pellucid.ops.rule import helper, rule


@helper
def add_rows(rows, ids, n, out=None):
    """An array of ``n`` rows; its row i is the sum of those ``rows`` whose id is i.

    >>> add_rows(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([2, 2]), 3).tolist()
    [[0.0, 0.0], [0.0, 0.0], [4.0, 6.0]]
    """
    width = rows.shape[-1]
    total = np.empty((n, width), rows.dtype) if out is None else out
    total[...] = 0
    # number by number: np.add.at is quick along one axis only (0.1 ms against 0.7 ms for 768 rows
    # of 128), at any n; a one-hot product is no quicker from about 100 rows on
    places = ids.astype(np.intp).reshape(-1, 1) * width + np.arange(width)
    np.add.at(total.reshape(-1), places.reshape(-1), rows.reshape(-1))
    return total


@helper
def embedding_gradient(g, ids, n, padding_idx=None, by_frequency=False, out=None):
    """The gradient of a table of ``n`` rows: what arrived for each token, added up in its row."""
    dW = add_rows(g, ids, n, out=out)
    if by_frequency:
        counts = np.bincount(ids.reshape(-1), minlength=n)
        dW /= np.maximum(counts, 1).astype(g.dtype)[:, np.newaxis]
    if padding_idx is not None:
        dW[padding_idx] = 0
    return dW


@rule
class Embedding:
    """y = W[ids]: for each token its row of W, (...) and (V, D) -> (..., D).

    The row of ``padding_idx`` gets no gradient; ``scale_grad_by_freq`` divides the gradient of a
    row by how often its token occurs among the ids.
    """

    def forward(ids, W, *, padding_idx=None, scale_grad_by_freq=False):
        return W[ids]

    def backward(g, y, ids, W, *, padding_idx=None, scale_grad_by_freq=False, needs):
        if not needs[1]:
            return None, None
        return None, embedding_gradient(g, ids, W.shape[0], padding_idx, scale_grad_by_freq)


# -- bags: tokens whose rows are brought together --


@helper
def add_bags(rows, bags, n, out=None):
    """The sum of the rows of each of the ``n`` bags: (n, D) from (n, N, D), or (N, D) by bag."""
    return rows.sum(axis=1, out=out) if bags is None else add_rows(rows, bags, n, out=out)


@helper
def bag_winners(rows, counted, bags, n, out=None):
    """For each bag and column the number of the token with the greatest value; -1 for no token.

    The tokens are numbered in order, through all bags; a token that is not ``counted`` cannot win.
    """
    tokens = np.flatnonzero(counted)
    home = np.repeat(np.arange(n), rows.shape[1]) if bags is None else bags
    home, values = home[tokens], rows.reshape(-1, rows.shape[-1])[tokens]
    place = np.arange(tokens.size) - np.searchsorted(home, home)  # of each token within its bag
    longest = int(place.max(initial=0)) + 1
    numbers = np.full((n, longest), -1)
    numbers[home, place] = tokens
    padded = np.full((n, longest, values.shape[-1]), -np.inf, rows.dtype)
    padded[home, place] = values
    winners = np.take_along_axis(numbers, padded.argmax(axis=1), axis=1)
    if out is None:
        return winners
    out[...] = winners
    return out


def arrived(g, bags):
    """The gradient of each token of a bag: (n, 1, D) beside (n, N, D), or (N, D) by bag."""
    return np.expand_dims(g, 1) if bags is None else g[bags]


@rule
class EmbeddingBag:
    """y_b = sum over the tokens j of bag b of share_j W[ids_j]; extra: the shares, like ids.

    ids (n, N): n bags of N tokens; or ids (N,) with ``bags`` (N,), the number of each token's bag.
    A share is the token's own weight w_j, else 1, or 1 / (tokens in the bag) for the mean; it is 0
    for ``padding_idx``, which does not count. An empty bag gives 0.
    """

    def forward(
        ids, W, bags=None, w=None, *, n, mean=False, padding_idx=None, scale_grad_by_freq=False
    ):
        counted = (ids != (-1 if padding_idx is None else padding_idx)).astype(W.dtype)
        share = counted if w is None else w * counted
        if mean:
            counts = np.maximum(add_bags(np.expand_dims(counted, -1), bags, n), 1)  # (n, 1)
            share = counted / (counts if bags is None else counts[bags, 0])
        y = add_bags(np.expand_dims(share, -1) * W[ids], bags, n)
        return y, share

    def backward(
        g,
        y,
        share,
        ids,
        W,
        bags=None,
        w=None,
        *,
        n,
        mean=False,
        padding_idx=None,
        scale_grad_by_freq=False,
        needs,
    ):
        dshared = arrived(g, bags)
        dW = dw = None
        if needs[1]:
            drows = np.expand_dims(share, -1) * dshared
            dW = embedding_gradient(drows, ids, W.shape[0], padding_idx, scale_grad_by_freq)
        if needs[3]:
            dshare = (dshared * W[ids]).sum(axis=-1)
            dw = dshare if padding_idx is None else np.where(ids != padding_idx, dshare, 0)
        return None, dW, None, dw


@rule
class EmbeddingBagMax:
    """y_b = the greatest of the rows W[ids_j] of bag b, column by column; extra: which token won.

    ids and bags as in EmbeddingBag. The winners (n, D) number the tokens in order, -1 for an empty
    bag, which gives 0; of equal values the first wins, and it alone has a gradient.
    """

    def forward(ids, W, bags=None, *, n, padding_idx=None):
        counted = ids != (-1 if padding_idx is None else padding_idx)
        rows = W[ids]
        winners = bag_winners(rows, counted, bags, n)
        greatest = rows.reshape(-1, W.shape[1])[winners, np.arange(W.shape[1])]
        return np.where(winners < 0, 0, greatest), winners

    def backward(g, y, winners, ids, W, bags=None, *, n, padding_idx=None, needs):
        if not needs[1]:
            return None, None, None
        return None, add_winners(g, winners, ids, W.shape[0]), None


@helper
def add_winners(g, winners, ids, n, out=None):
    """The gradient of a table of ``n`` rows of which only the winning tokens took part."""
    width = g.shape[-1]
    dW = np.empty((n, width), g.dtype) if out is None else out
    dW[...] = 0
    bags, columns = np.nonzero(winners >= 0)
    tokens = ids.reshape(-1)[winners[bags, columns]].astype(np.intp)
    np.add.at(dW.reshape(-1), tokens * width + columns, g[bags, columns])
    return dW
