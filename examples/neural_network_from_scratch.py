"""A neural network from scratch: NumPy, one file, nothing hidden, about ten minutes to read.

    python neural_network_from_scratch.py                 # gates, gradient check, XOR, digits
    python neural_network_from_scratch.py FOLDER          # a folder with MNIST's four .gz files

Read it from top to bottom. Each part needs only the parts above it:

    1  one neuron       learns AND and OR, and fails at XOR
    2  activations      the bends that make two layers more than one, and their slopes
    3  a layer          y = f(x W + b), forward and backward
    4  losses           how wrong is the network, and in which direction is it less wrong
    5  the network      forward through all layers, backward through all of them
    6  the check        is the calculus right? ask the function itself
    7  training         mini-batches, momentum
    8  data             MNIST, or what is at hand
    9  the four runs    everything above, put to work

The notation, used everywhere: x input, W weights, b bias, z = x W + b, a = f(z) the activation,
y what it should have been. dz is the slope of the loss along z: "if z grew a little, the loss
would grow dz times as much". Shapes stand at the line ends; n is the number of rows in a batch.
"""

from __future__ import annotations

import argparse
import gzip
import os
import time
from pathlib import Path

# Must come before NumPy is loaded. These matrices are so small that two threads would spend more
# time waiting for each other than computing: one thread is two to five times faster here.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

# ---------------------------------------------------------------------------------------------
# 1. One neuron (Rosenblatt 1958)
#
# Add up what comes in, each input times its weight; fire if the sum reaches 0. The neuron learns
# only from mistakes: fired when it should not have, the weights of the active inputs go down;
# stayed silent when it should have fired, they go up.

GATE_INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)  # (4, 2)
GATES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "NAND": [1, 1, 1, 0], "XOR": [0, 1, 1, 0]}


def fires(x, w, b):
    return 1 if x @ w + b >= 0 else 0


def learn_gate(targets, epochs=100):
    """Weights, bias, and the number of epochs it took, or None when it never got all four right."""
    w, b = np.zeros(2), 0.0
    for epoch in range(1, epochs + 1):
        mistakes = 0
        for x, y in zip(GATE_INPUTS, targets, strict=True):
            error = y - fires(x, w, b)  # +1: should have fired, -1: should not have, 0: right
            w = w + error * x
            b = b + error
            mistakes += abs(error)
        if mistakes == 0:
            return w, b, epoch
    return w, b, None  # no straight line separates XOR: one neuron can never learn it


# ---------------------------------------------------------------------------------------------
# 2. Activations
#
# Without a bend between them two layers collapse into one: (x W1) W2 = x (W1 W2). Any bend will
# do. Each function here comes with its slope, written in terms of a = f(z), the OUTPUT: it was
# kept from the forward pass, so the slope costs next to nothing. (Mind which of the two a formula
# means: a (1 - a) is sigmoid's slope, z (1 - z) is nonsense.)


def relu(z):
    return np.maximum(z, 0)


def relu_slope(a):
    return (a > 0).astype(a.dtype)  # 1 where it let z through; at the corner itself we choose 0


def tanh(z):
    return np.tanh(z)


def tanh_slope(a):
    return 1 - a**2


def sigmoid(z):
    # 1 / (1 + e^-z) overflows for z = -1000. With e = e^-|z|, never above 1, nothing can.
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def sigmoid_slope(a):
    return a * (1 - a)  # at most 0.25: many sigmoids in a row, and the slope fades away


def linear(z):
    return z


def linear_slope(a):
    return np.ones_like(a)


def softmax(z):  # (n, classes) -> (n, classes)
    # Scores become probabilities, row by row: axis=1 matters, or rows would share their 100 %.
    # Taking each row's maximum off first changes nothing (it cancels), but e^1000 is infinite.
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


ACTIVATIONS = {
    "relu": (relu, relu_slope),
    "tanh": (tanh, tanh_slope),
    "sigmoid": (sigmoid, sigmoid_slope),
    "linear": (linear, linear_slope),
}


# ---------------------------------------------------------------------------------------------
# 3. A layer


