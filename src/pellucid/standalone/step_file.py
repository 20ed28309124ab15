"""step.py: a run's training, written out, with nothing but NumPy."""

from __future__ import annotations

import ast
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid import durable, interop
from pellucid.data import Data, DataLoader
from pellucid.errors import RunError
from pellucid.nn import Module
from pellucid.nn.norm import BatchNorm
from pellucid.optim import Optimizer, ReduceLROnPlateau
from pellucid.program import Program
from pellucid.program.settings import label_of, numbers_of, of_group, setting
from pellucid.standalone.preparing import augment_source, constants, prepare_images
from pellucid.standalone.unpacking import change_source, packed
from pellucid.train import Run
from pellucid.train.parts import Source, make_part
from pellucid.train.run import INITIAL, build_model, read_config
from pellucid.train.task import IGNORED, Tokens

__all__ = ["write_step"]

Array = NDArray[Any]
SHORT_TABLE = 12  # values of a schedule that stand in the file itself

GENERATOR = '''
def generator(*key):
    """Random numbers that depend on the key alone, as in the run."""
    words = [zlib.crc32(k.encode()) if isinstance(k, str) else k for k in key]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))
'''.strip()

MAIN = """
if __name__ == "__main__":
    for epoch, loss in enumerate(train(), start=1):
        print(f"epoch {epoch:>3}  loss {loss}", flush=True)
""".strip()


def write_step(run: Run, train: Source, path: str | Path) -> list[Path]:
    """Write a file that trains as the run did, and beside it its data: ``<name>_data.npz``.

    ``train`` is the training part that the run had. The losses that the file prints, one an epoch,
    are the run's own to the last bit. Returns the files written. Raises RunError for a run whose
    start was not kept, or that was given its own loss, optimizer or schedule.
    """
    path = Path(path)
    retold = _Retold.of(run, train)
    beside = path.with_name(f"{path.stem}_data.npz")
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **retold.arrays)
    text = _File(retold, path, beside).text()
    durable.write_bytes(beside, stream.getvalue())
    durable.write_text(path, text)
    return [path, beside]


@dataclass
class _Retold:
    """A run set up again as it was before its first step."""

    run: Run
    program: Program
    source: str
    loader: DataLoader
    settings: dict[str, Any]  # of the optimizer: a number, or an array with one for each step
    arguments: list[str]  # of the written step
    first: list[float]  # what the optimizer's memories hold before the first step
    arrays: dict[str, Array]
    unpack: str  # source of a function that makes x and y of the arrays; empty where they are there
    change: str  # source of what changes the x and y of a batch together; empty where nothing does
    epochs: int
    threads: int
    maximum: float | None

    @classmethod
    def of(cls, run: Run, train: Source) -> _Retold:
        """Build what ``fit`` built."""
        model, optimizer_of = _start(run), run.settings.build_optimizer
        run.settings.hold(model)
        settings, problem = run.settings, run.problem
        part = make_part("training", train, problem)
        loader = DataLoader(
            part.x,
            part.y,
            settings.batch_size or min(64, len(part)),
            shuffle=settings.shuffle,
            seed=settings.seed,
            prepare=part.prepare,
            change=part.change,
            join_last=any(isinstance(m, BatchNorm) for m in model.modules()),
            steps=settings.steps,
        )
        losses = settings.build_loss(problem.task, problem.columns, part.y)
        optimizer = optimizer_of(model)
        epochs = len(run.record.epochs()) or settings.epochs
        schedule = settings.build_schedule(optimizer, len(loader))
        initial = {name: t.copy() for name, t in model.state_dict().items()}
        # a buffer that is not saved, such as the places of a Transformer, is needed all the same
        initial |= {n: b.data.copy() for n, b in model.named_buffers() if n not in initial}
        x, y = next(loader.batches(0))
        changes = settings.changes
        program = Program(model, losses.train, optimizer, x, y, changes)
        source = program.source  # before the schedule moves what it says of the optimizer
        arguments = _arguments(source)
        names = [a for a in arguments if a not in ("weights", "memory", "buffers", "x", "y", "rng")]
        first = _first(program)
        told = _told(run, optimizer, schedule, names, len(loader), epochs)
        trace = program.step.trace
        given = {**trace.parameters, **trace.buffers}
        arrays, unpack = packed(train, part)
        change = change_source(train)
        arrays |= {name.line.label: initial[path] for path, name in given.items()}
        arrays |= {f"{n}_by_step": v for n, v in told.items() if np.ndim(v) and not _short(v)}
        maximum = train.maximum if isinstance(train, Data) else None
        start = run.record.start or {}
        threads = int(start.get("threads") or 1)
        return cls(
            run,
            program,
            source,
            loader,
            told,
            arguments,
            first,
            arrays,
            unpack,
            change,
            epochs,
            threads,
            maximum,
        )


