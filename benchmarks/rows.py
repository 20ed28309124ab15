"""What is measured: the rows of the table, and who takes part in each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

__all__ = [
    "CLASSES",
    "CONTEXT",
    "PEERS",
    "ROWS",
    "SIDE",
    "SIZES",
    "VOCABULARY",
    "Peer",
    "Row",
    "product_flops",
]

SIZES = (784, 128, 64, 10)  # of the network in every row: 109,386 parameters
CLASSES = 10
VOCABULARY, CONTEXT = 65, 64  # of the texts
SIDE = 768  # of the square matrices whose product shows what the machine can do


@dataclass(frozen=True)
class Row:
    """One thing that is measured, and how often: so many bursts, each of so many steps."""

    id: str
    title: str
    kind: (
        str  # step, network, epoch, predict, sgemm: in workers; to97, import, size: whole processes
    )
    unit: str = "us"
    batch: int = 0
    optimizer: str = ""
    burst: int = 1  # steps that are timed together
    warm: int = 0  # steps before them, not timed: the caches are another peer's
    rounds: int = 1
    quick_rounds: int = 1
    network: str = ""  # of a row of kind "network"
    data: str = ""  # folder with MNIST's four files; empty: random images


def _step(batch: int, optimizer: str) -> Row:
    title = f"training step, 784-128-64-10, batch {batch}, {optimizer}"
    name = f"b{batch}-{optimizer.lower()}"
    return Row(name, title, "step", "us", batch, optimizer, 20, 5, 25, 5)


def _network(name: str, title: str, batch: int, burst: int) -> Row:
    words = f"training step, {title}, batch {batch}, Adam"
    return Row(name, words, "network", "ms", batch, "Adam", burst, 1, 11, 3, name)


ROWS = (
    _step(32, "SGD"),
    _step(32, "Adam"),
    _step(64, "Adam"),
    _step(128, "Adam"),
    _step(128, "SGD"),
    _network("lenet5", "LeNet-5", 64, 8),
    _network("cnn", "CNN of 32 and 64 channels, 3x3", 64, 3),
    _network("lstm", "character LSTM of 128 units, 64 steps", 32, 4),
    _network("gpt", "GPT of 4 layers, width 128, 64 places", 12, 3),
    Row("sgemm", "one product of 768 x 768 matrices", "sgemm", "us", 0, "", 4, 1, 15, 5),
    Row("epoch", "epoch of MNIST from uint8, batch 64, Adam", "epoch", "s", 64, "Adam", 1, 0, 4, 1),
    Row("predict", "prediction of one sample", "predict", "us", 1, "", 300, 50, 30, 7),
    Row("to97", "command to 97 % on MNIST's validation part", "to97", "s", 64, "Adam", rounds=5),
    Row("memory", "peak memory of that command", "to97", "MB", 64, "Adam", rounds=5),
    Row("import", "import, beyond starting Python", "import", "ms", rounds=9, quick_rounds=2),
    Row("size", "installed size, with all it needs", "size", "MB"),
)


@dataclass(frozen=True)
class Peer:
    """Someone who takes part: a module of benchmarks.peers and one of its forms."""

    label: str
    module: str
    form: str
    does: tuple[str, ...]
    role: str = "peer"  # or "ours", or "floor": what the machine can do, no competitor
    threads: tuple[int, ...] = (1, 2)  # each is tried; 0: the peer's own choice


MOVING = ("step", "network", "epoch")
ALL = (*MOVING, "predict")
PEERS = (
    Peer("NumPy sgemm", "numpy_peer", "sgemm", ("step", "sgemm"), "floor"),
    Peer("NumPy, the products alone", "numpy_peer", "products", ("step",), "floor"),
    Peer("Pellucid eager", "pellucid_peer", "eager", ALL, "ours"),
    Peer("Pellucid program", "pellucid_peer", "program", ALL, "ours"),
    Peer("Pellucid fused", "pellucid_peer", "fused", MOVING, "ours"),
    Peer("Pellucid fit", "pellucid_peer", "fit", ("epoch",), "ours", (0,)),
    Peer("Pellucid fit, fused", "pellucid_peer", "fit fused", ("epoch",), "ours", (0,)),
    Peer("PyTorch eager", "torch_peer", "eager", (*ALL, "sgemm")),
    Peer(
        "PyTorch eager, fused optimizer",
        "torch_peer",
        "fused optimizer",
        ("step", "network", "epoch"),
    ),
    Peer("torch.compile", "torch_peer", "compile", ALL),
    Peer("JAX jit", "jax_peer", "jit", (*ALL, "sgemm")),
    Peer("JAX jit, each loss waited for", "jax_peer", "waiting", ("step",)),
    Peer("scikit-learn", "sklearn_peer", "mlp", ("epoch", "predict")),
    Peer("ONNX Runtime", "onnx_peer", "session", ("predict",)),
)


def product_flops(batch: int) -> int:
    """The floating-point operations of a step's matrix products, forward and backward.

    The gradient of the input is not among them, since nobody needs it.

    >>> product_flops(1)
    454400
    """
    layers = [i * o for i, o in pairwise(SIZES)]
    return 2 * batch * (3 * sum(layers) - layers[0])
