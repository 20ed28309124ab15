"""The losses with a margin."""

import math

from .base import Loss

EVERY = ("mean", "sum", "none")
CLASS_WEIGHTS = {"weight": [0.5, 1.5, 1.0, 2.0]}

LOSSES = [
    *[
        Loss(kind, {"reduction": r, **options}, shape, "signs")
        for kind, options in [
            ("HingeEmbeddingLoss", {}),
            ("HingeEmbeddingLoss", {"margin": 0.4}),
            ("SoftMarginLoss", {}),
        ]
        for shape, r in [((), "mean"), ((5,), "none"), ((3, 4), "mean"), ((3, 4), "sum")]
    ],
    *[
        Loss("MarginRankingLoss", {"margin": margin, "reduction": r}, shape, "signs", more=(shape,))
        for margin in (0.0, 0.35)
        for shape, r in [((5,), "none"), ((3, 4), "mean"), ((3, 4), "sum")]
    ],
    *[
        Loss(
            "CosineEmbeddingLoss",
            {"margin": margin, "reduction": r},
            shape,
            "signs of rows",
            more=(shape,),
        )
        for margin in (0.0, -0.5)
        for shape, r in [((5, 3), "none"), ((5, 3), "mean"), ((5, 3), "sum"), ((3,), "mean")]
    ],
    *[
        Loss(
            "TripletMarginLoss",
            {"margin": 1.4, "p": p, "eps": 1e-3, "swap": swap, "reduction": r},
            shape,
            "",
            more=(shape, shape),
        )
        for p, shape, r in [
            (2.0, (4, 3), "mean"),
            (2.0, (3,), "none"),
            (1.0, (4, 3), "none"),
            (3.0, (4, 3), "sum"),
            (1.5, (2, 3, 3), "mean"),
            (math.inf, (4, 3), "none"),
        ]
        for swap in (False, True)
    ],
    *[
        Loss(
            "TripletMarginWithDistanceLoss",
            {"margin": 1.4, "swap": swap, "reduction": r},
            (4, 3),
            "",
            more=((4, 3), (4, 3)),
        )
        for swap in (False, True)
        for r in EVERY
    ],
    *[
        Loss("MultiMarginLoss", {"p": p, "margin": m, "reduction": r}, shape, "classes", weights)
        for p, m in [(1, 1.0), (2, 0.45)]
        for shape, r in [((5, 4), "mean"), ((5, 4), "sum"), ((5, 4), "none"), ((4,), "mean")]
        for weights in ({}, CLASS_WEIGHTS)
    ],
    *[
        Loss("MultiLabelMarginLoss", {"reduction": r}, (3, 4), "", after=(labels,))
        for labels in [[[2, 0, -1, 3], [-1, 1, 2, 3], [1, 1, 3, -1]]]
        for r in EVERY
    ],
    Loss("MultiLabelMarginLoss", {"reduction": "none"}, (4,), "", after=([2, 1, -1, -1],)),
    *[
        Loss("MultiLabelSoftMarginLoss", {"reduction": r}, shape, "probabilities", weights)
        for shape, r in [((3, 4), "mean"), ((3, 4), "sum"), ((3, 4), "none"), ((4,), "mean")]
        for weights in ({}, CLASS_WEIGHTS)
    ],
]
