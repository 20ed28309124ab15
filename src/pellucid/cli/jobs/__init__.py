"""Kinds of work, one file each: the commands ask them how data are read and what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pellucid.cli.jobs.base import Job
from pellucid.cli.jobs.images import ImageJob
from pellucid.cli.jobs.samples import Samples
from pellucid.cli.jobs.text import TextJob
from pellucid.cli.jobs.translation import TranslationJob
from pellucid.errors import FormatError, OptionError, choose

__all__ = ["JOBS", "MODEL_NAMES", "Job", "job_for", "job_named"]

# asked in this order; the last takes what is left
JOBS: tuple[Job, ...] = (
    TextJob(),
    TranslationJob(),
    ImageJob(),
    Samples(),
)
MODEL_NAMES = tuple(model for job in JOBS for model in job.models)


def job_for(data: str, given: Mapping[str, Any]) -> Job:
    """The work that is meant by DATA and --model; raises OptionError for an unknown model."""
    job = _job_for(data, given)
    recipe = given.get("recipe")
    if recipe is not None and recipe not in job.recipes:
        raise OptionError(
            f"--recipe {recipe}",
            got=f"work of the kind {job.name!r}, which has one recipe",
            needs="images",
            try_="pellucid train mnist --recipe best",
        )
    return job


def _job_for(data: str, given: Mapping[str, Any]) -> Job:
    model = given.get("model")
    if model is not None:
        choose("--model", model, MODEL_NAMES)
        fitting = [job for job in JOBS if model in job.models]
        return next((job for job in fitting if job.takes(data, given)), fitting[0])
    return next(job for job in JOBS if job.takes(data, given))


def job_named(name: str) -> Job:
    """The work that a run's folder notes."""
    for job in JOBS:
        if job.name == name:
            return job
    raise FormatError("run", got=f"work of the kind {name!r}", needs="a kind that Pellucid knows")
