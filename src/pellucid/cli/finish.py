"""What follows the last epoch: the one test, the report, and what to do next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from pellucid.cli.jobs import Job
from pellucid.cli.screen import OUT, facts, line, print_json
from pellucid.data import Split
from pellucid.record import Record, Recorder
from pellucid.report.from_run import write_report
from pellucid.train import Run
from pellucid.train.run import RECORD

__all__ = ["finish", "headline", "tested"]


def finish(
    run: Run, job: Job, parts: Split, console: Console, *, as_json: bool, quiet: bool
) -> None:
    """Test once, write the report, and say where everything is."""
    assert run.folder is not None
    if parts.test is not None and not run.record.of("test"):
        test(run, parts)
    report = write_run_report(run, job, parts)
    if as_json:
        print_json(summary(run, report))
        return
    if quiet:
        line(OUT, f"{run.folder}: {headline(run)}")
        return
    line(console)
    facts(console, [("trained", _trained(run)), *_results(run)])
    line(console)
    facts(console, [("folder", str(run.folder)), ("report", str(report)), *job.next(run)])


def write_run_report(run: Run, job: Job, parts: Split) -> Path:
    """The report, with what this kind of work shows."""
    return write_report(run, parts, job.sections(run, parts))


def test(run: Run, parts: Split) -> None:
    """Measure the best weights on the test part and write the figures into the record."""
    assert parts.test is not None and run.folder is not None
    figures = run.evaluate(parts.test)
    with Recorder(run.folder / RECORD) as recorder:
        recorder.write("test", **{k: v for k, v in figures.items() if not isinstance(v, list)})
        run.record = Record.read(run.folder / RECORD)


def tested(record: Record) -> dict[str, Any] | None:
    """The figures of the test, or None where there was none."""
    events = record.of("test")
    if not events:
        return None
    return {k: v for k, v in events[-1].items() if k not in ("event", "time")}


def headline(run: Run) -> str:
    """The one figure that counts, in words."""
    figures = tested(run.record)
    if figures is None:
        event = run.record.kept
        part = "validation" if "validation_loss" in event else "training"
        figures = {k.partition("_")[2]: v for k, v in event.items()}
        return f"{run.problem.kind.said(figures)} on the {part} part"
    return f"{run.problem.kind.said(figures)} on {figures['samples']:,} test samples"


def _trained(run: Run) -> str:
    epochs = run.record.epochs()
    seconds = sum(e["seconds"] for e in epochs)
    words = f"{len(epochs)} epoch{'s' * (len(epochs) != 1)} in {_time(seconds)}"
    stops = run.record.of("stop")
    return words + (f"; stopped early: {stops[-1]['reason']}" if stops else "")


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {seconds % 60:.0f} s"


def _results(run: Run) -> list[tuple[str, str]]:
    event = run.record.kept
    rows = []
    if "validation_loss" in event:
        value = {k.removeprefix("validation_"): v for k, v in event.items() if "validation_" in k}
        said = run.problem.kind.said(value)
        rows.append(("best", f"{said} on the validation part, epoch {event['epoch']}"))
    figures = tested(run.record)
    if figures is not None:
        rows.append(("test", headline(run)))
    elif "validation_loss" not in event:
        rows.append(("result", headline(run)))
    return rows


def summary(run: Run, report: Path) -> dict[str, Any]:
    """The whole result as plain numbers."""
    epochs = run.record.epochs()
    event = run.record.kept
    figures = tested(run.record)
    return {
        "run": run.folder,
        "report": report,
        "task": run.task,
        "epochs": len(epochs),
        "best_epoch": run.record.best_epoch,
        "seconds": sum(e["seconds"] for e in epochs),
        "parameters": sum(p.size for p in run.model.parameters()),
        "seed": run.settings.seed,
        **({"accuracy": figures["accuracy"]} if figures and "accuracy" in figures else {}),
        "train": _part(event, "train_"),
        "validation": _part(event, "validation_"),
        "test": figures,
    }


def _part(event: dict[str, Any], start: str) -> dict[str, Any] | None:
    return {k.removeprefix(start): v for k, v in event.items() if k.startswith(start)} or None
