"""Measure what a survey too large for memory costs: ``python -m benchmarks.large``.

Writes a Parquet folder of Likert answers in pieces, reads moments and tables of it in processes of
their own, fits models to them, and removes the folder. Memory is the largest resident set of the
process, imports included.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

import clustersem as cs

FACTORS = 6
PIECE = 250_000
CUTS = np.array([-1.5, -0.6, 0.3, 1.2])


def names_of(items: int) -> list[str]:
    return [f"i{number + 1}" for number in range(items)]


def model_of(items: int) -> str:
    parts = np.array_split(np.array(names_of(items)), FACTORS)
    return "\n".join(f"F{k + 1} =~ {' + '.join(part)}" for k, part in enumerate(parts))


def answers(rows: int, items: int, seed: int) -> pd.DataFrame:
    """Return five-point answers from factors that correlate .4, loadings .5 to .8."""
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(0.4 + 0.6 * np.eye(FACTORS)).astype(np.float32)
    factors = rng.standard_normal((rows, FACTORS), dtype=np.float32) @ root.T
    load = np.linspace(0.5, 0.8, items).astype(np.float32)
    own = np.concatenate(
        [[k] * len(p) for k, p in enumerate(np.array_split(range(items), FACTORS))]
    )
    latent = rng.standard_normal((rows, items), dtype=np.float32) * np.sqrt(1.0 - load**2)
    latent += factors[:, own.astype(int)] * load
    coded = np.ones((rows, items), dtype=np.int8)
    for cut in CUTS.astype(np.float32):
        coded += latent > cut
    return pd.DataFrame(coded, columns=names_of(items))


def write(folder: Path, rows: int, items: int) -> None:
    for number, start in enumerate(range(0, rows, PIECE)):
        frame = answers(min(PIECE, rows - start), items, number)
        frame.to_parquet(folder / f"part-{number:05d}.parquet")


def chunks(frame: pd.DataFrame, size: int) -> Iterator[pd.DataFrame]:
    for start in range(0, len(frame), size):
        yield frame.iloc[start : start + size]


def read(folder: Path, items: int, ordered: bool) -> dict[str, object]:
    started, worked = time.perf_counter(), time.process_time()
    moments = cs.read_moments(folder, names_of(items), ordered=ordered)
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    result: dict[str, object] = {
        "what": "tables and moments" if ordered else "moments",
        "rows": moments.n_rows,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "rows_per_second": round(moments.n_rows / seconds),
        "peak_mb_of_reading": peak_mb(),
    }
    fits = {}
    for estimator in ("WLSMV",) if ordered else ("ML", "MLR"):
        started = time.perf_counter()
        fit = cs.cfa(model_of(items), moments, estimator=estimator)
        fits[estimator] = {
            "seconds": round(time.perf_counter() - started, 2),
            "converged": fit.converged,
            "peak_mb_so_far": peak_mb(),
            "largest_loading_error": round(_error(fit, items), 5),
        }
    return result | {"fits": fits}


def _error(fit: cs.Fit, items: int) -> float:
    table = fit.estimates.query("op == '=~'")
    return float(np.abs(table["std_all"].to_numpy() - np.linspace(0.5, 0.8, items)).max())


def agreement(items: int) -> dict[str, float]:
    """Return the largest relative difference to fits of the same rows in memory."""
    frame = answers(3000, items, 1)
    found = {}
    for estimator, ordered in (("ML", False), ("MLR", False), ("WLSMV", True)):
        moments = cs.read_moments(chunks(frame, 700), names_of(items), ordered=ordered)
        one = cs.cfa(model_of(items), moments, estimator=estimator)
        other = cs.cfa(model_of(items), frame, estimator=estimator, ordered=ordered)
        columns = ["est", "se"]
        mine, its = one.estimates[columns].to_numpy(), other.estimates[columns].to_numpy()
        found[estimator] = float(np.abs(mine - its).max() / np.abs(its).max())
    return found


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def alone(work: Callable[..., object], *arguments: object) -> object:
    """Run something in a process of its own, whose memory is nobody else's."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--items", type=int, default=60)
    parser.add_argument("--folder", type=Path, help="where to write; a temporary folder else")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="large-", dir=options.folder))
    try:
        started = time.perf_counter()
        alone(write, folder, options.rows, options.items)
        size = sum(path.stat().st_size for path in folder.iterdir())
        written = {"written_mb": size // 2**20, "seconds": round(time.perf_counter() - started, 1)}
        print(json.dumps(written), flush=True)
        for ordered in (False, True):
            print(json.dumps(alone(read, folder, options.items, ordered)), flush=True)
        print(json.dumps({"agreement": alone(agreement, options.items)}), flush=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
