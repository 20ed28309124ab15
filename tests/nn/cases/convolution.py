"""Convolutions, transposed ones, and windows as columns."""

from itertools import product

from .base import Layer, shaped, together

TINY = {"in_channels": 2, "out_channels": 3, "kernel_size": 3}
WIDE = {"in_channels": 4, "out_channels": 6, "kernel_size": (3, 2)}

LAYERS = [
    # over two axes: every option by itself, then together
    *shaped("Conv2d", (2, 2, 4, 4), **TINY),
    Layer("Conv2d", TINY, (2, 4, 3), batched=False),
    *[
        Layer("Conv2d", {**TINY, **options}, (2, 2, 4, 3))
        for options in [
            {"stride": 2},
            {"stride": (1, 3), "padding": (2, 1)},
            {"padding": "same"},
            {"padding": "valid", "bias": False},
            {"kernel_size": (2, 3), "padding": "same", "dilation": (2, 1)},
            {"kernel_size": 1},
            {"kernel_size": 1, "stride": 2, "padding": 1},
            {"dilation": (1, 2), "padding": (0, 1)},
            {"out_channels": 4, "groups": 2},
            {"out_channels": 2, "groups": 2},
        ]
    ],
    *[
        Layer(
            "Conv2d",
            {**WIDE, "stride": s, "padding": p, "dilation": d, "groups": g, "bias": g > 1},
            (1, 4, 5, 4),
        )
        for s, p, d, g in product(((1, 1), (2, 1)), (0, (1, 2)), (1, (2, 1)), (1, 2))
    ],
    *[
        Layer("Conv2d", {**TINY, "padding": p, "padding_mode": mode, **more}, (1, 2, 4, 5))
        for mode in ("reflect", "replicate", "circular")
        for p, more in [((1, 2), {}), ("same", {"kernel_size": 2}), (2, {"stride": 2})]
    ],
    *shaped("Conv2d", (1, 4, 4, 3), in_channels=4, out_channels=8, kernel_size=3, groups=4),
    *shaped("Conv2d", (2, 1, 4, 4), in_channels=1, out_channels=2, kernel_size=3, padding=1),
    # over one and three axes
    *shaped("Conv1d", (2, 2, 5), **TINY),
    Layer("Conv1d", TINY, (2, 5), batched=False),
    *[
        Layer("Conv1d", {**TINY, **options}, (2, 2, 7))
        for options in [
            {"stride": 2, "padding": 1, "bias": False},
            {"dilation": 3, "padding": "same"},
            {"out_channels": 2, "groups": 2, "stride": 2, "padding": 2},
            {"padding": 3, "padding_mode": "circular"},
            {"padding": (2,), "padding_mode": "reflect", "dilation": 2},
        ]
    ],
    *shaped("Conv3d", (2, 2, 3, 2, 2), in_channels=2, out_channels=2, kernel_size=2),
    Layer(
        "Conv3d",
        {"in_channels": 2, "out_channels": 2, "kernel_size": (2, 1, 2), "padding": "same"},
        (2, 2, 2, 3),
        batched=False,
    ),
    *[
        Layer(
            "Conv3d",
            {"in_channels": 2, "out_channels": 2, "kernel_size": (2, 1, 2), **options},
            (1, 2, 3, 2, 3),
        )
        for options in [
            {"stride": (1, 2, 1), "padding": (1, 0, 1), "groups": 2},
            {"dilation": (2, 1, 1), "padding": (0, 1, 2), "padding_mode": "replicate"},
        ]
    ],
    # transposed
    *shaped("ConvTranspose2d", (2, 2, 2, 3), **TINY),
    Layer("ConvTranspose2d", TINY, (2, 3, 2), batched=False),
    *[
        Layer("ConvTranspose2d", {**TINY, **options}, (2, 2, 3, 2))
        for options in [
            {"stride": 2, "padding": 1, "output_padding": 1},
            {"stride": (1, 3), "output_padding": (0, 2), "bias": False},
            {"kernel_size": (2, 1), "dilation": (3, 1), "output_padding": (2, 0)},
            {"padding": 1, "dilation": 2},
            {"out_channels": 4, "groups": 2, "stride": 2},
            {"out_channels": 2, "groups": 2, "stride": 2, "padding": (1, 0)},
            {"kernel_size": 1},
        ]
    ],
    *shaped("ConvTranspose1d", (2, 2, 3), **TINY),
    *shaped("ConvTranspose1d", (2, 2, 3), **TINY, stride=3, padding=1, output_padding=1),
    Layer("ConvTranspose1d", {**TINY, "dilation": 2}, (2, 3), batched=False),
    *shaped("ConvTranspose3d", (1, 2, 2, 1, 2), in_channels=2, out_channels=1, kernel_size=2),
    *shaped(
        "ConvTranspose3d",
        (1, 2, 2, 1, 2),
        in_channels=2,
        out_channels=2,
        kernel_size=2,
        stride=(2, 1, 2),
        padding=(1, 0, 0),
        output_padding=(1, 0, 1),
        groups=2,
    ),
    # windows as columns
    *[
        Layer(kind, {**size, "kernel_size": (2, 3), **options}, shape, batched=len(shape) != rank)
        for kind, size, rank, shapes in [
            ("Unfold", {}, 3, [(2, 1, 4, 5), (2, 4, 5), (1, 2, 4, 5), (2, 1, 4, 5)]),
            ("Fold", {"output_size": (4, 5)}, 2, [(2, 6, 9), (12, 9), (1, 12, 9), (2, 6, 9)]),
        ]
        for shape, options in zip(
            shapes,
            [
                {},
                {"dilation": 1},
                {"stride": 2, "padding": (1, 1)},
                {"dilation": (1, 2), "padding": (0, 1)},
            ],
            strict=True,
        )
    ],
    # a network
    together(
        (2, 1, 4, 4),
        ("Conv2d", {"in_channels": 1, "out_channels": 3, "kernel_size": 3, "padding": 1}),
        ("ReLU", {}),
        ("Conv2d", {"in_channels": 3, "out_channels": 2, "kernel_size": 2, "stride": 2}),
        ("Tanh", {}),
        ("ConvTranspose2d", {"in_channels": 2, "out_channels": 2, "kernel_size": 2, "stride": 2}),
        ("Flatten", {}),
        ("Linear", {"in_features": 32, "out_features": 2}),
    ),
]
