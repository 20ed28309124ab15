"""A run as files that train and predict with nothing but NumPy."""

from pellucid.standalone.predict_file import write_predict
from pellucid.standalone.step_file import write_step

__all__ = ["write_predict", "write_step"]
