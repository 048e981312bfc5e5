"""The cost model on paper: ``docs/cost-model.md``, every number of which comes from the results."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.page import Table, seconds, write
from benchmarks.provenance import runs_in
from benchmarks.resampling_curves import slope
from benchmarks.resampling_tables import per_replication, whole_seconds

TEMPLATE = Path(__file__).parent / "cost_model.md.j2"
#: An assumption, not a measurement: what a core costs for an hour, in US dollars.
PRICE = 0.05
CORES = (1, 16, 1000)
MILLION, BILLION, MODELS, RESAMPLES = 10**6, 10**9, 1000, 1000


@dataclass(frozen=True)
class Load:
    """Something to be computed.

    Attributes
    ----------
    title : str
        What it is.
    units : int
        How many of what can be done apart: resamples, models, respondents.
    each : float
        Core-seconds of one.
    in_batch : float
        How many a worker does before it reports.
    bytes_in_batch : float
        What such a batch moves, to the worker and back.
    lavaan : float
        Core-seconds of one in lavaan, NaN where nothing was measured.
    """

    title: str
    units: int
    each: float
    in_batch: float
    bytes_in_batch: float
    lavaan: float = float("nan")

    @property
    def core_seconds(self) -> float:
        """The work itself."""
        return self.units * self.each

    def wall(self, cores: int, trip: float) -> float:
        """Return seconds until all is done: computing or handing out, whichever is longer."""
        batches = self.units / self.in_batch
        computing = self.core_seconds / min(cores, max(batches, 1.0))
        return computing if cores == 1 else max(computing, batches * trip)


def write_cost_page(results: dict[str, Any], path: Path) -> None:
    """Write the page; needs the parts that it is made of."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    write(path, _wrapped(template.render(_context(results))))


def _wrapped(text: str) -> str:
    """Return a page with its paragraphs and lists wrapped, tables and formulas as they are."""
    blocks = []
    for block in text.strip().split("\n\n"):
        if block.startswith(("|", "#", "    ")):
            blocks.append(block)
            continue
        items = [" ".join(item.split()) for item in re.split(r"\n(?=- )", block)]
        blocks.append("\n".join(_filled(item) for item in items))
    return "\n\n".join(blocks) + "\n"


