"""Constraints under robust, ordinal and incomplete-data estimation, against lavaan.

``constraints_estimators.json`` is lavaan 0.6-14 (``constraints_estimators.R``), as exact as its own
stopping rule: about 1e-5 of an estimate, and 1e-4 under constraints that are not linear or bind,
for which its search has another rule.
"""

from __future__ import annotations

import json
import math
from functools import cache

import numpy as np
import pandas as pd
import pytest
from helpers.reference import REFERENCE, data

import clustersem as cs


@cache
def told() -> dict:
    return json.loads((REFERENCE / "constraints_estimators.json").read_text())["cases"]


CASES = list(told())
LOOSE = {"mlr_curved", "mlr_active"}


@cache
def fitted(name: str) -> cs.Fit:
    known = told()[name]
    return cs.sem(known["model"], data(known["data"]), **known["options"])


@pytest.mark.parametrize("name", CASES)
def test_estimates_and_standard_errors(name):
    known = pd.DataFrame(told()[name]["estimates"]).set_index(["lhs", "op", "rhs"])
    ours = fitted(name).estimates.set_index(["lhs", "op", "rhs"])
    ours = ours[ours.index.isin(known.index)]
    rows = fitted(name).spec.parameters
    assert len(ours) == sum(row.op != "~*~" for row in rows)
    known = known.loc[ours.index]
    tolerance = 1e-4 if name in LOOSE else 1e-5
    np.testing.assert_allclose(ours["est"], known["est"], rtol=0, atol=tolerance)
    # lavaan prints a missing standard error where rounding makes a variance negative.
    theirs = pd.to_numeric(known["se"], errors="coerce").fillna(0.0)
    np.testing.assert_allclose(ours["se"], theirs, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", CASES)
def test_corrected_tests(name):
    fit = fitted(name)
    for measure, value in told()[name]["measures"].items():
        ours = fit.measures[measure.replace(".", "_")]
        assert not math.isnan(ours)
        # Half of the tolerance of estimates, since chi2 is flat there.
        assert ours == pytest.approx(value, rel=1e-6 if name not in LOOSE else 1e-5), measure
