"""What was run where: the network, the configuration, the versions, the machine, the command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pellucid.report.findings import Findings
from pellucid.report.markup import escape, fold, number, section, table

__all__ = ["origin"]

_MACHINE = ("pellucid", "numpy", "python", "platform", "cores", "threads", "seed")


def origin(findings: Findings) -> str:
    """The section that says how to get the same run again."""
    start = findings.record.start
    machine = {name: start[name] for name in _MACHINE if start.get(name) is not None}
    machine |= {k: v for k, v in findings.environment.items() if k != "command"}
    config = findings.config or start.get("config") or {}
    return section(
        "origin",
        "What was run where",
        _command(findings.environment.get("command")),
        _layers(start.get("layers")),
        f"<h3>Machine and versions</h3>\n{_list(machine)}" if machine else "",
        fold("The whole configuration", _list(config)),
        _events(findings),
    )


def _command(command: Any) -> str:
    if not command:
        return ""
    return (
        "<p>The same command on the same versions gives the same weights, bit for bit:</p>"
        f"<pre><code>{escape(command)}</code></pre>"
    )


def _layers(layers: Any) -> str:
    if not layers:
        return ""
    rows = [
        [
            f"<code>{escape(layer.get('name', ''))}</code>",
            escape(layer.get("kind", "")),
            _count(layer),
        ]
        for layer in layers
    ]
    return "<h3>The network</h3>\n" + table(["name", "layer", "parameters"], rows, "plain")


def _count(layer: Mapping[str, Any]) -> str:
    return escape(number(layer.get("parameters")))


def _list(values: Mapping[str, Any]) -> str:
    rows = "\n".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in _flat(values, "")
    )
    return f"<dl>\n{rows}\n</dl>" if rows else ""


def _flat(values: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Nested settings as lines: optimizer.lr = 0.1."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{name}.")
        elif isinstance(value, list | tuple):
            yield f"{path}{name}", ", ".join(_plain(v) for v in value) or "none"
        else:
            yield f"{path}{name}", _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _events(findings: Findings) -> str:
    """Interruptions and the reason why it stopped."""
    record = findings.record
    lines = [
        f"Went on after epoch {e.get('epoch')}, step {e.get('step')}." for e in record.of("resume")
    ]
    lines += [f"Stopped: {e.get('reason')}." for e in record.of("stop")]
    if record.cut:
        lines.append("The last line of the record was cut off and has been left out.")
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<h3>What happened</h3><ul>{items}</ul>" if items else ""
