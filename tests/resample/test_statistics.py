"""What is read off resamples: that of a fit to the same rows, whatever the model and estimator."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.resamples import ALL, CLOSE, draw, fitted, refitted

import clustersem as cs
from clustersem.errors import ModelError
from clustersem.resample.refit import Refitter
from clustersem.resample.refits import Refits
from clustersem.resample.statistics import QUANTITIES, Reader, check_quantity

N = 3


@pytest.mark.parametrize("name", list(ALL))
def test_quantities_are_those_of_a_fit_to_the_resample(name):
    fit = fitted(name)
    draws = [draw(name, seed) for seed in range(N)]
    tables = [np.array([rows[g] for rows, _ in draws]) for g in range(len(fit.groups))]
    boot = cs.bootstrap(fit, indices=tables if len(tables) > 1 else tables[0], cluster=False)
    se = fit.estimates["se"].to_numpy()
    for b, (_, frame) in enumerate(draws):
        alone = refitted(name, frame)
        assert alone.converged
        estimates, effects = alone.estimates, alone.effects().table
        expected = {
            "est": estimates["est"],
            "std_lv": estimates["std_lv"],
            "std_all": estimates["std_all"],
            "effects": effects["est"],
            "std_effects": effects["std_all"],
        }
        found = {of: boot.resamples(of).to_numpy()[b] for of in QUANTITIES}
        # What has no standard error is fixed or follows from the others, and of order one.
        off = np.abs(found["est"] - estimates["est"].to_numpy()) / np.where(se > 0, se, 1.0)
        assert off.max() < CLOSE
        for of in QUANTITIES:
            np.testing.assert_allclose(found[of], expected[of], rtol=1e-6, atol=1e-7, err_msg=of)
        chisq = alone.multiplier * alone.state.f
        np.testing.assert_allclose(boot.chisq[b], chisq, rtol=1e-6, atol=1e-8)


def reader_of(name):
    fit = fitted(name)
    refitter = Refitter.of(fit)
    return fit, Reader.of(fit, refitter), refitter


@pytest.mark.parametrize("name", ["structural", "defined", "groups", "given x", "theta"])
def test_at_the_estimates_they_are_those_of_the_fit(name):
    fit, reader, refitter = reader_of(name)
    sampled = np.concatenate(
        [
            np.where(cells.kind == 2, model.m0[cells.row], model.s0[cells.row, cells.other])
            for model, cells in zip(refitter.models, refitter.sampled, strict=True)
        ]
    )
    refits = Refits(fit.theta[None], np.zeros(1), np.zeros(1, np.intp), sampled[None])
    read, errors = reader.read(refits), reader.errors(refits, fit.vcov_theta[None])
    at, of_fit = reader.at_estimates(), reader.errors_of_fit()
    for of in QUANTITIES:
        # The same formulas; matrices are inverted by another routine.
        np.testing.assert_allclose(read.values[of][0], at[of], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(errors[of][0], of_fit[of], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(at["std_all"], fit.estimates["std_all"], rtol=1e-12)
    np.testing.assert_allclose(at["effects"], fit.effects().table["est"], rtol=1e-12)
    free_or_defined = fit.estimates["se"].to_numpy() > 0
    np.testing.assert_allclose(
        of_fit["est"][free_or_defined], fit.estimates["se"][free_or_defined], rtol=1e-9
    )
    np.testing.assert_allclose(of_fit["effects"], fit.effects().table["se"], rtol=1e-9, atol=1e-9)


def test_many_are_read_as_one_at_a_time():
    fit, reader, _ = reader_of("defined")
    rng = np.random.default_rng(0)
    errors = np.sqrt(fit.vcov_theta.diagonal())
    theta = fit.theta + errors * rng.standard_normal((300, len(errors)))
    none = np.empty((300, 0))
    whole = reader.read(Refits(theta, theta[:, 0], np.zeros(300, np.intp), none))
    for b in (0, 150, 299):
        one = reader.read(Refits(theta[[b]], theta[[b], 0], np.zeros(1, np.intp), none[[b]]))
        assert one.admissible[0] == whole.admissible[b]
        for of in QUANTITIES:
            # Matrix products of batches may be summed in another order.
            np.testing.assert_allclose(one.values[of][0], whole.values[of][b], rtol=1e-12)


def test_one_without_a_solution_has_no_quantities_and_spoils_no_other():
    fit, reader, _ = reader_of("nonrecursive")
    theta, sampled = np.tile(fit.theta, (4, 1)), sampled_of(fit)
    names = list(fit.vcov.index)
    theta[1] = np.nan
    # I - A is exactly singular, as no converged solution is.
    theta[2, [names.index("y ~ m"), names.index("m ~ y")]] = 2.0, 0.5
    refits = Refits(theta, np.zeros(4), np.zeros(4, np.intp), np.tile(sampled, (4, 1)))
    found = reader.read(refits)
    for of, expected in reader.at_estimates().items():
        assert np.isnan(found.values[of][[1, 2]]).all()
        for b in (0, 3):
            np.testing.assert_allclose(found.values[of][b], expected, rtol=1e-12)
    np.testing.assert_array_equal(found.admissible, [True, False, False, True])
    errors = reader.errors(refits, np.tile(fit.vcov_theta, (4, 1, 1)))
    np.testing.assert_array_equal(np.isnan(errors["effects"]).any(axis=1), [0, 1, 1, 0])


def sampled_of(fit):
    """Return the moments of covariates of a fit with one group and no means."""
    refitter = Refitter.of(fit)
    (cells,), (model,) = refitter.sampled, refitter.models
    return model.s0[cells.row, cells.other]


def test_a_negative_variance_or_dependent_factors_are_inadmissible():
    fit, reader, _ = reader_of("cfa")
    names = list(fit.vcov.index)
    theta = np.tile(fit.theta, (3, 1))
    theta[1, names.index("x2 ~~ x2")] = -0.1
    variances = theta[2, names.index("f ~~ f")] * theta[2, names.index("g ~~ g")]
    theta[2, names.index("f ~~ g")] = 1.01 * np.sqrt(variances)
    refits = Refits(theta, np.zeros(3), np.zeros(3, np.intp), np.empty((3, 0)))
    np.testing.assert_array_equal(reader.read(refits).admissible, [True, False, False])


def test_labels_say_what_the_columns_are():
    fit, reader, _ = reader_of("defined")
    assert list(reader.labels("est")["lhs"]) == list(fit.estimates["lhs"])
    columns = ["from", "to", "kind", "path"]
    expected = fit.effects().table[columns]
    np.testing.assert_array_equal(reader.labels("std_effects")[columns], expected)


def test_an_unknown_quantity():
    assert check_quantity("std_all") == "std_all"
    with pytest.raises(ModelError, match="of='effect' is no quantity") as caught:
        check_quantity("effect")
    assert "'effects'" in str(caught.value)
