"""Connectionist temporal classification."""

from .base import Loss

PADDED = [[1, 2, 4], [1, 1, 9], [3, 9, 9], [9, 9, 9]]  # 9 is never read
FLAT = [1, 2, 4, 1, 1, 3]
LENGTHS = [3, 2, 1, 0]

LOSSES = [
    *[
        Loss(
            "CTCLoss",
            {"reduction": r, **options},
            (6, 4, 5),
            "",
            after=(targets, steps, LENGTHS),
            domains=("log probabilities",),
        )
        for r in ("mean", "sum", "none")
        for targets, steps, options in [
            (PADDED, [6, 6, 6, 6], {}),
            (FLAT, [6, 5, 2, 3], {}),
            (PADDED, [2, 2, 1, 0], {"zero_infinity": True}),
        ]
    ],
    Loss(
        "CTCLoss",
        {"blank": 3, "reduction": "sum"},
        (6, 2, 4),
        "",
        after=([[1, 0, 0], [2, 1, 0]], [6, 4], [3, 2]),
        domains=("log probabilities",),
    ),
    *[
        Loss(
            "CTCLoss",
            {"reduction": r},
            (6, 5),
            "",
            after=([1, 2, 2], steps, length),
            domains=("log probabilities",),
        )
        for r, steps, length in [("mean", 6, 3), ("none", [5], [3])]
    ],
]
