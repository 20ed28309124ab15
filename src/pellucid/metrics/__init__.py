"""How good the predictions are: scikit-learn's figures, names and argument order, in plain NumPy.

The truth comes first, the predictions second. Shapes that differ are refused, never broadcast.
"""

from __future__ import annotations

from pellucid.metrics.classification import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    precision_score,
    recall_score,
)
from pellucid.metrics.probability import log_loss, roc_auc_score
from pellucid.metrics.regression import (
    mean_absolute_error,
    mean_squared_error,
    r2_score,
    root_mean_squared_error,
)
from pellucid.metrics.summary import (
    Summary,
    classification_report,
    regression_report,
    summarise,
)

__all__ = [
    "Summary",
    "accuracy_score",
    "balanced_accuracy_score",
    "classification_report",
    "confusion_matrix",
    "f1_score",
    "log_loss",
    "mean_absolute_error",
    "mean_squared_error",
    "precision_score",
    "r2_score",
    "recall_score",
    "regression_report",
    "roc_auc_score",
    "root_mean_squared_error",
    "summarise",
]
