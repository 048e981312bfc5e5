"""A bootstrap on a Dask cluster: here two processes of this machine, elsewhere many machines.

    python dask_cluster.py [address of a scheduler]

Needs Dask: pip install "clustersem[dask]". Worker processes read this file, too, when they start:
what is to be done once has to stand in main().
"""

import sys
from contextlib import ExitStack
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from dask.distributed import Client, LocalCluster

import clustersem as cs

MODEL = """
    visual  =~ x1 + x2 + x3
    textual =~ x4 + x5 + x6
    speed   =~ x7 + x8 + x9
    textual ~ a*visual
    speed ~ b*textual + visual
    indirect := a*b
"""


def connect(stack: ExitStack) -> Client:
    """Return a client of the cluster whose address was given, or of one on this machine."""
    if len(sys.argv) > 1:
        return stack.enter_context(Client(sys.argv[1]))
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    return stack.enter_context(Client(stack.enter_context(LocalCluster(**options))))


def main() -> None:
    answers = pd.read_csv(Path(__file__).resolve().parent / "data" / "holzinger1939.csv")
    fit = cs.sem(MODEL, answers)
    with ExitStack() as stack:
        client = connect(stack)
        print(f"{len(client.ncores())} workers, {sum(client.ncores().values())} cores")
        # This line is all that it takes.
        with joblib.parallel_config("dask"):
            boot = cs.bootstrap(fit, 1000, seed=2022)
    print(boot)
    if boot.stopped:
        # The cluster went away, or Ctrl-C: what was done is kept, and the rest is done here.
        boot = cs.bootstrap(fit, 1000, seed=2022, resume=boot)

    # A resample depends on the seed and its number alone, not on who worked it off.
    here = cs.bootstrap(fit, 1000, seed=2022)
    same = np.array_equal(boot.theta, here.theta, equal_nan=True)
    print(f"\nThe resamples of one process {'are the same' if same else 'DIFFER'}.")


if __name__ == "__main__":
    main()
