"""Files that travel: weights as safetensors, which hold numbers and never code."""

from pellucid.interop.weights import load_arrays, load_weights, save, save_arrays

__all__ = ["load_arrays", "load_weights", "save", "save_arrays"]
