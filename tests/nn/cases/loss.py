"""The losses."""

from .base import Loss

EVERY = ("mean", "sum", "none")
CLASS_WEIGHTS = {"weight": [0.5, 1.5, 1.0, 2.0]}

LOSSES = [
    *[
        Loss(kind, {"reduction": r}, shape, "numbers")
        for kind in ("MSELoss", "L1Loss", "HuberLoss")
        for shape, r in [((), "mean"), ((5,), "none"), ((5, 1), "mean"), ((3, 4), "sum")]
    ],
    Loss("HuberLoss", {"delta": 0.4}, (3, 4), "numbers"),
    *[
        Loss(kind, {"reduction": r}, (3, 4), "probabilities", weights)
        for kind in ("BCELoss", "BCEWithLogitsLoss")
        for weights in ({}, CLASS_WEIGHTS)
        for r in EVERY
    ],
    Loss("BCEWithLogitsLoss", {}, (3, 4), "probabilities", {"pos_weight": [2.0, 0.5, 1.0, 3.0]}),
    Loss(
        "BCEWithLogitsLoss",
        {},
        (3, 4),
        "probabilities",
        {**CLASS_WEIGHTS, "pos_weight": [2.0, 0.5, 1.0, 3.0]},
    ),
    *[
        Loss("CrossEntropyLoss", {"reduction": r, "label_smoothing": s}, shape, target, weights)
        for r, s in [("mean", 0.0), ("mean", 0.1), ("sum", 0.1), ("none", 0.1)]
        for shape, target in [
            ((5, 4), "classes"),
            ((2, 4, 3), "classes"),
            ((5, 4), "distributions"),
        ]
        for weights in ({}, CLASS_WEIGHTS)
    ],
    Loss("CrossEntropyLoss", {}, (4,), "classes"),
    Loss("CrossEntropyLoss", {}, (4,), "distributions", CLASS_WEIGHTS),
]
