"""Tests of pellucid.autograd."""
