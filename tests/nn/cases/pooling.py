"""Many neighbouring pixels to one."""

import numpy as np

from .base import Layer, shaped

LINE, IMAGE, VOLUME = (2, 3, 7), (2, 2, 5, 6), (1, 2, 4, 3, 4)
PLACES = np.array([[[[0, 3], [9, 14]], [[1, 7], [13, 15]]]])


def single(kind: str, shape: tuple[int, ...], **options: object) -> Layer:
    """One image without a batch."""
    return Layer(kind, options, shape, batched=False)


LAYERS = [
    *shaped("MaxPool1d", LINE, kernel_size=2),
    single("MaxPool1d", (3, 7), kernel_size=3, stride=2, padding=1, return_indices=True),
    *shaped("MaxPool1d", LINE, kernel_size=3, stride=1, padding=(1,), dilation=2),
    *shaped("MaxPool1d", LINE, kernel_size=2, stride=3, ceil_mode=True, return_indices=True),
    *shaped("MaxPool2d", (2, 3, 4, 4), IMAGE, kernel_size=2),
    *shaped("MaxPool2d", IMAGE, kernel_size=2, return_indices=True),
    *shaped("MaxPool2d", IMAGE, kernel_size=3, stride=2, padding=1),
    *shaped("MaxPool2d", IMAGE, kernel_size=(3, 2), stride=(1, 2), padding=(1, 0)),
    *shaped("MaxPool2d", IMAGE, kernel_size=2, stride=1, dilation=(2, 3), return_indices=True),
    *shaped("MaxPool2d", IMAGE, kernel_size=(3, 3), stride=1, padding=1, return_indices=True),
    *shaped("MaxPool2d", IMAGE, kernel_size=3, stride=3, padding=1, ceil_mode=True),
    *shaped("MaxPool2d", IMAGE, kernel_size=2, stride=3, ceil_mode=True, return_indices=True),
    single("MaxPool2d", (2, 5, 4), kernel_size=2, stride=(2, 1), return_indices=True),
    *shaped("MaxPool3d", VOLUME, kernel_size=2, return_indices=True),
    *shaped("MaxPool3d", VOLUME, kernel_size=(2, 1, 3), stride=1, padding=(1, 0, 1)),
    single("MaxPool3d", (2, 4, 3, 4), kernel_size=2, stride=2, ceil_mode=True),
    Layer("MaxUnpool1d", {"kernel_size": 2}, (1, 2, 2), more=([[[1, 3], [0, 2]]],)),
    Layer("MaxUnpool2d", {"kernel_size": 2}, (1, 2, 2, 2), more=(PLACES,)),
    Layer(
        "MaxUnpool2d",
        {"kernel_size": (3, 3), "stride": 2, "padding": 1},
        (1, 2, 2, 2),
        more=(PLACES // 2,),
    ),
    Layer("MaxUnpool2d", {"kernel_size": 2}, (2, 2, 2), more=(PLACES[0],), batched=False),
    Layer("MaxUnpool3d", {"kernel_size": (1, 2, 2)}, (1, 2, 1, 2, 2), more=(PLACES[:, :, None],)),
    *shaped("AvgPool1d", LINE, kernel_size=2),
    single("AvgPool1d", (3, 7), kernel_size=3, stride=2, padding=1),
    *shaped("AvgPool1d", LINE, kernel_size=3, stride=2, padding=1, count_include_pad=False),
    *shaped("AvgPool1d", LINE, kernel_size=4, stride=2, padding=2, ceil_mode=True),
    *shaped("AvgPool2d", IMAGE, (2, 3, 4, 4), kernel_size=2),
    *[
        row
        for ceil in (False, True)
        for include in (False, True)
        for row in shaped(
            "AvgPool2d",
            IMAGE,
            kernel_size=(3, 4),
            stride=2,
            padding=(1, 2),
            ceil_mode=ceil,
            count_include_pad=include,
        )
    ],
    *shaped("AvgPool2d", IMAGE, kernel_size=2, stride=1, divisor_override=3),
    *shaped("AvgPool2d", IMAGE, kernel_size=3, stride=2, padding=1, divisor_override=-2),
    *shaped("AvgPool2d", (2, 2, 4, 4), kernel_size=1, stride=3, ceil_mode=True),
    single("AvgPool2d", (2, 5, 6), kernel_size=(5, 2), stride=(1, 2)),
    *shaped("AvgPool3d", VOLUME, kernel_size=2),
    *shaped("AvgPool3d", VOLUME, kernel_size=3, stride=2, padding=1, count_include_pad=False),
    *shaped("AvgPool3d", VOLUME, kernel_size=(2, 3, 2), divisor_override=5, ceil_mode=True),
    *shaped("LPPool1d", LINE, norm_type=2, kernel_size=3),
    *shaped("LPPool1d", (3, 7), norm_type=1, kernel_size=2, stride=3, ceil_mode=True),
    *shaped("LPPool2d", IMAGE, norm_type=2, kernel_size=2),
    *shaped("LPPool2d", IMAGE, norm_type=4.0, kernel_size=(3, 2), stride=(2, 1)),
    *shaped("LPPool2d", IMAGE, norm_type=2, kernel_size=3, stride=2, ceil_mode=True),
    *shaped("LPPool3d", VOLUME, norm_type=2, kernel_size=2),
    *shaped("AdaptiveAvgPool1d", LINE, (2, 3, 6), output_size=3),
    single("AdaptiveAvgPool1d", (3, 7), output_size=9),
    *shaped("AdaptiveAvgPool2d", IMAGE, output_size=1),
    *shaped("AdaptiveAvgPool2d", IMAGE, (1, 2, 4, 3), output_size=(2, 3)),
    *shaped("AdaptiveAvgPool2d", IMAGE, output_size=(None, 4)),
    *shaped("AdaptiveAvgPool2d", IMAGE, output_size=(7, 5)),
    single("AdaptiveAvgPool2d", (2, 5, 6), output_size=3),
    *shaped("AdaptiveAvgPool3d", VOLUME, output_size=(2, 1, 3)),
    *shaped("AdaptiveMaxPool1d", LINE, (2, 3, 6), output_size=3, return_indices=True),
    *shaped("AdaptiveMaxPool2d", IMAGE, output_size=1, return_indices=True),
    *shaped("AdaptiveMaxPool2d", IMAGE, (1, 2, 4, 3), output_size=(2, 3)),
    *shaped("AdaptiveMaxPool2d", IMAGE, output_size=(3, 4), return_indices=True),
    *shaped("AdaptiveMaxPool2d", IMAGE, output_size=(7, None), return_indices=True),
    single("AdaptiveMaxPool2d", (2, 5, 6), output_size=3, return_indices=True),
    *shaped("AdaptiveMaxPool3d", VOLUME, output_size=(2, 2, 3), return_indices=True),
]
