"""Refits of resamples on every device at hand: ``python -m benchmarks.devices``.

The home study's initial model (26 items, 74 parameters) is fitted to the moments of resamples, in
batches of several sizes, by NumPy, PyTorch on the processor and on CUDA, and CuPy, whichever there
are. The devices take turns, and their estimates are checked against NumPy's.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict

import numpy as np

import clustersem as cs
from benchmarks.cases import all_cases
from benchmarks.machine import machine
from clustersem.errors import UnsupportedError
from clustersem.resample.refit import Refitter
from clustersem.resample.refits import Moments, Refits

DEVICES = ("numpy", "torch", "torch:cuda", "cupy")
SIZES = (100, 1000)
SEED = 2022


def home_fit() -> cs.Fit:
    """Return the initial model of the home study, fitted to its simulated answers."""
    (home,) = (case for case in all_cases() if case.name == "home_initial")
    return cs.sem(home.model, home.data)


def resampled_moments(fit: cs.Fit, size: int) -> tuple[Moments, ...]:
    """Return the moments of resamples of its answers."""
    rng = np.random.default_rng(SEED)
    data = fit.samples[0].data
    assert data is not None
    drawn = (data[rng.integers(0, len(data), len(data))] for _ in range(size))
    cov = np.array([np.cov(rows.T, bias=True) for rows in drawn])
    return (Moments(cov, None, len(data)),)


def refitters(fit: cs.Fit) -> dict[str, Refitter]:
    """Return what refits on each device that there is, and say which there are not."""
    found: dict[str, Refitter] = {}
    for device in DEVICES:
        try:
            found[device] = Refitter.of(fit, device=device)
        except UnsupportedError as error:
            print(f"{device}: not measured. {error}")
    return found


def difference(one: Refits, other: Refits) -> float:
    """Return by how much estimates differ at most, relative to those of order one."""
    both = one.converged & other.converged
    return float(np.abs(one.theta[both] - other.theta[both]).max())


def main() -> None:
    """Print one line for every device and size of batch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="resamples of a batch")
    parser.add_argument("--repeats", type=int, default=5, help="turns of every device")
    asked = parser.parse_args()
    fit = home_fit()
    devices = refitters(fit)
    print(machine())
    print(f"{'device':<12}{'batch':>7}{'wall ms':>9}{'cpu ms':>9}{'difference':>12}   a resample")
    for size in asked.sizes:
        moments = resampled_moments(fit, size)
        # The first run lays the model out and compiles what a library compiles.
        results = {name: refitter.from_moments(moments) for name, refitter in devices.items()}
        times = defaultdict(list)
        for _ in range(asked.repeats):
            for name, refitter in devices.items():
                wall, cpu = time.perf_counter(), time.process_time()
                # Results come back as NumPy's, so that the device has finished.
                refitter.from_moments(moments)
                times[name].append((time.perf_counter() - wall, time.process_time() - cpu))
        for name, taken in times.items():
            wall, cpu = (
                1e3 / size * statistics.median(column) for column in zip(*taken, strict=True)
            )
            off = difference(results[name], results["numpy"])
            print(f"{name:<12}{size:>7}{wall:>9.3f}{cpu:>9.3f}{off:>12.1e}")


if __name__ == "__main__":
    main()
