"""Samples one by one: digits, images, the rows of a table; their class, or a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.cli.jobs.base import OF_SAMPLES, Job, Progress, kind_of
from pellucid.cli.plan import Plan, describe_data, describe_network, make_plan
from pellucid.cli.recipes import recipe_for
from pellucid.cli.source import fingerprint
from pellucid.train import Run

if TYPE_CHECKING:
    from pellucid.cli.choices import Choices
    from pellucid.cli.source import Source

__all__ = ["Samples"]


class Samples(Job):
    """A data set of pellucid.data: classes or numbers for samples."""

    name = "samples"
    networks: ClassVar = {"mlp": ("layers", "activation", "init", "dropout", "batch_norm")}
    has = OF_SAMPLES  # loading refuses those that the set does not have
    reads = ("resize", "skip_broken")
    kinds: ClassVar[tuple[str, ...]] = ("pictures", "arrays", "tables")

    def takes(self, data: str, given: Mapping[str, Any]) -> bool:
        return kind_of(data) in (None, *self.kinds)

    def load(self, source: Source, progress: Progress | None = None) -> Any:
        return source.load(progress)

    def fingerprint(self, data: Any) -> str:
        return fingerprint(data)

    def split(self, source: Source, data: Any) -> Any:
        return source.split(data)

    def recipe(self, data: Any, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        return recipe_for(data)

    def plan(self, choices: Choices, data: Any, parts: Any) -> Plan:
        return make_plan(choices, parts)

    def described(self, data: Any, parts: Any) -> str:
        return describe_data(data, parts)

    def network(self, plan: Plan) -> str:
        return describe_network(plan)

    def next(self, run: Run) -> list[tuple[str, str]]:
        preparation = run.problem.preparation
        table = preparation is not None and bool(preparation.columns)
        file = "rows.csv" if table else "PICTURE.png"
        return [("next", f"pellucid predict {run.folder} {file}")]
