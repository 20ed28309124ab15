"""How alike two vectors are, and how far apart."""

import math

from .base import Layer

LAYERS = [
    *[
        Layer("CosineSimilarity", options, a, more=(b,))
        for options, a, b in [
            ({}, (5, 4), (5, 4)),
            ({}, (2, 3, 4), (2, 3, 4)),
            ({"dim": 0}, (5, 4), (5, 4)),
            ({"dim": -1}, (5, 4), (5, 4)),
            ({"dim": 0}, (4,), (4,)),
            ({"eps": 0.1}, (5, 4), (5, 4)),
        ]
    ],
    Layer("CosineSimilarity", {"dim": -1}, (3, 1, 4), more=((2, 4),), batched=False),
    *[
        Layer("PairwiseDistance", options, a, more=(b,))
        for options, a, b in [
            ({}, (5, 4), (5, 4)),
            ({}, (4,), (4,)),
            ({"keepdim": True}, (2, 3, 4), (2, 3, 4)),
            ({"p": 1.0}, (5, 4), (5, 4)),
            ({"p": 3.0, "eps": 0.1}, (5, 4), (5, 4)),
            ({"p": 1.5}, (5, 4), (5, 4)),
            ({"p": math.inf}, (5, 4), (5, 4)),
        ]
    ],
    Layer("PairwiseDistance", {}, (3, 4), more=((4,),), batched=False),
]