def _filled(paragraph: str) -> str:
    indent = "  " if paragraph.startswith("- ") else ""
    return textwrap.fill(
        paragraph,
        100,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def is_measured(results: dict[str, Any]) -> bool:
    """Return whether everything is there that the page is made of."""
    resampling = results.get("resampling", {})
    done = {
        task["name"]
        for task in resampling.get("tasks", [])
        if task["engines"]["clustersem"]["timing"]["wall"]
    }
    parts = "cost" in results and "large" in results and "curves" in resampling
    return parts and {"bootstrap_fiml", "bootstrap_wlsmv", "cutoffs"} <= done


def _context(results: dict[str, Any]) -> dict[str, Any]:
    cost, large = results["cost"], results["large"]
    points = results["resampling"]["curves"]["points"]
    each, fixed = slope(points)
    trip = cost["dask"]["trip"] if cost["dask"] else cost["processes"]["trip"]
    loads = _loads(results, each)
    check = cost["check"]
    together = check["one"] / check["processes"]
    return {
        "each": seconds(each),
        "fixed": seconds(fixed),
        "batch": cost["batch"],
        "batch_seconds": seconds(cost["batch"] * each),
        "work_kb": f"{cost['work_bytes'] / 1e3:.0f}",
        "result_kb": f"{cost['result_bytes'] / 1e3:.0f}",
        "merge": seconds(cost["merge"]),
        "trip_processes": seconds(cost["processes"]["trip"]),
        "start_processes": seconds(cost["processes"]["start"]),
        "trip_dask": seconds(cost["dask"]["trip"]) if cost["dask"] else "",
        "start_dask": seconds(cost["dask"]["start"]) if cost["dask"] else "",
        "fed_processes": f"{cost['batch'] * each / cost['processes']['trip']:,.0f}",
        "fed_dask": f"{cost['batch'] * each / trip:,.0f}",
        "million_gb": f"{MILLION / cost['batch'] * cost['result_bytes'] / 1e9:.1f}",
        "rows_moments": f"{large['moments']['rows_per_second']:,}",
        "rows_tables": f"{large['tables']['rows_per_second']:,}",
        "rows_large": f"{large['moments']['rows']:,}",
        "items_large": large["items"],
        "row_bytes": f"{large['row_bytes']:.0f}",
        "read_mb": f"{large['row_bytes'] * large['moments']['rows_per_second'] / 1e6:.0f}",
        "totals_kb": f"{cost['totals_bytes'] / 1e3:,.0f}",
        "price": f"{PRICE:.2f}",
        "cores": CORES,
        "loads": _load_table(loads, trip).markdown_body(),
        "predicted": seconds(together),
        "measured": seconds(check["several"]),
        "off": f"{100 * (check['several'] / together - 1):+.0f}",
        "check": check,
        "runs": _runs(results),
    }


def _loads(results: dict[str, Any], each: float) -> list[Load]:
    cost, large = results["cost"], results["large"]
    tasks = {task["name"]: task for task in results["resampling"]["tasks"]}
    (home,) = (case for case in results["cases"] if case["name"] == "home_revised")
    moved = cost["work_bytes"] + cost["result_bytes"]

    def resamples(name: str, task: str, seconds_each: float, units: int) -> Load:
        of_lavaan = per_replication(tasks[task], "lavaan")
        return Load(name, units, seconds_each, cost["batch"], moved, of_lavaan)

    fitted = {
        engine: sum(median(home["warm"][engine][work]["wall"]) for work in works)
        for engine, works in (("clustersem", ("new", "indices")), ("lavaan", ("full", "indices")))
        if engine in home["warm"]
    }
    piece = large["piece"]
    loads = [
        resamples("a million bootstrap resamples, ML", "bootstrap", each, MILLION),
        *(
            resamples(
                f"a million bootstrap resamples, {name}",
                task,
                per_replication(tasks[task], "clustersem"),
                MILLION,
            )
            for name, task in (("FIML", "bootstrap_fiml"), ("WLSMV", "bootstrap_wlsmv"))
        ),
        Load(
            "a thousand models: fit, measures, all indices",
            MODELS,
            fitted["clustersem"],
            1,
            moved,
            fitted.get("lavaan", float("nan")),
        ),
        resamples(
            "a thousand models, each bootstrapped a thousand times",
            "bootstrap",
            each,
            MODELS * RESAMPLES,
        ),
        Load(
            "a thousand models, each with its own cutoffs",
            MODELS,
            whole_seconds(tasks["cutoffs"]),
            1,
            moved,
        ),
    ]
    for what, key in (("moments", "moments"), ("moments and contingency tables", "tables")):
        title = f"a billion respondents x {large['items']} items: {what}"
        per_row = 1.0 / large[key]["rows_per_second"]
        moved_rows = piece * large["row_bytes"] + cost["totals_bytes"]
        loads.append(Load(title, BILLION, per_row, piece, moved_rows))
    return loads


def _load_table(loads: list[Load], trip: float) -> Table:
    rows = []
    for load in loads:
        hours = load.core_seconds / 3600.0
        moved = load.units / load.in_batch * load.bytes_in_batch
        of_lavaan = load.units * load.lavaan / 3600.0
        rows.append(
            [
                load.title,
                seconds(load.each),
                _hours(hours),
                f"{hours * PRICE:.2f}",
                _bytes(moved),
                *(seconds(load.wall(cores, trip)) for cores in CORES),
                _hours(of_lavaan) if of_lavaan == of_lavaan else "",
            ]
        )
    head = ["work", "each", "core-hours", "US dollars", "moved"]
    walls = [f"{cores:,} core{'s' if cores > 1 else ''}" for cores in CORES]
    return Table("", [*head, *walls, "core-hours of lavaan"], rows)


def _hours(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _bytes(value: float) -> str:
    return f"{value / 1e9:,.1f} GB" if value >= 1e9 else f"{value / 1e6:.0f} MB"


def _runs(results: dict[str, Any]) -> list[dict[str, str]]:
    """Return the runs that the page's numbers are of, as the page of benchmarks names them."""
    letters = runs_in(results)
    resampling = results["resampling"]
    parts = {
        "resamples": [resampling["curves"]["run"], *(task["run"] for task in resampling["tasks"])],
        "transport": [results["cost"]["run"]],
        "models": [case["run"] for case in results["cases"] if case["name"] == "home_revised"],
        "respondents": [results["large"]["run"]],
    }
    return [
        {"part": part, "letters": ", ".join(sorted({letters[run] for run in used}))}
        for part, used in parts.items()
    ]