class Dense:
    """Every output sees every input: a = f(x W + b)."""

    def __init__(self, inputs, outputs, activation, rng, dtype=np.float32):
        # How large should first weights be? All zero: every neuron of the layer would get the same
        # gradient and stay the same neuron for ever. Tiny, say 0.01: the signal dies on its way
        # through the layers. The scale that keeps its variance is sqrt(1 / inputs); ReLU throws
        # half of it away, so there it is sqrt(2 / inputs) (He et al. 2015).
        scale = np.sqrt((2 if activation == "relu" else 1) / inputs)
        self.W = (rng.normal(size=(inputs, outputs)) * scale).astype(dtype)  # (in, out)
        self.b = np.zeros(outputs, dtype=dtype)  # (out,)
        self.f, self.slope = ACTIVATIONS[activation]
        self.vW, self.vb = np.zeros_like(self.W), np.zeros_like(self.b)  # velocities, for part 7

    def forward(self, x):  # (n, in) -> (n, out)
        self.x = x  # kept: backward needs what came in ...
        self.a = self.f(x @ self.W + self.b)  # ... and what went out
        return self.a

    def backward(self, da):  # (n, out) -> (n, in)
        # The chain rule, three times. A weight that carried x into z has slope x times dz; every
        # row of the batch has its say, and the matrix product adds them up.
        dz = da * self.slope(self.a)  # (n, out)
        self.dW = self.x.T @ dz  # (in, n) @ (n, out) = (in, out), the shape of W
        self.db = dz.sum(axis=0)  # (out,), the shape of b: a sum over the rows, nothing else
        return dz @ self.W.T  # (n, out) @ (out, in) = (n, in): what the layer below is told


# ---------------------------------------------------------------------------------------------
# 4. Losses
#
# Each takes the last layer's raw scores z, not probabilities: log(softmax(z)) done in one go has
# no log(0) in it. And it is here that a small miracle happens. Softmax has a whole matrix of
# slopes (each probability depends on every score; s (1 - s) is only its diagonal), and
# cross-entropy's slope is -1/p; multiplied out, all of it cancels down to p - y.


def cross_entropy(z, labels):  # (n, classes), (n,) -> one number, (n, classes)
    """Mean of -log p[right class], and its slope along z."""
    n = len(z)
    rows = np.arange(n)
    shifted = z - z.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_p[rows, labels].mean()
    dz = np.exp(log_p)
    dz[rows, labels] -= 1  # p - y, where y is 1 in the right class and 0 elsewhere
    return loss, dz / n  # / n: the loss is a mean, so each row has an n-th of the say


def binary_cross_entropy(z, y):  # (n, 1), (n, 1) -> one number, (n, 1)
    """Mean of -(y log p + (1 - y) log(1 - p)) with p = sigmoid(z), and its slope along z."""
    loss = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))  # the same, without overflow
    return loss.mean(), (sigmoid(z) - y) / z.size


# ---------------------------------------------------------------------------------------------
# 5. The network


class Network:
    """Dense layers, one after the other; the last one is linear and gives scores."""

    def __init__(self, sizes, activation="relu", seed=0, dtype=np.float32):
        rng = np.random.default_rng(seed)
        kinds = [activation] * (len(sizes) - 2) + ["linear"]
        self.layers = [
            Dense(inputs, outputs, kind, rng, dtype)
            for inputs, outputs, kind in zip(sizes[:-1], sizes[1:], kinds, strict=True)
        ]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dz):
        # The last layer hears how wrong it was; each one tells the layer below it its share.
        for layer in reversed(self.layers):
            dz = layer.backward(dz)

    def update(self, rate, momentum):
        # Downhill is MINUS the gradient. The velocity v remembers earlier steps: what they agree
        # on adds up, where they zigzag they cancel. One sign, in one place, so it cannot be wrong
        # twice: v gathers gradients, and the weight walks against v.
        for layer in self.layers:
            layer.vW = momentum * layer.vW + layer.dW
            layer.vb = momentum * layer.vb + layer.db
            layer.W -= rate * layer.vW
            layer.b -= rate * layer.vb


# ---------------------------------------------------------------------------------------------
# 6. The check
#
# Backpropagation written by hand is easy to get wrong, and a wrong one often still learns, only
# worse. So ask the loss itself: move one weight a little up and a little down, and see how the
# loss changes. Slow, but it needs no calculus, so it shares no mistake with the code above.


