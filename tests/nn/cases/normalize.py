"""Mean 0 and variance 1."""

from .base import IMAGES, ROWS, Layer, shaped

SIGNALS, PLANES, VOLUMES = (3, 4, 5), (3, 4, 2, 3), (2, 4, 2, 1, 3)

LAYERS = [
    *shaped("BatchNorm1d", ROWS, IMAGES, num_features=4),
    *shaped("BatchNorm1d", ROWS, num_features=4, eps=1e-2, momentum=0.3),
    *shaped("BatchNorm1d", ROWS, num_features=4, momentum=None),
    *shaped("BatchNorm1d", ROWS, num_features=4, affine=False),
    *shaped("BatchNorm1d", ROWS, num_features=4, track_running_stats=False),
    *shaped("BatchNorm1d", ROWS, num_features=4, bias=False),
    *shaped("BatchNorm2d", PLANES, (1, 4, 2, 2), num_features=4),
    *shaped("BatchNorm2d", PLANES, num_features=4, eps=1e-2, momentum=0.3),
    *shaped("BatchNorm2d", PLANES, num_features=4, momentum=None),
    *shaped("BatchNorm2d", PLANES, num_features=4, affine=False),
    *shaped("BatchNorm2d", PLANES, num_features=4, track_running_stats=False),
    *shaped("BatchNorm2d", PLANES, num_features=4, bias=False),
    *shaped("BatchNorm3d", VOLUMES, num_features=4),
    *shaped("BatchNorm3d", VOLUMES, num_features=4, affine=False, momentum=0.5),
    *shaped("GroupNorm", ROWS, IMAGES, PLANES, VOLUMES, num_groups=2, num_channels=4),
    *shaped("GroupNorm", PLANES, num_groups=1, num_channels=4, eps=1e-2),
    *shaped("GroupNorm", PLANES, num_groups=4, num_channels=4),
    *shaped("GroupNorm", PLANES, num_groups=2, num_channels=4, affine=False),
    *shaped("GroupNorm", PLANES, num_groups=2, num_channels=4, bias=False),
    *shaped("InstanceNorm1d", SIGNALS, num_features=4),
    *shaped("InstanceNorm1d", SIGNALS, num_features=4, affine=True, eps=1e-2),
    *shaped("InstanceNorm1d", SIGNALS, num_features=4, track_running_stats=True),
    Layer("InstanceNorm1d", {"num_features": 4, "affine": True}, (4, 3), batched=False),
    *shaped("InstanceNorm2d", PLANES, num_features=4),
    *shaped("InstanceNorm2d", PLANES, num_features=4, affine=True),
    *shaped("InstanceNorm2d", PLANES, num_features=4, affine=True, bias=False),
    *shaped("InstanceNorm2d", PLANES, num_features=4, affine=True, track_running_stats=True),
    *shaped("InstanceNorm2d", PLANES, num_features=4, track_running_stats=True, momentum=0.4),
    *shaped("InstanceNorm2d", PLANES, num_features=4, track_running_stats=True, momentum=None),
    *[
        Layer(
            "InstanceNorm2d",
            {"num_features": 4, "affine": True, "track_running_stats": track},
            (4, 2, 3),
            batched=False,
        )
        for track in (False, True)
    ],
    *shaped("InstanceNorm3d", VOLUMES, num_features=4, affine=True),
    *shaped("LayerNorm", (4,), ROWS, (2, 3, 4), normalized_shape=4),
    *shaped("LayerNorm", (2, 3, 4), normalized_shape=(3, 4), eps=1e-2),
    *shaped("LayerNorm", ROWS, normalized_shape=4, elementwise_affine=False),
    *shaped("LayerNorm", ROWS, normalized_shape=4, bias=False),
    *shaped("RMSNorm", (4,), ROWS, (2, 3, 4), normalized_shape=4),
    *shaped("RMSNorm", (2, 3, 4), normalized_shape=(3, 4), eps=1e-2),
    *shaped("RMSNorm", ROWS, normalized_shape=4, elementwise_affine=False),
    *shaped("LocalResponseNorm", (2, 5, 3), (2, 5, 2, 2), size=2, alpha=0.5),
    *shaped("LocalResponseNorm", (2, 5, 2, 2), size=3, alpha=0.9, beta=0.5, k=2.0),
    *shaped("LocalResponseNorm", (2, 3, 1, 2, 2), size=5, alpha=1.0),
]
