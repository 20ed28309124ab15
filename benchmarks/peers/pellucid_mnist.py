"""MNIST to 97 % with Pellucid: the same network, batches and optimizer as torch_mnist.py.

python pellucid_mnist.py FOLDER [SEED [ENGINE]]      # the folder with MNIST's four .gz files
"""

import json
import sys
import warnings

import pellucid
from pellucid import nn
from pellucid.train import Listener


class Until97(Listener):
    def on_epoch(self, trainer, event):
        print(f"epoch {event['epoch']}: {event['validation_accuracy']:.4f} right", file=sys.stderr)
        if event["validation_accuracy"] >= 0.97:
            trainer.stop_reason = "97 % reached"


folder, seed, engine = (*sys.argv[1:], *("", "0", "program")[len(sys.argv) - 1 :])
warnings.filterwarnings("error", "the step runs eagerly")  # then it is not the engine asked for

data = pellucid.data.load("mnist", data_dir=folder, download=False)
train, validation, _ = pellucid.data.split(data, validation=0.1, seed=int(seed))
pellucid.manual_seed(int(seed))
model = nn.MLP([784, 128, 64, 10])
run = pellucid.fit(
    model,
    train,
    validation,
    optimizer="adam",
    lr=1e-3,
    batch_size=64,
    epochs=30,
    listeners=[Until97()],
    seed=int(seed),
    engine=engine,
)
last = run.record.epochs()[-1]
print(json.dumps({"epochs": last["epoch"], "accuracy": last["validation_accuracy"]}))
