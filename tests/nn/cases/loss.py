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
    Loss("SmoothL1Loss", {"reduction": "none"}, (3, 4), "numbers"),
    Loss("SmoothL1Loss", {"reduction": "sum", "beta": 0.4}, (5,), "numbers"),
    Loss("SmoothL1Loss", {"beta": 0.0}, (3, 4), "numbers"),
    *[
        Loss(
            "PoissonNLLLoss",
            {"log_input": log_input, "full": full, "eps": 1e-3, "reduction": r},
            (3, 4),
            "positive",
            domains=("numbers" if log_input else "positive",),
        )
        for log_input, full in [(True, False), (True, True), (False, True), (False, False)]
        for r in EVERY
    ],
    *[
        Loss(
            "GaussianNLLLoss",
            {"full": full, "reduction": r},
            (3, 4),
            "",
            more=((3, 4), var),
            domains=("numbers", "numbers", "positive"),
        )
        for var, full, r in [
            ((3, 4), False, "mean"),
            ((3, 4), True, "none"),
            ((3,), True, "sum"),
            ((3, 1), False, "none"),
            ((1, 4), True, "mean"),
        ]
    ],
    Loss("GaussianNLLLoss", {"eps": 0.5}, (3, 4), "numbers", after=([[0.1] * 4] * 3,)),
    *[
        Loss(
            "KLDivLoss",
            {"reduction": r, "log_target": log_target},
            (3, 4),
            "log probabilities" if log_target else "distributions",
        )
        for log_target in (False, True)
        for r in (*EVERY, "batchmean")
    ],
    *[
        Loss(kind, {"reduction": r}, (3, 4), "probabilities", weights, domains=domains)
        for kind, domains in [("BCELoss", ("probabilities",)), ("BCEWithLogitsLoss", ())]
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
    Loss("CrossEntropyLoss", {"reduction": "none"}, (4,), "classes", CLASS_WEIGHTS),
    Loss("CrossEntropyLoss", {}, (4,), "distributions", CLASS_WEIGHTS),
    *[
        Loss("CrossEntropyLoss", {"reduction": r, **options}, shape, "", weights, after=(labels,))
        for shape, labels, options in [
            ((5, 4), [1, -100, 3, 0, -100], {}),
            ((5, 4), [1, 2, 3, 0, 2], {"ignore_index": 2, "label_smoothing": 0.1}),
            ((2, 4, 3), [[1, -1, 3], [-1, 0, 2]], {"ignore_index": -1, "label_smoothing": 0.1}),
        ]
        for r in EVERY
        for weights in ({}, CLASS_WEIGHTS)
    ],
    *[
        Loss("NLLLoss", {"reduction": r}, shape, "classes", weights)
        for shape in [(5, 4), (4,), (2, 4, 3), (2, 4, 2, 2)]
        for r in EVERY
        for weights in ({}, CLASS_WEIGHTS)
    ],
    *[
        Loss("NLLLoss", {"reduction": r, **options}, shape, "", weights, after=(labels,))
        for shape, labels, options in [
            ((5, 4), [1, -100, 3, 0, -100], {}),
            ((2, 4, 3), [[1, 2, 3], [2, 0, 2]], {"ignore_index": 2}),
        ]
        for r in EVERY
        for weights in ({}, CLASS_WEIGHTS)
    ],
]
