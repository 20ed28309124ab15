"""Mean 0 and variance 1."""

from .base import IMAGES, ROWS, shaped

LAYERS = [
    *shaped("BatchNorm1d", ROWS, IMAGES, num_features=4),
    *shaped("BatchNorm1d", ROWS, num_features=4, eps=1e-2, momentum=0.3),
    *shaped("BatchNorm1d", ROWS, num_features=4, momentum=None),
    *shaped("BatchNorm1d", ROWS, num_features=4, affine=False),
    *shaped("BatchNorm1d", ROWS, num_features=4, track_running_stats=False),
    *shaped("LayerNorm", (4,), ROWS, (2, 3, 4), normalized_shape=4),
    *shaped("LayerNorm", (2, 3, 4), normalized_shape=(3, 4), eps=1e-2),
    *shaped("LayerNorm", ROWS, normalized_shape=4, elementwise_affine=False),
    *shaped("LayerNorm", ROWS, normalized_shape=4, bias=False),
]
