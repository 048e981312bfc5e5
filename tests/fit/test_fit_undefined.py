"""Constraints and definitions that cannot be computed, and what else is not there."""

import numpy as np
import pandas as pd
import pytest
from helpers.lavaan_cases import REFERENCE

import clustersem as cs
from clustersem.errors import DataError, ModelError, ModelSyntaxError

ONE = "f =~ x1 + a*x2 + b*x3 + x4\n"
DATA = pd.read_csv(REFERENCE / "data" / "hs_design.csv")
COV = DATA[[f"x{k}" for k in range(1, 5)]].cov()


@pytest.mark.parametrize("line", ["a == 1/0", "a == log(-1)", "q := 1/0", "a > 0/0"])
def test_constants_that_are_no_numbers(line):
    with pytest.raises(ModelSyntaxError, match="is no number; write one that can be computed"):
        cs.cfa(ONE + line, DATA)


@pytest.mark.parametrize("line", ["a > log(b - 100)", "a == b/(b - b)", "a == sqrt(b) - sqrt(-b)"])
def test_constraints_that_are_undefined_at_the_start(line):
    with pytest.raises(ModelError, match="this cannot be computed at the starting values"):
        cs.cfa(ONE + line, DATA)


def test_a_starting_value_makes_a_constraint_defined():
    fit = cs.cfa(ONE.replace("b*x3", "b*x3 + start(2)*x3") + "a > log(b - 0.1)", DATA)
    assert fit.converged


@pytest.mark.parametrize("line", ["q := log(-a)", "q := a/(b - b)"])
def test_definitions_without_a_value(line):
    fit = cs.cfa(ONE + line, DATA)
    assert np.isnan(fit.estimates["est"].iloc[-1])
    assert any("cannot be computed from these estimates" in note for note in fit.warnings)
    assert fit.converged


def test_matrices_of_groups_without_means():
    fit = cs.cfa(ONE, cov={"a": COV, "b": COV}, n_obs=[100, 201])
    assert not fit.spec.options.meanstructure
    with pytest.raises(DataError, match="comes without means"):
        cs.cfa(ONE, cov={"a": COV, "b": COV}, n_obs=[100, 201], group_equal=["intercepts"])
    means = DATA[list(COV)].mean()
    both = {"a": means, "b": means}
    with_means = cs.cfa(ONE, cov={"a": COV, "b": COV}, n_obs=[100, 201], mean=both)
    assert with_means.measures["chisq"] == pytest.approx(fit.measures["chisq"], rel=1e-9)


def test_one_cluster_is_named_as_it_is():
    with pytest.raises(DataError, match=r"has one value only, 1\."):
        cs.cfa(ONE, DATA.assign(town=1), cluster="town")
