"""Does it help to read the words in their order? A bag of words against networks that read.

    python sentiment_against_word_counts.py                     # three seeds, three networks
    python sentiment_against_word_counts.py --seeds 5 --models bag-of-words lstm

The bag of words is a logistic regression on the counts of the words: "not good, but great" and
"not great, but good" are one and the same to it. Every seed makes a new set of reviews, whose test
part has combinations of words that no sentence to learn from has; and new initial weights.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

MODELS = ["bag-of-words", "lstm", "transformer"]


def trained(model: str, seed: int, folder: Path, more: list[str]) -> dict:
    """What `pellucid train sentiment --model MODEL --seed SEED` says at its end."""
    command = [sys.executable, "-m", "pellucid", "train", "sentiment", "--model", model]
    command += ["--seed", str(seed), "--out", str(folder / f"{model}-{seed}"), "--json", *more]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", nargs="+", default=MODELS)
    given, more = parser.parse_known_args()  # what is not known goes to pellucid train

    print(f"{'network':<14}{'seed':>6}{'validation':>12}{'test':>9}{'seconds':>9}")
    medians = {}
    with tempfile.TemporaryDirectory() as folder:
        for model in given.models:
            tests = []
            for seed in range(given.seeds):
                result = trained(model, seed, Path(folder), more)
                tests.append(100 * result["test"]["accuracy"])
                validation = 100 * result["validation"]["accuracy"]
                row = f"{validation:>10.2f} %{tests[-1]:>7.2f} %{result['seconds']:>9.1f}"
                print(f"{model:<14}{seed:>6}{row}", flush=True)
            medians[model] = statistics.median(tests)

    print("\nmedian of the test part")
    for model, median in medians.items():
        print(f"{model:<14}{median:>7.2f} %")


if __name__ == "__main__":
    main()