def gradient_check(network, x, y, loss, step=1e-6):
    """The largest relative difference between backpropagation and two-sided differences.

    The network must be float64: a step of 1e-6 drowns in float32's rounding.
    """
    network.backward(loss(network.forward(x), y)[1])
    slopes = [d.copy() for layer in network.layers for d in (layer.dW, layer.db)]
    weights = [w for layer in network.layers for w in (layer.W, layer.b)]
    worst = 0.0
    for w, slope in zip(weights, slopes, strict=True):
        for i in np.ndindex(w.shape):
            kept = w[i]
            w[i] = kept + step
            above = loss(network.forward(x), y)[0]
            w[i] = kept - step
            below = loss(network.forward(x), y)[0]
            w[i] = kept
            measured = (above - below) / (2 * step)
            size = max(abs(measured), abs(slope[i]), 1e-3)  # near 0 only rounding is left
            worst = max(worst, abs(measured - slope[i]) / size)
    return worst


# ---------------------------------------------------------------------------------------------
# 7. Training


def train_epoch(network, x, labels, rng, batch=64, rate=0.02, momentum=0.9):
    """Once through the data in a new order, a step after each mini-batch. Gives the mean loss.

    Why not the gradient of all the data? 64 rows give nearly the same direction for a thousandth
    of the work. Why a new order? So that no batch always comes last and has the last word.
    """
    order = rng.permutation(len(x))
    total = 0.0
    for start in range(0, len(x), batch):
        rows = order[start : start + batch]  # the last batch may be smaller, and is used too
        loss, dz = cross_entropy(network.forward(x[rows]), labels[rows])
        network.backward(dz)
        network.update(rate, momentum)
        total += float(loss) * len(rows)
    return total / len(x)


def accuracy(network, x, labels):
    # The class with the highest score; softmax would not change which one that is.
    return float((network.forward(x).argmax(axis=1) == labels).mean())


# ---------------------------------------------------------------------------------------------
# 8. Data
#
# Always three parts. The network learns from the first. The second tells, while we watch and
# choose, how it does on pictures it has not learned. The third is looked at once, at the end: a
# number we had used to choose anything would be too good to be true.

MNIST = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}
DIGITS = Path(__file__).resolve().parents[1] / "src" / "pellucid" / "data" / "digits.npz"


def read_idx(path):
    """An array from a gzipped IDX file: two zeros, type, axes; a size per axis; then the bytes."""
    raw = gzip.decompress(Path(path).read_bytes())
    axes = raw[3]
    if raw[:3] != b"\x00\x00\x08":  # 8: unsigned bytes, the only type MNIST uses
        raise SystemExit(f"{path}: not an IDX file of unsigned bytes")
    shape = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(axes)]
    values = np.frombuffer(raw, np.uint8, offset=4 + 4 * axes)
    if len(values) != np.prod(shape):
        raise SystemExit(f"{path}: {len(values):,} bytes where its header promises {shape}")
    return values.reshape(shape)


def find_mnist(folder):
    """The folder itself or its mnist/, whichever holds all four files; else None."""
    for place in [Path(folder), Path(folder) / "mnist"] if folder else []:
        if all((place / name).is_file() for names in MNIST.values() for name in names):
            return place
    return None


def as_rows(images, maximum):  # (n, height, width) whole numbers -> (n, height * width)
    # From 0..255 to 0..1: inputs of a size that the first weights were chosen for.
    return images.reshape(len(images), -1).astype(np.float32) / maximum


