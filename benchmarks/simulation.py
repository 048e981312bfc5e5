"""Coverage and rejection rates in simulated Likert data: ``python -m benchmarks.simulation``.

Every replication draws one sample, which all estimators are given. A sample's seed follows from its
size and number alone, so the results do not depend on how many processes share the work.
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
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import population
from benchmarks.machine import machine
from benchmarks.region import show, write_region
from benchmarks.simulation_page import PAGE, RESULTS, tables
from benchmarks.worker import ONE_THREAD

SIZES = (200, 500, 1000)
SEED = 2022
CHUNK = 25
MISSING = 0.10
TWO_SIDED = 1.959963984540054  # 97.5 % point of the standard normal distribution


@dataclass(frozen=True)
class Method:
    """One way to estimate and test.

    Attributes
    ----------
    options : dict
        What :func:`clustersem.cfa` is told.
    of_scores : str or None
        The discrepancy whose population values count, of estimators that take the category numbers
        for continuous; None where the model's own parameters do.
    pvalue : str or None
        The measure that tests the model; None where there is no test.
    missing : bool
        Whether answers are missing.
    test_only : bool
        Whether estimates and standard errors are those of a method above.
    """

    options: dict[str, object]
    of_scores: str | None = "ML"
    pvalue: str | None = "pvalue_scaled"
    missing: bool = False
    test_only: bool = False


ADF = "browne_residual_adf"
METHODS = {
    "ML": Method({"estimator": "ML"}, pvalue="pvalue"),
    "GLS": Method({"estimator": "GLS"}, "GLS", "pvalue"),
    "MLM": Method({"estimator": "MLM"}),
    "MLMV": Method({"estimator": "MLMV"}, test_only=True),
    "MLMVS": Method({"estimator": "MLMVS"}, test_only=True),
    "MLR": Method({"estimator": "MLR"}),
    "ML, test=yuan_bentler": Method({"estimator": "ML", "test": "yuan_bentler"}, test_only=True),
    f"ML, test={ADF}": Method(
        {"estimator": "ML", "test": ADF}, pvalue=f"pvalue_{ADF}", test_only=True
    ),
    "MLR, missing='ml'": Method({"estimator": "MLR", "missing": "ml"}, missing=True),
    "DWLS": Method({"estimator": "DWLS", "ordered": True}, None, None),
    "WLSM": Method({"estimator": "WLSM", "ordered": True}, None, test_only=True),
    "WLSMV": Method({"ordered": True}, None),
    "ULSMV": Method({"estimator": "ULSMV", "ordered": True}, None),
    "WLSMV, missing='pairwise'": Method(
        {"ordered": True, "missing": "pairwise"}, None, missing=True
    ),
}


def main() -> int:
    """Run the studies, or lay out the page from the last results."""
    options = _options()
    results = json.loads(RESULTS.read_text()) if options.redraw else _run(options)
    show(tables(results))
    if options.write_docs or options.redraw:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        write_region(PAGE, "simulation", tables(results))
        print(f"Written: {PAGE}, {RESULTS}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=__doc__)
    parser.add_argument("--replications", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--write-docs", action="store_true", help="fill docs/simulation.md")
    parser.add_argument("--redraw", action="store_true", help="fill it from the last results")
    return parser.parse_args()


def _run(options: argparse.Namespace) -> dict[str, Any]:
    os.environ.update(ONE_THREAD)  # the processes start with it
    about, started = machine(), time.monotonic()
    found: dict[str, dict[str, Any]] = {}
    with ProcessPoolExecutor(options.processes, mp_context=spawn()) as pool:
        for n in options.sizes:
            starts = range(0, options.replications, CHUNK)
            ends = [min(start + CHUNK, options.replications) for start in starts]
            draws: dict[str, list[dict[str, Any]]] = defaultdict(list)
            for part in pool.map(_replications, [n] * len(ends), starts, ends):
                for name, told in part.items():
                    draws[name] += told
                print(
                    f"[{time.monotonic() - started:5.0f} s] n = {n}: {len(draws['ML'])}",
                    file=sys.stderr,
                    flush=True,
                )
            found[str(n)] = {name: _summary(METHODS[name], told) for name, told in draws.items()}
    return {
        "machine": about,
        "seconds": time.monotonic() - started,
        "processes": options.processes,
        "replications": options.replications,
        "seed": SEED,
        "noncentrality": population.discrepancy(),
        "sizes": found,
    }


def spawn() -> Any:
    import multiprocessing

    return multiprocessing.get_context("spawn")


def _replications(n: int, start: int, end: int) -> dict[str, list[dict[str, Any]]]:
    """Return what every method found in some samples."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in METHODS}
    for number in range(start, end):
        generator = np.random.default_rng([SEED, n, number])
        complete = population.answers(n, generator)
        gaps = complete.mask(generator.random(complete.shape) < MISSING)
        for name, method in METHODS.items():
            found[name].append(_fit(method, gaps if method.missing else complete))
    return found


def _fit(method: Method, data: Any) -> dict[str, Any]:
    import clustersem as cs

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fit = cs.cfa(population.MODEL, data, **method.options)
        except cs.ClusterSemError as error:
            return {"failed": str(error)}
        if not fit.converged:
            return {"failed": str(fit.status)}
        rows = population.compared(fit.estimates)
        if not np.isfinite(rows["se"]).all():
            return {"failed": "no standard errors"}
        p = float(fit.measures[method.pvalue]) if method.pvalue else None
    return {"est": rows["est"].to_numpy(), "se": rows["se"].to_numpy(), "p": p}


def _summary(method: Method, told: list[dict[str, Any]]) -> dict[str, Any]:
    """Return rates over the replications with a solution."""
    if method.of_scores:
        truth = population.of_scores(method.of_scores)
    else:
        truth = population.of_latent_responses()
    good = [one for one in told if "failed" not in one]
    est, se = (np.array([one[kind] for one in good]) for kind in ("est", "se"))
    p = np.array([one["p"] for one in good], dtype=np.float64)
    known = p[np.isfinite(p)]
    found = {
        "failed": len(told) - len(good),
        "reasons": sorted({one["failed"][:120] for one in told if "failed" in one}),
        "tested": len(known),
        "rejected": float((known < 0.05).mean()) if len(known) else None,
    }
    if method.test_only:
        return found
    covered = (np.abs(est - truth.to_numpy()) <= TWO_SIDED * se).mean(axis=0)
    loadings = truth.index.str.contains("=~")
    return found | {
        "coverage": dict(zip(truth.index, covered.tolist(), strict=True)),
        "coverage_loadings": float(covered[loadings].mean()),
        "coverage_constructs": float(covered[~loadings].mean()),
        "bias": float((est.mean(axis=0) / truth.to_numpy() - 1.0).mean()),
        "se_over_sd": float((se.mean(axis=0) / est.std(axis=0, ddof=1)).mean()),
    }


if __name__ == "__main__":
    raise SystemExit(main())
