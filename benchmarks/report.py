"""Results as tables: on the screen, and in the marked region of docs/benchmarks.md."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.agreement import MEANING, TOLERANCE
from benchmarks.measure import WORKS

START, END = "<!-- benchmarks: start -->", "<!-- benchmarks: end -->"
PEERS = ("lavaan", "semopy")
#: lavaan's time over clustersem's that the project wants, by work.
WANTED = {"full": 20.0, "indices": 30.0}
WANTED_OF = {
    "home_mlr": {"full": 20.0},
    "home_wlsmv": {"full": 20.0},
    "home_fiml": {"full": 50.0},
    "bfi_fiml": {"full": 20.0},
}
LARGEST_PEAK = 500.0
LARGEST_IMPORT = 0.2


@dataclass(frozen=True)
class Table:
    """A titled table of text."""

    title: str
    head: list[str]
    rows: list[list[str]]


def tables(results: dict[str, Any]) -> list[Table]:
    """Return everything that was measured."""
    return [
        _times(results),
        _first_calls(results),
        _agreement(results),
        _targets(results),
        _machine(results),
    ]


def show(results: dict[str, Any]) -> None:
    """Print the tables."""
    from rich.console import Console
    from rich.table import Table as RichTable

    # Wide enough for the tables where the output is no terminal.
    console = Console() if sys.stdout.isatty() else Console(width=170)
    for table in tables(results):
        shown = RichTable(*table.head, title=table.title, title_justify="left")
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)


def write_docs(results: dict[str, Any], path: Path) -> None:
    """Fill the marked region of the page and leave the rest as it is."""
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(START)
    _, after = rest.split(END)
    parts = [START]
    for table in tables(results):
        lines = [table.head, ["---"] * len(table.head), *table.rows]
        parts += [f"### {table.title}", "\n".join(f"| {' | '.join(line)} |" for line in lines)]
    parts.append(END)
    new = path.with_suffix(".tmp")
    new.write_text(before + "\n\n".join(parts) + after, encoding="utf-8")
    new.replace(path)


def ratio(case: dict[str, Any], work: str, peer: str, clock: str = "wall") -> float:
    """Return a peer's median time over clustersem's; NaN where the peer did not finish."""
    theirs = case["warm"].get(peer, {}).get("full" if work == "new" else work)
    if not theirs or not theirs[clock]:
        return float("nan")
    return median(theirs[clock]) / median(case["warm"]["clustersem"][work][clock])


def _times(results: dict[str, Any]) -> Table:
    peers = [peer for peer in PEERS if peer in results["versions"]]
    head = ["case", "work", "clustersem", *peers]
    head += [f"{peer} / clustersem" for peer in peers]
    if "lavaan" in peers:
        head.append("lavaan / clustersem, processor time")
    rows = []
    for case in results["cases"]:
        for work, own in case["warm"]["clustersem"].items():
            meaning = WORKS[work]
            cells = [_time(own)]
            for peer in peers:
                of_peer = case["warm"].get(peer, {})
                # A peer reads the model's text in every fit, so its full fit stands for both.
                cells.append(_time(of_peer.get("full" if work == "new" else work)))
            cells += [_ratio(ratio(case, work, peer)) for peer in peers]
            if "lavaan" in peers:
                cells.append(_ratio(ratio(case, work, "lavaan", "cpu")))
            rows.append([case["title"], meaning, *cells])
    return Table("Median times, warm (number of runs)", head, rows)


def _first_calls(results: dict[str, Any]) -> Table:
    rows = []
    for case in results["cases"]:
        if case["options"]:
            continue
        for engine, cold in case["cold"].items():
            first = _seconds(median(cold["wall"])) if cold["wall"] else cold["gave_up"]
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
        if name in results["versions"]:
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


def _targets(results: dict[str, Any]) -> Table:
    rows = []
    for case in results["cases"]:
        for work, wanted in _wanted(case).items():
            found = ratio(case, work, "lavaan")
            if found == found:
                rows.append(
                    [
                        f"{case['title']}: {WORKS[work]}, lavaan / clustersem",
                        f">= {wanted:g}",
                        f"{found:.1f}",
                        _verdict(found >= wanted),
                    ]
                )
        if case["name"] == "items_200":
            peak = case["cold"]["clustersem"]["peak"]
            row = [f"{case['title']}: full fit, MB at the peak", f"< {LARGEST_PEAK:g}"]
            rows.append([*row, f"{peak:.0f}", _verdict(peak < LARGEST_PEAK)])
    more = results["import"]["clustersem"] - results["import"]["base"]
    base = _seconds(results["import"]["base"])
    row = [f"import clustersem, beyond pandas and scipy.linalg ({base})"]
    row += [f"<= {_seconds(LARGEST_IMPORT)}", _seconds(more), _verdict(more <= LARGEST_IMPORT)]
    return Table("Targets", ["what", "wanted", "measured", ""], [*rows, row])


def _wanted(case: dict[str, Any]) -> dict[str, float]:
    """Return the ratios wanted of a case, by work."""
    if case["options"]:
        return WANTED_OF.get(case["name"], {})
    return WANTED if case["name"].startswith(("home", "items_200")) else {}


def _machine(results: dict[str, Any]) -> Table:
    rows = [[name, value] for name, value in results["machine"].items()]
    loads = sorted(case["load"] for case in results["cases"])
    rows.append(["load average as the cases began", f"{loads[0]:.1f} to {loads[-1]:.1f}"])
    rows += [[f"version of {name}", value] for name, value in results["versions"].items()]
    rows.append(["threads", "1 for every engine"])
    limits = results["limits"]
    rows.append(
        [
            "limits",
            f"{limits['seconds']:g} s a command, {limits['gigabytes']:g} GB of address space",
        ]
    )
    return Table("Machine", ["", ""], rows)


def _verdict(reached: bool) -> str:
    return "reached" if reached else "MISSED"


def _time(timing: dict[str, Any] | None) -> str:
    if timing is None:
        return "has none"
    if not timing["wall"]:
        return str(timing["gave_up"])
    measured = f"{_seconds(median(timing['wall']))} ({len(timing['wall'])})"
    if timing["reduced"]:
        return f"{timing['gave_up']}; {measured} with {timing['reduced']}"
    return measured


def _seconds(seconds: float) -> str:
    if seconds >= 1.0:
        return f"{seconds:.1f} s"
    return f"{1e3 * seconds:.2g} ms" if seconds < 0.01 else f"{1e3 * seconds:.0f} ms"


def _ratio(value: float) -> str:
    return "" if value != value else f"{value:.0f}" if value >= 10 else f"{value:.1f}"
