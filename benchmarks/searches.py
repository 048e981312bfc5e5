"""How often searches end at the true model: ``python -m benchmarks.searches``.

Every replication draws one sample from a population whose model is the initial one, or the initial
one and covariances that it omits. All searches are given that sample. What a search's model makes
of new respondents is seen on five more samples of the same size.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np

from benchmarks.machine import machine
from benchmarks.region import show, write_region
from benchmarks.searches_page import INDICES, PAGE, RESULTS, tables
from benchmarks.simulation import spawn
from benchmarks.worker import ONE_THREAD

SIZES = (200, 500, 1000)
SEED = 1992
CHUNK = 10
MODEL = """
Trust =~ t1 + t2 + t3 + t4
Ease =~ e1 + e2 + e3 + e4
Use =~ u1 + u2 + u3 + u4
Use ~ Trust + Ease
"""
VALUES = """
Trust =~ 0.7*t1 + 0.7*t2 + 0.7*t3 + 0.7*t4
Ease =~ 0.7*e1 + 0.7*e2 + 0.7*e3 + 0.7*e4
Use =~ 0.7*u1 + 0.7*u2 + 0.7*u3 + 0.7*u4
Use ~ 0.4*Trust + 0.3*Ease
Trust ~~ 0.4*Ease
"""
#: Omitted covariances, standardised on all variables: residual correlations of .49, .39 and .29.
OMITTED = {"t1 ~~ t2": 0.25, "e3 ~~ e4": 0.20, "u1 ~~ u3": 0.15}
POPULATIONS = {"nothing omitted": {}, "three covariances omitted": OMITTED}

WITHIN = "within_construct"
SEARCHES: dict[str, dict[str, Any]] = {
    "forward, index 3.84": {"allow": WITHIN},
    "forward, index 3.84, any residual covariance": {"allow": "residual_covariances"},
    "forward, adjusted p": {"allow": WITHIN, "alpha": 0.05},
    "forward, adjusted p, any residual covariance": {
        "allow": "residual_covariances",
        "alpha": 0.05,
    },
    "forward, index and power": {"allow": WITHIN, "relevant": 0.1},
    "forward, BIC": {"allow": WITHIN, "criterion": "bic"},
    "forward, 5-fold": {"allow": WITHIN, "criterion": "cv"},
    "stepwise, Wald": {"allow": WITHIN, "search": "stepwise"},
    "backward, Wald": {"allow": WITHIN, "search": "backward"},
    "tabu, BIC": {"allow": WITHIN, "search": "tabu"},
}
#: The search whose price is looked at, and in how many of the replications.
PRICED = "forward, index 3.84"
EVERY = 5
#: Samples of new respondents, over which the fit of a model is averaged.
NEW = 5


def main() -> int:
    """Run the study, or lay out the page from the last results."""
    options = _options()
    results = json.loads(RESULTS.read_text()) if options.redraw else _run(options)
    show(tables(results))
    if options.write_docs or options.redraw:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        write_region(PAGE, "searches", tables(results))
        print(f"Written: {PAGE}, {RESULTS}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.searches", description=__doc__)
    parser.add_argument("--replications", type=int, default=500)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument(
        "--write-docs", action="store_true", help="fill docs/specification-searches.md"
    )
    parser.add_argument("--redraw", action="store_true", help="fill it from the last results")
    return parser.parse_args()


def _run(options: argparse.Namespace) -> dict[str, Any]:
    os.environ.update(ONE_THREAD)  # the processes start with it
    about, started = machine(), time.monotonic()
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    starts = range(0, options.replications, CHUNK)
    ends = [min(start + CHUNK, options.replications) for start in starts]
    with ProcessPoolExecutor(options.processes, mp_context=spawn()) as pool:
        for population in POPULATIONS:
            for n in options.sizes:
                told: list[dict[str, Any]] = []
                names, sizes = [population] * len(ends), [n] * len(ends)
                for part in pool.map(_replications, names, sizes, starts, ends):
                    told += part
                    passed = time.monotonic() - started
                    print(f"[{passed:5.0f} s] {population}, n = {n}: {len(told)}", file=sys.stderr)
                found[population][str(n)] = _summary(told)
    return {
        "machine": about,
        "seconds": time.monotonic() - started,
        "processes": options.processes,
        "replications": options.replications,
        "seed": SEED,
        "populations": found,
    }


def _replications(population: str, n: int, start: int, end: int) -> list[dict[str, Any]]:
    return [_replication(population, n, number) for number in range(start, end)]


def _replication(population: str, n: int, number: int) -> dict[str, Any]:
    """Return what every search found in one sample, and what is new respondents' fit."""
    import clustersem as cs
    from clustersem.respecify.search import search
    from clustersem.respecify.space import ModelSpace

    omitted = POPULATIONS[population]
    text = "\n".join([VALUES, *(row.replace("~~ ", f"~~ {x}*") for row, x in omitted.items())])
    seed = int(np.random.SeedSequence([SEED, n, number]).generate_state(1)[0])
    drawn = cs.simulate(text, n=(1 + NEW) * n, seed=seed, standardized=True)
    data, *new = (drawn.iloc[k * n : (k + 1) * n] for k in range(1 + NEW))
    truth = {frozenset(row.split(" ~~ ")) for row in omitted}
    told: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = cs.sem(MODEL, data)
        for name, options in SEARCHES.items():
            policy = cs.RespecificationPolicy(**options)
            trail = search(ModelSpace.of(fit, policy))
            freed = {frozenset((lhs, rhs)) for lhs, _, rhs in trail.rows}
            told[name] = {
                "true": freed == truth,
                "false steps": len(freed - truth),
                "missed": len(truth - freed),
            }
            if name == PRICED and number % EVERY == 0:
                told["price"] = _priced(cs.respecify(fit, policy, progress=False), new, seed)
    return told


def _priced(result: Any, new: list[Any], seed: int) -> dict[str, dict[str, float]]:
    """Return each index of the search's model: plain, corrected, and fitted to new respondents."""
    import clustersem as cs

    table = cs.price(result, n=50, repeats=1, seed=seed, progress=False).fit_table
    model = result.fit.spec.to_text()
    fresh = [cs.sem(model, sample).measures for sample in new]
    return {
        index: {
            "plain": float(table.loc[index, "plain"]),
            "corrected": float(table.loc[index, "corrected"]),
            "new": float(np.mean([one[index] for one in fresh])),
        }
        for index in INDICES
    }


def _summary(told: list[dict[str, Any]]) -> dict[str, Any]:
    searches = {
        name: {
            kind: float(np.mean([one[name][kind] for one in told]))
            for kind in ("true", "false steps", "missed")
        }
        for name in SEARCHES
    }
    priced = [one["price"] for one in told if "price" in one]
    indices: dict[str, Any] = {}
    for index in priced[0] if priced else ():
        plain, corrected, new = (
            np.array([one[index][kind] for one in priced]) for kind in ("plain", "corrected", "new")
        )
        indices[index] = {
            "plain": float(plain.mean()),
            "corrected": float(corrected.mean()),
            "new": float(new.mean()),
            "error of plain": float(np.sqrt(np.mean((plain - new) ** 2))),
            "error of corrected": float(np.sqrt(np.mean((corrected - new) ** 2))),
            "closer": float(np.mean(np.abs(corrected - new) < np.abs(plain - new))),
        }
    return {"searches": searches, "indices": indices, "priced": len(priced)}


if __name__ == "__main__":
    raise SystemExit(main())
