"""The benchmark's table, numbers and picture are right on made-up timings, and it runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.claims import claims
from benchmarks.drive import clean_environment, interleave, working
from benchmarks.machine import short_name
from benchmarks.plot import plot
from benchmarks.results import Result
from benchmarks.rows import PEERS, ROWS, SIDE, Peer, product_flops
from benchmarks.spread import Spread
from benchmarks.table import row_lines, table

from benchmarks import processes, run, size

ROW = {row.id: row for row in ROWS}
MACHINE = {
    "processor": "Imagined(R) CPU",
    "cores": 2,
    "memory_gb": 8.0,
    "system": "Linux x86_64",
    "python": "3.12.1",
    "blas": ["openblas 0.3 SkylakeX"],
    "versions": {"numpy": "2.4.0"},
    "load_at_start": [0.1, 0.1, 0.1],
    "settings_left_aside": [],
}


@pytest.fixture
def step() -> Result:
    """Made-up steps: ours take 100 us, the best peer 120, and the floor is 50 with two threads."""
    result = Result.of(ROW["b128-sgd"])
    large = 50e-6 * 2 * SIDE**3 / product_flops(128)  # seconds of a product at the floor's rate
    result.add("NumPy sgemm", "floor", 1, [2 * large])
    result.add("NumPy sgemm", "floor", 2, [large])
    result.add("Pellucid fused", "ours", 1, [90e-6, 100e-6, 140e-6])
    result.add("Pellucid fused", "ours", 2, [200e-6] * 3)
    result.add("JAX jit", "peer", 1, [120e-6] * 3)
    result.add("PyTorch eager", "peer", 2, [300e-6] * 3)
    result.left_out = ["torch.compile: torch is not installed"]
    return result


def test_a_spread_is_of_quarters():
    assert Spread.of([5, 1, 4, 2, 3]) == Spread(1, 2, 3, 4, 5, 5)
    assert Spread.of([7]) == Spread(7, 7, 7, 7, 7, 1)
    assert Spread.of([0.5]).times(1e3).median == 500


def test_the_products_of_a_step_are_counted():
    forward = 784 * 128 + 128 * 64 + 64 * 10
    assert product_flops(32) == 2 * 32 * (forward + forward + 128 * 64 + 64 * 10)


def test_each_peer_stands_at_its_best_threads(step):
    assert [(e.peer, e.threads) for e in step.best("ours", "peer")] == [
        ("Pellucid fused", 1),
        ("JAX jit", 1),
        ("PyTorch eager", 2),
    ]
    assert step.best_peer().peer == "JAX jit"
    assert step.floor() == pytest.approx({1: 100, 2: 50})


def test_the_table_says_it_all(step):
    lines = row_lines(step)
    ours = next(line for line in lines if "Pellucid fused" in line).split()
    assert ours[2:9] == ["1", "100", "90", "95", "-", "120", "140"]
    assert ours[9:] == ["0.83", "50", "%", "with", "2:", "200"]
    assert "  left out: torch.compile: torch is not installed" in lines
    assert any(line.startswith("  floor, by threads: 100 with 1") for line in lines)
    assert [line.split()[0] for line in lines[2:5]] == ["Pellucid", "JAX", "PyTorch"]


def test_claims_hold_or_do_not(step):
    (share,) = claims([step])
    assert (share.found, share.holds) == (pytest.approx(50), False)
    faster = Result.of(ROW["b64-adam"])
    faster.entries = step.entries
    (claim,) = [c for c in claims([faster]) if c.wanted == 1.3]
    assert claim.text == "b64-adam: Pellucid fused against JAX jit"
    assert (claim.found, claim.holds) == (pytest.approx(1.2), False)


def test_memory_is_held_against_a_limit():
    memory = Result.of(ROW["memory"])
    memory.add("Pellucid command", "ours", 0, [290.0, 310.0, 280.0])
    (claim,) = claims([memory])
    assert (claim.found, claim.sense, claim.holds) == (290.0, "at most", True)


def test_numbers_and_picture_are_kept(step, tmp_path):
    plot([step, Result.of(ROW["predict"])], tmp_path / "figures.svg")
    assert 1_000 < (tmp_path / "figures.svg").stat().st_size < 200_000
    content = json.loads(json.dumps(step.to_json()))
    assert content["best_peer"] == "JAX jit"
    assert content["entries"][2]["raw"] == [90.0, 100.0, 140.0]
    text = table(MACHINE, [step], claims([step]))
    assert text.startswith("Imagined(R) CPU, 2 cores, 8 GB\n")
    assert "NO  b128-sgd" in text
    assert short_name(MACHINE) == "imagined-cpu-2-cores"


def test_a_busy_machine_is_said(step):
    assert "not to be relied on" in table(MACHINE | {"load_at_start": [1.5, 1, 1]}, [step], [])
    assert "not to be relied on" not in table(MACHINE, [step], [])


def test_settings_of_the_shell_are_left_aside(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("MKL_NUM_THREADS", "7")
    environment = clean_environment(2)
    assert "OPENBLAS_CORETYPE" not in environment
    assert environment["MKL_NUM_THREADS"] == environment["OPENBLAS_NUM_THREADS"] == "2"
    assert "OPENBLAS_NUM_THREADS" not in clean_environment()


def test_a_peer_that_is_missing_or_fails_is_left_out_and_named():
    peers = [
        Peer("Nobody", "nobody_peer", "", ("step",), threads=(1,)),
        Peer("Wrong", "sklearn_peer", "", ("step",), threads=(1,)),
        Peer("Products", "numpy_peer", "products", ("step",), threads=(1,)),
    ]
    with working(peers) as workers:
        seconds, left_out = interleave(workers, ROW["b32-sgd"], 2, lambda text: None)
    assert [(w.peer.label, len(values)) for w, values in seconds] == [("Products", 2)]
    assert left_out[0] == "Nobody: benchmarks.peers.nobody_peer is not installed"
    assert left_out[1].startswith("Wrong: ")


def test_processes_are_timed_in_turn():
    python = sys.executable
    good = processes.Command("good", [python, "-c", "print('{\"seed\": SEED}')"])
    bad = processes.Command("bad", [python, "-c", "raise SystemExit('no such thing')"])
    absent = processes.Command("absent", [python], needs="no_such_module")
    taking, left_out = processes.measure([good, bad, absent], 2, lambda text: None)
    assert taking == [good]
    assert good.said == [{"seed": 0}, {"seed": 1}]
    assert len(good.seconds) == len(good.megabytes) == 2
    assert left_out == ["absent: no_such_module is not installed", "bad: no such thing"]


def test_what_a_package_needs_is_counted_once():
    found = size.needed("pellucid")
    assert len(found) == len(set(found))
    assert {"pellucid", "numpy"} <= set(found)
    own, total = size.installed_megabytes("pellucid")
    assert 0 < own < total
    with pytest.raises(ModuleNotFoundError, match="no-such-package is not installed"):
        size.installed_megabytes("no-such-package")


def test_every_peer_does_something_that_is_measured():
    kinds = {row.kind for row in ROWS}
    assert all(set(peer.does) <= kinds for peer in PEERS)
    assert len({peer.label for peer in PEERS}) == len(PEERS)


def test_the_command_runs_without_peers(tmp_path, capsys):
    only = ["--only", "b32-sgd", "--only", "predict"]
    run.main(["--quick", "--ours-only", "--rounds", "1", *only, "--out", str(tmp_path)])
    content = json.loads((tmp_path / "results.json").read_text())
    assert [row["id"] for row in content["rows"]] == ["b32-sgd", "predict"]
    entries = {(e["peer"], e["threads"]) for row in content["rows"] for e in row["entries"]}
    assert {("Pellucid eager", 1), ("Pellucid program", 1)} <= entries
    assert not any(e["role"] == "peer" for row in content["rows"] for e in row["entries"])
    assert "Pellucid program" in (tmp_path / "table.txt").read_text()
    assert (tmp_path / "figures.svg").exists()
    assert f"kept in {tmp_path}" in capsys.readouterr().out
