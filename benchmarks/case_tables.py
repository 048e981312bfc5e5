"""What was measured of single fits, as tables."""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks.agreement import MEANING, TOLERANCE
from benchmarks.measure import WORKS
from benchmarks.page import Table, ratio, seconds
from benchmarks.provenance import runs_in

PEERS = ("lavaan", "semopy", "seminr")


def case_tables(results: dict[str, Any]) -> list[Table]:
    """Return times, first calls and agreement."""
    return [_times(results), _first_calls(results), _agreement(results)]


def speedup(case: dict[str, Any], work: str, peer: str, clock: str = "wall") -> float:
    """Return a peer's median time over clustersem's; NaN where the peer did not finish."""
    theirs = case["warm"].get(peer, {}).get("full" if work == "new" else work)
    if not theirs or not theirs[clock]:
        return float("nan")
    return median(theirs[clock]) / median(case["warm"]["clustersem"][work][clock])


def _times(results: dict[str, Any]) -> Table:
    peers = [peer for peer in PEERS if any(peer in case["warm"] for case in results["cases"])]
    letters = runs_in(results)
    head = ["case", "work", "clustersem", *peers]
    head += [f"{peer} / clustersem" for peer in peers]
    if "lavaan" in peers:
        head.append("lavaan / clustersem, processor time")
    head.append("run")
    rows = []
    for case in results["cases"]:
        for work, own in case["warm"]["clustersem"].items():
            meaning = WORKS[work]
            there = results["runs"][case["run"]]["versions"]
            cells = [_time(own)]
            for peer in peers:
                of_peer = case["warm"].get(peer, {})
                # A peer reads the model's text in every fit, so its full fit stands for both.
                timing = of_peer.get("full" if work == "new" else work)
                cells.append(_time(timing) if peer in there else "not measured")
            cells += [ratio(speedup(case, work, peer)) for peer in peers]
            if "lavaan" in peers:
                cells.append(ratio(speedup(case, work, "lavaan", "cpu")))
            rows.append([case["title"], meaning, *cells, letters[case["run"]]])
    return Table("Median times, warm (number of runs)", head, rows)


def _first_calls(results: dict[str, Any]) -> Table:
    rows = []
    for case in results["cases"]:
        if case["options"]:
            continue
        for engine, cold in case["cold"].items():
            first = seconds(median(cold["wall"])) if cold["wall"] else cold["gave_up"]
            warm = _time(next(iter(case["warm"][engine].values())))
            memory = [f"{cold[kind]:.0f}" if cold["wall"] else "" for kind in ("idle", "peak")]
            rows.append([case["title"], engine, first, warm, *memory])
    head = ["case", "engine", "first full fit of a process", "warm", "MB before", "MB at the peak"]
    return Table("First calls, and memory", head, rows)


def _agreement(results: dict[str, Any]) -> Table:
    rows = []
    for case in results["cases"]:
        for engine, found in case["agreement"].items():
            cells = [_difference(found, TOLERANCE[engine], kind) for kind in MEANING]
            rows.append([case["title"], engine, *cells])
    for name, limits in TOLERANCE.items():
        if any(name in case["agreement"] for case in results["cases"]):
            shown = (f"{limits[kind]:.0e}" if limits[kind] else "" for kind in MEANING)
            rows.append(["allowed", name, *shown])
    head = ["case", "engine", *MEANING.values()]
    return Table("The same answers: largest difference from clustersem (of how many)", head, rows)


def _difference(found: dict[str, Any], limits: dict[str, float], kind: str) -> str:
    if kind not in found["difference"]:
        return ""
    value = found["difference"][kind]
    wrong = "" if value <= limits[kind] else " DIFFERS"
    return f"{value:.0e} ({found['compared'][kind]}){wrong}"


def _time(timing: dict[str, Any] | None) -> str:
    if timing is None:
        return "has none"
    if not timing["wall"]:
        return str(timing["gave_up"])
    measured = f"{seconds(median(timing['wall']))} ({len(timing['wall'])})"
    if timing["reduced"]:
        return f"{timing['gave_up']}; {measured} with {timing['reduced']}"
    return measured