def toy_images(n=1500, seed=0):
    """Three kinds of 8x8 pictures in noise, for when there are no digits: lines - | and a cross."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=n)
    images = rng.integers(0, 7, size=(n, 8, 8))
    for image, label in zip(images, labels, strict=True):
        row, column = rng.integers(1, 7, size=2)
        if label != 1:
            image[row, :] += 9
        if label != 0:
            image[:, column] += 9
    return images.clip(0, 16).astype(np.uint8), labels


def load(folder=None, digits=DIGITS):
    """(name, hidden sizes, training, validation and test part), each part (rows, labels)."""
    mnist = find_mnist(folder)
    if mnist:
        (x, y), test = [
            (as_rows(read_idx(mnist / images), 255), read_idx(mnist / labels).astype(int))
            for images, labels in MNIST.values()
        ]
        return "MNIST", (128, 64), (x[:-5000], y[:-5000]), (x[-5000:], y[-5000:]), test

    if Path(digits).is_file():
        with np.load(digits, allow_pickle=False) as file:
            name, images, y = "the 1,797 small digits of UCI", file["x"], file["y"].astype(int)
    else:
        name, (images, y) = "toy pictures of lines", toy_images()
    x = as_rows(images, 16)
    order = np.random.default_rng(0).permutation(len(x))
    fifth = len(x) // 5
    test, validation, training = np.split(order, [fifth, 2 * fifth])
    return name, (64, 32), *[(x[part], y[part]) for part in (training, validation, test)]


# ---------------------------------------------------------------------------------------------
# 9. The four runs


def run_gates():
    print("1. One neuron learns gates")
    for gate, targets in GATES.items():
        w, b, epochs = learn_gate(targets)
        if epochs:
            line = f"{w[0]:+g} x1 {w[1]:+g} x2 {b:+g} >= 0"
            print(f"   {gate:<5} learned in {epochs} epochs: fires where {line}")
        else:
            print(f"   {gate:<5} not learned in 100 epochs: no straight line separates its inputs")


def run_check():
    print("2. Is backpropagation right? It is compared with differences of the loss.")
    rng = np.random.default_rng(1)
    x = rng.normal(size=(5, 4))  # five rows of four numbers
    for activation in ("relu", "tanh", "sigmoid"):
        network = Network([4, 6, 5, 3], activation, seed=2, dtype=np.float64)
        worst = gradient_check(network, x, np.array([0, 2, 1, 1, 0]), cross_entropy)
        print(f"   {activation:<8} largest relative difference {worst:.1e}")


def solve_xor(seed=0, steps=1500):
    """Two inputs, four tanh neurons, one output; every step sees all four rows."""
    y = np.array(GATES["XOR"], dtype=float).reshape(4, 1)  # (4, 1), as the output: never (4,)
    network = Network([2, 4, 1], "tanh", seed, dtype=np.float64)
    for _ in range(steps):
        _, dz = binary_cross_entropy(network.forward(GATE_INPUTS), y)
        network.backward(dz)
        network.update(rate=0.1, momentum=0.9)
    return sigmoid(network.forward(GATE_INPUTS)).ravel()  # (4,)


def run_xor():
    print("3. Two layers learn what one neuron could not: XOR")
    for x, y, p in zip(GATE_INPUTS, GATES["XOR"], solve_xor(), strict=True):
        print(f"   {x[0]:.0f} XOR {x[1]:.0f} = {y}, the network says {p:.3f}")


def run_digits(folder=None, epochs=None, batch=64, rate=0.02, momentum=0.9, seed=0):
    """Train on what ``load`` finds, print a line an epoch, and give the test accuracy."""
    name, hidden, (x, y), validation, test = load(folder)
    sizes = [x.shape[1], *hidden, int(y.max()) + 1]
    epochs = epochs or (10 if name == "MNIST" else 30)
    print(f"4. {'-'.join(map(str, sizes))} on {name}: {len(x):,} to learn from")
    if not find_mnist(folder):
        print("   (for MNIST give the folder that holds its four .gz files)")

    network = Network(sizes, "relu", seed)
    rng = np.random.default_rng(seed)
    began = time.perf_counter()
    for epoch in range(1, epochs + 1):
        loss = train_epoch(network, x, y, rng, batch, rate, momentum)
        if not np.isfinite(loss):
            raise SystemExit(f"   epoch {epoch}: the loss is {loss}. Try a smaller --rate.")
        right = accuracy(network, *validation)
        print(f"   epoch {epoch:2}  loss {loss:.4f}  validation {right:.2%}", flush=True)
    seconds = time.perf_counter() - began

    right = accuracy(network, *test)  # the one and only look at the test part
    print(f"   test accuracy {right:.2%} on {len(test[0]):,} unseen pictures, {seconds:.1f} s")
    return right


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description="A neural network from scratch in NumPy: gates, gradient check, XOR, digits.",
        epilog="Without a folder it uses PELLUCID_DATA, then the small digits that come with "
        "Pellucid, then toy pictures.",
    )
    parser.add_argument(
        "folder",
        nargs="?",
        default=os.environ.get("PELLUCID_DATA"),
        help="where MNIST's four .gz files are (the folder itself, or mnist/ in it)",
    )
    parser.add_argument("--epochs", type=int, help="times through the data (10; small digits 30)")
    parser.add_argument("--batch", type=int, default=64, help="rows in a mini-batch (%(default)s)")
    parser.add_argument("--rate", type=float, default=0.02, help="learning rate (%(default)s)")
    parser.add_argument("--momentum", type=float, default=0.9, help="momentum (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="first weights, order (%(default)s)")
    options = parser.parse_args(arguments)

    run_gates()
    run_check()
    run_xor()
    run_digits(**vars(options))


if __name__ == "__main__":
    main()
