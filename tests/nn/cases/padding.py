"""Places around an image."""

from .base import Layer, shaped

LINE, IMAGE, VOLUME = (2, 2, 4), (2, 1, 3, 4), (1, 1, 3, 3, 2)
MODES = ("Reflection", "Replication", "Circular")


def single(kind: str, shape: tuple[int, ...], **options: object) -> Layer:
    """One image without a batch."""
    return Layer(kind, options, shape, batched=False)


LAYERS = [
    *shaped("ZeroPad1d", LINE, (3, 4), padding=2),
    *shaped("ZeroPad2d", IMAGE, padding=1),
    *shaped("ZeroPad2d", IMAGE, padding=(1, 0, -1, 2)),
    *shaped("ZeroPad3d", VOLUME, padding=1),
    *shaped("ConstantPad1d", LINE, padding=(3, 1), value=2.5),
    *shaped("ConstantPad2d", IMAGE, padding=(0, 2, 1, 0), value=-1.0),
    single("ConstantPad2d", (2, 3, 4), padding=(-1, -1, 2, 1), value=3.0),
    *shaped("ConstantPad3d", VOLUME, padding=(1, 0, 0, 2, 1, 1), value=0.5),
    *[
        row
        for mode in MODES
        for row in [
            *shaped(f"{mode}Pad1d", LINE, padding=2),
            *shaped(f"{mode}Pad1d", LINE, padding=(0, 3)),
            *shaped(f"{mode}Pad1d", LINE, padding=(-1, 2)),
            single(f"{mode}Pad1d", (2, 4), padding=(3, -1)),
            *shaped(f"{mode}Pad2d", IMAGE, padding=1),
            *shaped(f"{mode}Pad2d", IMAGE, padding=(3, 0, 1, 2)),
            single(f"{mode}Pad2d", (2, 3, 4), padding=(-1, 2, 2, -1)),
            *shaped(f"{mode}Pad3d", VOLUME, padding=1),
            single(f"{mode}Pad3d", (1, 3, 3, 2), padding=(1, 0, 2, 1, 0, 2)),
        ]
    ],
    *shaped("ReplicationPad1d", LINE, padding=(5, 6)),
    *shaped("CircularPad1d", LINE, padding=4),
]
