"""Kinds of work, one file each: the commands ask them how data are read and what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pellucid.cli.configure import option_of
from pellucid.cli.jobs.base import OF_NETWORKS, OF_SAMPLES, Job, kind_of
from pellucid.cli.jobs.images import ImageJob
from pellucid.cli.jobs.pictures import PicturesJob
from pellucid.cli.jobs.samples import Samples
from pellucid.cli.jobs.sentences import SentenceJob
from pellucid.cli.jobs.series import SeriesJob
from pellucid.cli.jobs.text import TextJob
from pellucid.cli.jobs.translation import TranslationJob
from pellucid.cli.source import NAMED
from pellucid.errors import FormatError, OptionError, choose, nearest

__all__ = ["JOBS", "MODEL_NAMES", "Job", "able", "job_for", "job_named", "refuse_strange_network"]

# asked in this order; the last takes what is left
JOBS: tuple[Job, ...] = (
    TextJob(),
    TranslationJob(),
    SeriesJob(),
    SentenceJob(),
    PicturesJob(),
    ImageJob(),
    Samples(),
)
# how data are read, and nothing else
OF_READING = {o for job in JOBS for o in job.reads} - {"model", "augment_noise"}
MODEL_NAMES = tuple(dict.fromkeys(model for job in JOBS for model in job.models))


def job_for(data: str, given: Mapping[str, Any]) -> Job:
    """The work that is meant by DATA and --model.

    Raises OptionError for a set or model that is unknown, a model that cannot learn from such data,
    and an option that says how other data are read.
    """
    job = _job_for(data, given)
    _refuse_unknown(job, data)
    _refuse_strange_options(job, data, given)
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
        found = able(data, given)
        if not found:
            raise _unfit(data, model)
        return found[0]
    return next((job for job in JOBS if job.takes(data, given)), JOBS[-1])


def able(data: str, given: Mapping[str, Any]) -> list[Job]:
    """The works that --model may mean for DATA, the likeliest first."""
    fitting = [job for job in JOBS if given["model"] in job.models]
    found = [job for job in fitting if job.takes(data, given)]
    return found or [job for job in fitting if kind_of(data) in (None, *job.kinds)]


def _refuse_unknown(job: Job, data: str) -> None:
    """Raise OptionError for DATA whose name tells nothing; a text may have any name."""
    if data == "auto" or kind_of(data) is not None or "arrays" not in job.kinds:
        return
    there = Path(data).expanduser().exists()
    raise OptionError(
        "data",
        got=repr(data) + (", a file whose name does not tell what it is" if there else ""),
        needs=f"one of {', '.join(NAMED)}\n{FILES}",
        try_=nearest(data, NAMED, cutoff=0.6),
    )


FILES = (
    "or a file: .txt (a text), .csv (a table; a series, with dates; sentences and classes), .npz\n"
    "or a folder or zip of pictures in class folders, or a folder of IDX files"
)


def _refuse_strange_options(job: Job, data: str, given: Mapping[str, Any]) -> None:
    """Raise OptionError for what would change nothing, since it is for data of another kind."""
    for option in given:
        others = [other.name for other in JOBS if option in (*other.reads, *other.has)]
        if option in (*OF_READING, *OF_SAMPLES) and job.name not in others:
            raise OptionError(
                option_of(option),
                got=f"{data}: work of the kind {job.name!r}, which has no such option",
                needs=" or ".join(others),
            )


def refuse_strange_network(job: Job, model: str, given: Mapping[str, Any]) -> None:
    """Raise OptionError for an option of another network, which would change nothing."""
    own = job.networks[model]
    for option in given:
        if option in OF_NETWORKS and option not in own:
            raise OptionError(
                option_of(option),
                got=f"the network {model}, which has no such option",
                needs=f"of these only {', '.join(map(option_of, own))}" if own else "none of these",
            )


def _unfit(data: str, model: str) -> OptionError:
    kind = kind_of(data)
    models = dict.fromkeys(m for job in JOBS if kind in job.kinds for m in job.models)
    return OptionError(
        f"--model {model}",
        got=f"{data}, which it cannot learn from",
        needs=f"for {kind} one of " + ", ".join(models),
    )


def job_named(name: str) -> Job:
    """The work that a run's folder notes."""
    for job in JOBS:
        if job.name == name:
            return job
    raise FormatError("run", got=f"work of the kind {name!r}", needs="a kind that Pellucid knows")
