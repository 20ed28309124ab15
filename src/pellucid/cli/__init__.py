"""The command line: `pellucid train digits` and its companions."""

from pellucid.cli.app import main

__all__ = ["main"]
