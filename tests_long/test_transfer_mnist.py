"""Transfer learning on MNIST: what a network of 0 to 4 helps with 5 to 9, three examples of each.

Run it with `make long`; PELLUCID_DATA is the folder that holds mnist/.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest

import pellucid
from pellucid import data

FILE = Path(__file__).resolve().parents[1] / "examples" / "transfer_new_digits.py"


@pytest.mark.skipif(
    not (Path(os.environ.get("PELLUCID_DATA", "")) / "mnist").is_dir(),
    reason="MNIST is not in PELLUCID_DATA",
)
def test_new_digits_from_three_examples_each() -> None:
    spec = importlib.util.spec_from_file_location("transfer_new_digits", FILE)
    assert spec is not None and spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    mnist = data.load("mnist")
    assert mnist.test is not None
    old, new = example.halves(mnist)
    model = example.network(0)
    pellucid.fit(model, old, epochs=3, batch_size=64, lr=0.001, schedule="cosine")
    table = example.compare(model.eval().state_dict(), new, example.halves(mnist.test)[1])
    means = {way: float(np.mean(scores)) for way, scores in table.items()}
    print("\n" + "\n".join(f"{way:<18} {mean:.2%}" for way, mean in means.items()))
    assert means["fine-tuned slowly"] >= means["from scratch"] + 0.04
