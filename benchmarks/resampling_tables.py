"""What was measured of bootstrap, power and cutoffs, as tables."""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks.case_tables import PEERS
from benchmarks.page import Table, ratio, seconds
from benchmarks.provenance import runs_in
from benchmarks.resampling import ALLOWED

KINDS = {
    "est_median": "estimates, median",
    "est": "estimates, largest, in standard errors",
    "se": "standard errors, largest, relative",
    "chisq": "chi2, largest, relative",
}


def resampling_tables(results: dict[str, Any]) -> list[Table]:
    """Return times of a replication, and agreement on the same draws."""
    tasks = results.get("resampling", {}).get("tasks", [])
    return [_times(results, tasks), _same(tasks)] if tasks else []


def per_replication(task: dict[str, Any], engine: str, clock: str = "wall") -> float:
    """Return the median seconds of one replication; NaN where there is none."""
    found = task["engines"].get(engine)
    if not found or not found["timing"][clock]:
        return float("nan")
    return median(found["timing"][clock]) / found["replications"]


def resample_speedup(task: dict[str, Any], peer: str, clock: str = "wall") -> float:
    """Return a peer's time for a replication over clustersem's."""
    return per_replication(task, peer, clock) / per_replication(task, "clustersem", clock)


def whole_seconds(task: dict[str, Any]) -> float:
    """Return clustersem's median seconds for all that the task's title says."""
    wall = task["engines"]["clustersem"]["timing"]["wall"]
    return median(wall) if wall else float("nan")


def _times(results: dict[str, Any], tasks: list[dict[str, Any]]) -> Table:
    peers = [peer for peer in PEERS if any(peer in task["engines"] for task in tasks)]
    letters = runs_in(results)
    head = ["task", "clustersem, whole", "clustersem, each", *(f"{peer}, each" for peer in peers)]
    head += [f"{peer} / clustersem" for peer in peers]
    head += ["lavaan / clustersem, processor time", "MB at the peak", "run"]
    rows = []
    for task in tasks:
        own = task["engines"]["clustersem"]
        whole = own["timing"]["gave_up"]
        if own["timing"]["wall"]:
            runs = len(own["timing"]["wall"])
            whole = f"{seconds(whole_seconds(task))} for {own['replications']} ({runs})"
        row = [f"{task['title']}: {task['case']}", whole]
        row += [_each(task, engine) for engine in ("clustersem", *peers)]
        row += [ratio(resample_speedup(task, peer)) for peer in peers]
        row.append(ratio(resample_speedup(task, "lavaan", "cpu")))
        rows.append([*row, _peak(own), letters[task["run"]]])
    title = "Median times of resampling (runs); each: one resample or simulated sample"
    return Table(title, head, rows)


def _each(task: dict[str, Any], engine: str) -> str:
    found = task["engines"].get(engine)
    if found is None:
        return "has none"
    if not found["timing"]["wall"]:
        return str(found["timing"]["gave_up"])[:80]
    many = f" ({len(found['timing']['wall'])} x {found['replications']})"
    return seconds(per_replication(task, engine)) + ("" if engine == "clustersem" else many)


def _peak(found: dict[str, Any]) -> str:
    return f"{found['peak']:.0f}" if found["peak"] else ""


def _same(tasks: list[dict[str, Any]]) -> Table:
    rows = []
    for task in tasks:
        same = task["same"]
        if "gave_up" in same:
            rows.append([task["title"], str(same["gave_up"])[:80], *[""] * (len(KINDS) + 1)])
        elif same:
            cells = [_gap(same["difference"], kind) for kind in KINDS]
            failed = same["not_converged"]
            lost = f"{failed['lavaan']} of lavaan, {failed['clustersem']} of clustersem"
            done = f"{same['both']} of {same['replications']}, {same['numbers']} numbers each"
            rows.append([task["title"], done, lost, *cells])
    allowed = [f"{ALLOWED[kind]:.0e}" if kind in ALLOWED else "" for kind in KINDS]
    rows.append(["allowed", "", "", *allowed])
    head = ["task", "compared", "not converged", *KINDS.values()]
    return Table("The same draws: largest difference between lavaan and clustersem", head, rows)


def _gap(found: dict[str, float], kind: str) -> str:
    if kind not in found:
        return ""
    wrong = found[kind] > ALLOWED.get(kind, float("inf"))
    return f"{found[kind]:.0e}" + (" DIFFERS" if wrong else "")