def _start(run: Run) -> Module:
    """The network with the weights that the run began with."""
    if run.folder is None:
        raise RunError("step file", got="a run without a folder", needs="fit(..., out=folder)")
    config = read_config(run.folder)
    if config.get("objects"):
        raise RunError(
            f"run {run.folder}",
            got="its own " + ", ".join(config["objects"]),
            needs="a loss, an optimizer and a schedule chosen by name",
            try_="pellucid.write(model, loss, optimizer, batch).save(path)",
        )
    if not (run.folder / INITIAL).exists():
        raise RunError(
            f"run {run.folder}",
            got=f"no {INITIAL}: the weights it began with were not kept",
            needs="a run of this version of Pellucid",
            try_=f"train again; or pellucid write {run.folder} --inference",
        )
    model = build_model(config)
    interop.load_weights(model, run.folder / INITIAL)
    return model.train()


def _arguments(source: str) -> list[str]:
    """The arguments of the function ``step``."""
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    step = next(f for f in functions if f.name == "step")
    return [a.arg for a in step.args.args]


def _first(program: Program) -> list[float]:
    """What each memory of the optimizer holds before the first step, everywhere the same."""
    update, optimizer = program.step.update, program.optimizer
    W = np.zeros(2, program.memory.parameters[0].dtype)
    group = optimizer.param_groups[0]
    return [optimizer.first(slot, W, group).flat[0].item() for slot in update.slots.values()]


def _told(
    run: Run, optimizer: Optimizer, schedule: Any, names: list[str], steps: int, epochs: int
) -> dict[str, Any]:
    """Each setting of the optimizer: a number, or one number a step where it moves."""
    groups = optimizer.param_groups
    states: list[dict[str, Any]] = [{} for _ in groups]  # the numbers of the step before
    moving = schedule is not None or any(of_group(name)[0] in optimizer.told for name in names)
    rows = []
    for t in range(epochs * steps if moving else 1):
        if isinstance(schedule, ReduceLROnPlateau):  # it went by results, which the record knows
            rate = run.record.epochs()[t // steps]["lr"]
            if rate != groups[0]["lr"]:
                schedule._reduce(groups)  # all groups alike; the record tells of the first
                groups[0]["lr"] = rate
        states = [numbers_of(optimizer, *pair) for pair in zip(groups, states, strict=True)]
        rows.append(
            {name: _told_now(groups, states, name) for name in names if of_group(name)[0] != "t"}
        )
        if schedule is not None and not isinstance(schedule, ReduceLROnPlateau):
            schedule.step()
    told: dict[str, Any] = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        told[name] = values[0] if len(set(values)) == 1 else np.array(values)
    return told


def _told_now(groups: list[Any], states: list[dict[str, Any]], label: str) -> Any:
    """What a setting of a group is in the step at hand."""
    name, k = of_group(label)
    numbers = {label_of(number): value for number, value in states[k].items()}
    return numbers[name] if name in numbers else setting(groups[k], name)


def _changes(values: Array) -> list[tuple[int, float]]:
    """(step, value) wherever the value changes, steps counted from 0."""
    starts = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist()]
    return [(k, values[k].item()) for k in starts]


def _short(values: Array) -> bool:
    return len(_changes(values)) <= SHORT_TABLE


