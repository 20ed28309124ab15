"""Tests of pellucid.ops."""
