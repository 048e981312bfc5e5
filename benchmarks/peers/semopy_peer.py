"""semopy with its default settings, in a process of its own."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import semopy

from benchmarks.peers.loop import bootstrap
from benchmarks.peers.serve import serve


class Semopy:
    """The Python peer. It has no modification indices, and of R2, SRMR and intervals none.

    Its one resampling function corrects bias by a parametric bootstrap and keeps no estimates, so
    the bootstrap is a loop.
    """

    model: str
    data: pd.DataFrame

    def load(self, model: str, data: pd.DataFrame, options: dict[str, str]) -> None:
        assert not options, "semopy has none of them"
        self.model, self.data = model, data

    def works(self) -> dict[str, Callable[..., object]]:
        return {"full": self._full, "fit": self._fit, "bootstrap": self._bootstrap}

    def before(self, work: str) -> None:
        pass

    def answers(self, work: str) -> dict[str, float]:
        estimates, stats = self._full()
        answers = {
            name: float(stats.loc["Value", column])
            for name, column in {"chisq": "chi2", "df": "DoF", "cfi": "CFI"}.items()
        }
        for row in estimates.itertuples(index=False):
            # A loading reads "item ~ factor" here, and a factor has no observations.
            lhs, op, rhs = row[0], row[1], row[2]
            if op == "~" and lhs in self.data.columns:
                lhs, op, rhs = rhs, "=~", lhs
            cell = f"{lhs}|{op}|{rhs}|1"
            answers[f"est|{cell}"] = float(row[3])
            if op != "~~":  # semopy divides covariances of disturbances by total deviations
                answers[f"std|{cell}"] = float(row[4])
            answers[f"se|{cell}"] = 0.0 if row[5] == "-" else float(row[5])
        return answers

    def versions(self) -> str:
        return f"semopy {semopy.__version__}"

    def _full(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        model = semopy.Model(self.model)
        model.fit(self.data)
        return model.inspect(std_est=True), semopy.calc_stats(model)

    def _fit(self) -> object:
        model = semopy.Model(self.model)
        model.fit(self.data)
        return model.param_vals, semopy.stats.calc_chi2(model)

    def _bootstrap(self, count: int) -> None:
        # Read once, and every fit starts from the estimates of the one before.
        model = semopy.Model(self.model)
        bootstrap(self.data, count, model.fit)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    serve(Semopy(), Path(sys.argv[1]))
