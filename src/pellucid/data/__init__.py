"""Data: sets to learn from, splits, preparation, mini-batches and augmentation.

    data = load("digits")                            # or mnist, a toy set, a CSV file ...
    train, validation, test = split(data, seed=0)
    prepare = Preparation.fit(train, flatten=True)   # from the training part alone
    loader = DataLoader(train.x, train.y, 64, prepare=prepare.transform)
    for x, y in loader:                              # x (64, 64) float32, y (64,) int64
        ...

Sets:       load, available, info, digits, toy, from_arrays; Data and its Column, Arrays
Splits:     split and its Split, folds, stratified_folds
Numbers:    Preparation, StandardScaler, MinMaxScaler, one_hot
Batches:    DataLoader, Augment
New inputs: prepare_digit (a picture of a digit), read_rows (rows of a CSV file)
"""

from __future__ import annotations

from pellucid.data.arrays import Arrays
from pellucid.data.augment import Augment
from pellucid.data.base import Column, Data, from_arrays
from pellucid.data.catalogue import Listed, available, info, load
from pellucid.data.csv_file import read_rows
from pellucid.data.digit_image import prepare_digit
from pellucid.data.digits import digits
from pellucid.data.loader import DataLoader
from pellucid.data.prepare import Preparation
from pellucid.data.scalers import MinMaxScaler, StandardScaler, one_hot
from pellucid.data.split import Split, folds, split, stratified_folds
from pellucid.data.toy import toy

__all__ = [
    "Arrays",
    "Augment",
    "Column",
    "Data",
    "DataLoader",
    "Listed",
    "MinMaxScaler",
    "Preparation",
    "Split",
    "StandardScaler",
    "available",
    "digits",
    "folds",
    "from_arrays",
    "info",
    "load",
    "one_hot",
    "prepare_digit",
    "read_rows",
    "split",
    "stratified_folds",
    "toy",
]
