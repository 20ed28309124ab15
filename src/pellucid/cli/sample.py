"""`pellucid sample`: a network that learnt a text writes on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.jobs import Job
from pellucid.cli.opened import job_of, source_of
from pellucid.cli.screen import OUT, print_json
from pellucid.errors import RunError
from pellucid.models import BERT
from pellucid.models.sampling import Sampler
from pellucid.train import Run, load

__all__ = ["app"]

EPILOG = """
[bold]Examples[/bold]

\b
pellucid sample runs/tinyshakespeare-1
pellucid sample runs/tinyshakespeare-1 --prompt "ROMEO:" --length 500 --temperature 0.7 --top-k 10
pellucid sample runs/names-1 --count 20
"""

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


@app.command(epilog=EPILOG)
def sample(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    prompt: Annotated[
        str | None, typer.Option(help="What to go on from; else an empty page.")
    ] = None,
    length: Annotated[int, typer.Option(min=1, help="Characters to write, at most.")] = 400,
    temperature: Annotated[
        float, typer.Option(help="Below 1 more careful, above 1 bolder, 0 always the likeliest.")
    ] = 0.8,
    top_k: Annotated[
        int | None, typer.Option(help="Draw from so many of the likeliest characters only.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many texts.")] = 1,
    seed: Annotated[int, typer.Option(help="Same seed, same text.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """Let a network that learnt a text write on.

    From a beginning, a character at a time, each drawn by the probabilities that it gives.
    """
    loaded, job = load(run), job_of(run)
    _refuse_other_kinds(run, job, loaded)
    lines = bool(source_of(run).options.get("lines"))
    sampler = Sampler(loaded.model, loaded.classes)
    texts = [
        sampler.write(
            sampler.empty_page if prompt is None else prompt,
            length,
            temperature=temperature,
            top_k=top_k,
            stop="\n" if lines else None,
            key=(seed, "sample", k),
        )
        for k in range(count)
    ]
    found = [((prompt or "") + text).strip("\n") for text in texts]
    if json:
        print_json({"run": run, "prompt": prompt, "texts": found})
        return
    for text in found:
        OUT.print(text, markup=False, highlight=False, soft_wrap=True)


def _refuse_other_kinds(run: Path, job: Job, loaded: Run) -> None:
    if job.name != "text":
        raise RunError(
            f"run {run}",
            got=f"a run of another kind ({loaded.problem.kind.title})",
            needs="a network that learnt a text",
            try_="pellucid train FILE.txt",
        )
    if isinstance(loaded.model, BERT):
        raise RunError(
            f"run {run}",
            got="a BERT, which looks both ways and cannot write on",
            needs="a network that foresees the next character: rnn, lstm, gru or gpt",
            try_=f'pellucid fill {run} "to be or ___ to be"',
        )
