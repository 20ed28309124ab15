"""What convolutions reach on real data: minutes to half an hour each, one figure a test.

`make hours` runs them; PELLUCID_DATA is the folder that holds mnist/ and cifar10/.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DATA = Path(os.environ.get("PELLUCID_DATA", ""))
CASES = {
    "LeNet-5 on MNIST": (("mnist", "--model", "lenet5"), 0.990),
    "the best recipe on MNIST": (("mnist", "--recipe", "best"), 0.995),
    "a ResNet on CIFAR-10": (
        (str(DATA / "cifar10" / "cifar10-images.zip"), "--model", "resnet"),
        0.75,
    ),
}


@pytest.mark.hours
@pytest.mark.parametrize("case", CASES)
def test_accuracy_on_the_test_part(case, tmp_path):
    words, wanted = CASES[case]
    if not (DATA / "mnist").is_dir() or not (DATA / "cifar10").is_dir():
        pytest.skip("PELLUCID_DATA has no mnist and cifar10")
    command = [sys.executable, "-m", "pellucid", "train", *words, "--out", tmp_path / "r", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    accuracy = result["test"]["accuracy"]
    print(f"\n{case}: {accuracy:.2%} in {result['seconds']:.0f} s")
    assert accuracy >= wanted
