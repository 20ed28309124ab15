"""MNIST to 97 % with PyTorch: the script that one would write, the images in memory.

python torch_mnist.py FOLDER [SEED]      # the folder with MNIST's four .gz files
"""

import gzip
import json
import os
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

folder = Path(sys.argv[1])
if "OMP_NUM_THREADS" in os.environ:
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
torch.manual_seed(int((sys.argv[2:] or ["0"])[0]))


def read(name: str, header: int) -> torch.Tensor:
    content = gzip.decompress((folder / name).read_bytes())
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=header).copy())


x = read("train-images-idx3-ubyte.gz", 16).reshape(-1, 784)
y = read("train-labels-idx1-ubyte.gz", 8).long()
order = torch.randperm(len(x))
held_out, kept = order[:6000], order[6000:]
x_validation, y_validation = x[held_out].float() / 255, y[held_out]
x, y = x[kept], y[kept]

model = nn.Sequential(
    nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)
)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for epoch in range(1, 31):
    model.train()
    order = torch.randperm(len(x))
    for start in range(0, len(x), 64):
        rows = order[start : start + 64]
        loss = cross_entropy(model(x[rows].float() / 255), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        right = (model(x_validation).argmax(1) == y_validation).float().mean().item()
    print(f"epoch {epoch}: {right:.4f} right", file=sys.stderr)
    if right >= 0.97:
        break

print(json.dumps({"epochs": epoch, "accuracy": right}))
