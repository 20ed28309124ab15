"""Images in another size, and pixels dealt out to channels."""

from .base import Layer, shaped

LINE, IMAGE, VOLUME = (2, 2, 5), (2, 1, 3, 4), (1, 1, 2, 3, 2)


LAYERS = [
    *[
        row
        for mode in ("nearest", "nearest-exact")
        for row in [
            *shaped("Upsample", LINE, IMAGE, VOLUME, scale_factor=2, mode=mode),
            *shaped("Upsample", LINE, size=3, mode=mode),
            *shaped("Upsample", IMAGE, size=(7, 3), mode=mode),
            *shaped("Upsample", IMAGE, scale_factor=(1.7, 0.6), mode=mode),
            *shaped("Upsample", IMAGE, scale_factor=(2.5, 1.1), mode=mode),
            *shaped("Upsample", VOLUME, size=(1, 5, 3), mode=mode),
        ]
    ],
    *shaped("Upsample", IMAGE, scale_factor=(1.7, 2.6), recompute_scale_factor=True),
    *[
        row
        for corners in (None, True)
        for row in [
            *shaped("Upsample", LINE, size=8, mode="linear", align_corners=corners),
            *shaped("Upsample", LINE, scale_factor=0.5, mode="linear", align_corners=corners),
            *shaped("Upsample", IMAGE, scale_factor=2, mode="bilinear", align_corners=corners),
            *shaped("Upsample", IMAGE, size=(7, 3), mode="bilinear", align_corners=corners),
            *shaped("Upsample", IMAGE, size=(1, 4), mode="bilinear", align_corners=corners),
            *shaped(
                "Upsample", IMAGE, scale_factor=(1.7, 2.3), mode="bilinear", align_corners=corners
            ),
            *shaped("Upsample", VOLUME, size=(3, 2, 4), mode="trilinear", align_corners=corners),
        ]
    ],
    *shaped(
        "Upsample",
        IMAGE,
        scale_factor=(1.7, 1.1),
        mode="bilinear",
        align_corners=False,
        recompute_scale_factor=True,
    ),
    *shaped("Upsample", LINE, size=3, mode="area"),
    *shaped("Upsample", IMAGE, scale_factor=(0.7, 1.5), mode="area"),
    *shaped("UpsamplingNearest2d", IMAGE, scale_factor=3),
    *shaped("UpsamplingNearest2d", IMAGE, size=(4, 6)),
    *shaped("UpsamplingBilinear2d", IMAGE, scale_factor=2),
    *shaped("UpsamplingBilinear2d", IMAGE, size=5),
    *shaped("PixelShuffle", (2, 8, 2, 3), (1, 2, 4, 1, 2), upscale_factor=2),
    Layer("PixelShuffle", {"upscale_factor": 3}, (9, 2, 1), batched=False),
    *shaped("PixelShuffle", (2, 2, 2, 3), upscale_factor=1),
    *shaped("PixelUnshuffle", (2, 1, 4, 6), downscale_factor=2),
    Layer("PixelUnshuffle", {"downscale_factor": 3}, (2, 3, 6), batched=False),
    *shaped("ChannelShuffle", (2, 6, 2, 2), (2, 6, 3), groups=2),
    *shaped("ChannelShuffle", (1, 6, 2, 1), groups=3),
]
