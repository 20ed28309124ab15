"""Tests of pellucid.nn."""
