"""What the figures were measured on, and with which versions."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.drive import ROOT, STEERING, clean_environment

__all__ = ["describe", "short_name"]

PACKAGES = ("numpy", "numba", "torch", "jax", "jaxlib", "scikit-learn", "onnxruntime")
BLAS = """
import json, numpy, threadpoolctl
print(json.dumps([
    " ".join(str(pool.get(k)) for k in ("internal_api", "version", "architecture"))
    for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"
]))
"""


def describe() -> dict[str, Any]:
    """The processor, its cores and load, the system, the versions, and NumPy's BLAS."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_at_start": [round(x, 2) for x in os.getloadavg()],
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "blas": _blas(),
        "versions": {name: v for name in PACKAGES if (v := _version(name))},
        # those of the shell that the measured processes did not see
        "settings_left_aside": sorted(k for k in os.environ if k.startswith(STEERING)),
    }


def short_name(machine: dict[str, Any]) -> str:
    """A name for the folder: the processor and its cores.

    >>> short_name({"processor": "AMD EPYC 9B14 (TM)", "cores": 2})
    'amd-epyc-9b14-2-cores'
    """
    name = re.sub(r"\((r|tm)\)", "", machine["processor"].lower())
    words = re.findall(r"[a-z0-9]+", name)
    return "-".join([*words, str(machine["cores"]), "cores"])


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*: (.+)$", text, flags=re.MULTILINE)
    return found[1] if found else platform.machine()


def _blas() -> list[str]:
    # asked of another process: this one loads no NumPy, so that its children's memory is their own
    answer = subprocess.run(
        [sys.executable, "-c", BLAS],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=clean_environment(),
    )
    return list(json.loads(answer.stdout)) if answer.returncode == 0 else []


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