class _File:
    """Puts the file together: the written step, and the loop around it."""

    def __init__(self, retold: _Retold, path: Path, beside: Path) -> None:
        self.retold, self.path, self.beside = retold, path, beside
        self.trace = retold.program.step.trace
        self.augment = {k: v for k, v in (retold.run.settings.augment or {}).items() if v}

    def text(self) -> str:
        """The whole source."""
        functions = [GENERATOR, *self.preparing(), self.batches(), *self.tables(), self.train()]
        head, step = self.retold.source.split("import numpy as np\n", 1)
        wants_math = head.endswith("import math\n\n")
        head = head.removesuffix("import math\n\n")
        note = self.note(head)
        threads = self.retold.threads
        imports = [
            *(["import math"] if wants_math else []),
            "import os",
            "import zlib",
            "from pathlib import Path",
            "",
            f'os.environ["OPENBLAS_NUM_THREADS"] = "{threads}"  # as in the run, for the same bits',
            "",
            "import numpy as np",
        ]
        head = head.replace("\n\nn is the batch", f"\n{note}\n\nn is the batch", 1)
        parts = [self.constants(), step.strip(), *functions, MAIN]
        return head + "\n".join(imports) + "\n\n" + "\n\n\n".join(parts) + "\n"

    def note(self, head: str) -> str:
        """More lines for the header, in its columns."""
        settings = self.retold.run.settings
        told = [("data", f"{self.beside.name}: the training part, the initial weights")]
        if settings.schedule != "constant" or settings.warmup:
            warm = f", after a rise over {settings.warmup:g} epochs" if settings.warmup else ""
            told.append(("schedule", f"{settings.schedule}{warm}"))
        if settings.engine == "fused":
            told.append(("losses", "the run's to within rounding: it ran in the fused form"))
        text = head[head.index("network") + len("network") :]
        width = max(len("network") + len(text) - len(text.lstrip()), len("schedule") + 2)
        return "\n".join(f"{label:<{width}}{words}" for label, words in told)

    def constants(self) -> str:
        settings, retold = self.retold.run.settings, self.retold
        labels = tuple(name.line.label for name in self.trace.parameters.values())
        out = [
            f"SEED, EPOCHS, BATCH = {settings.seed}, {retold.epochs}, {retold.loader.batch_size}",
            constants("WEIGHTS", labels),
        ]
        if self.steps is not None:
            out.append(f"STEPS = {self.steps}  # of an epoch")
        if self.trace.buffers:
            names = tuple(name.line.label for name in self.trace.buffers.values())
            out.append(constants("BUFFERS", names))
        return "\n".join(out)

    def preparing(self) -> list[str]:
        found = [self.retold.unpack] if self.retold.unpack else []
        if self.retold.change:
            found.append(self.retold.change)
        if self.augment:
            found.append(augment_source(self.augment, self.retold.maximum))
        preparation = self.retold.run.problem.preparation
        if self.retold.loader.prepare is not None:
            assert preparation is not None
            found.append(prepare_images(preparation, self.retold.run.problem.dtype))
        return found

    def batches(self) -> str:
        """The order of the run, written out."""
        settings = self.retold.run.settings
        order = 'generator(SEED, "order", epoch).permutation(len(x))'
        out = [
            "def batches(x, y, epoch):",
            '    """The batches of an epoch, in the order in which the run saw them."""',
            f"    order = {order if settings.shuffle else 'np.arange(len(x))'}",
            "    ends = [*range(0, len(x), BATCH), len(x)]",
        ]
        if self.steps is not None:
            out[-1] += "[: STEPS + 1]"
        elif len(self.retold.loader) != -(-self.rows // self.size):
            out.append("    del ends[-2]  # a last batch of one row joins its neighbour")
        out += ["    for k in range(len(ends) - 1):", "        rows = order[ends[k] : ends[k + 1]]"]
        batch = "x[rows]"
        if self.augment:
            batch = f'augment({batch}, generator(SEED, "augment", epoch, k))'
        if self.retold.loader.prepare is not None:
            batch = f"prepare({batch})"
        if self.retold.change:
            out.append('        rng = generator(SEED, "change", epoch, k)')
            return "\n".join([*out, f"        yield change({batch}, y[rows], rng)"])
        return "\n".join([*out, f"        yield {batch}, y[rows]"])

    @property
    def steps(self) -> int | None:
        """The steps of an epoch, where they are fewer than one pass takes."""
        loader = self.retold.loader
        return len(loader) if len(loader) < self.rows // self.size else None

    @property
    def size(self) -> int:
        return self.retold.loader.batch_size

    @property
    def rows(self) -> int:
        return len(self.retold.loader.x)

    def tables(self) -> list[str]:
        """For each setting that moves a few times: the value of step t."""
        found = []
        for name, values in self.retold.settings.items():
            if np.ndim(values) and _short(values):
                table = ", ".join(f"{k}: {v!r}" for k, v in _changes(values))
                found.append(
                    f"{name.upper()} = {{{table}}}  # from step ... on\n\n\n"
                    f"def {name}_at(t):\n"
                    f'    """{name} at step t, counted from 0."""\n'
                    f"    return {name.upper()}[max(k for k in {name.upper()} if k <= t)]"
                )
        return found

    def train(self) -> str:
        """The loop."""
        arguments = self.retold.arguments
        out = [
            "def train():",
            '    """Train from the run\'s initial weights; give the mean loss of each epoch."""',
            f'    with np.load(Path(__file__).with_name("{self.beside.name}")) as saved:',
            "        data = dict(saved)",
            "    weights = [data[name] for name in WEIGHTS]",
        ]
        out += self.memory() if "memory" in arguments else []
        if "buffers" in arguments:
            out.append("    buffers = [data[name] for name in BUFFERS]")
        dealt = 'batches(data["x"], data["y"], epoch)'
        if self.retold.unpack:
            out.append("    texts, following = unpacked(data)")
            dealt = "batches(texts, following, epoch)"
        tokens = isinstance(self.retold.run.problem.kind, Tokens)
        uneven = tokens or self.steps is not None  # epochs do not ask for as many answers as rows
        out += [
            "    t = 0  # steps done",
            "    for epoch in range(EPOCHS):",
            f"        total{', count' if uneven else ''} = 0.0{', 0' if uneven else ''}",
            f"        for x, y in {dealt}:",
        ]
        if "rng" in arguments:
            out[-1:] = [
                f"        for k, (x, y) in enumerate({dealt}):",
                "",
                "            def rng(site, epoch=epoch, k=k):",
                '                return generator(SEED, "step", epoch, k, site)',
                "",
            ]
        out += [f"            loss = step({', '.join(map(self.argument, arguments))})"]
        if len(out[-1]) > 100:
            rows = [f"                {self.argument(a)}," for a in arguments]
            out[-1:] = ["            loss = step(", *rows, "            )"]
        if not uneven:
            out += ["            total += float(loss) * len(x)", "            t += 1"]
            return "\n".join([*out, '        yield total / len(data["x"])'])
        asked = f"int((y != {IGNORED}).sum())  # that count" if tokens else "len(x)"
        out += [
            f"            answers = {asked}",
            "            total += float(loss) * answers",
            "            count += answers",
            "            t += 1",
        ]
        return "\n".join([*out, "        yield total / count"])

    def memory(self) -> list[str]:
        """The optimizer's memories before the first step."""
        trace = self.trace
        moved = [trace.parameters[path].line.label for path in trace.moved]
        in_order = list(trace.moved) == list(trace.parameters)
        source = "weights" if in_order else "moved"
        out = [] if source == "weights" else [f"    moved = [data[n] for n in {moved!r}]"]
        arrays = [
            "np.zeros_like(W)" if not v else f"np.full_like(W, {v!r})" for v in self.retold.first
        ]
        inner = ", ".join(arrays) + ("," if len(arrays) == 1 else "")
        return [*out, f"    memory = [({inner}) for W in {source}]"]

    def argument(self, name: str) -> str:
        """What the loop gives for an argument of the step."""
        if of_group(name)[0] == "t":
            return f"{name}=t + 1"
        if name not in self.retold.settings:
            return name
        value = self.retold.settings[name]
        if not np.ndim(value):
            return f"{name}={value!r}"
        return (
            f"{name}={name}_at(t)" if _short(value) else f'{name}=data["{name}_by_step"][t].item()'
        )
