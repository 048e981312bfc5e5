"""T-sizes and their words against published numbers, base R and what the equations stand for."""

import numpy as np
import pytest
from helpers.reference import case, data

import clustersem as cs
from clustersem.fit import indices
from clustersem.resample.equivalence import (
    CONVENTIONAL_RMSEA,
    adjusted_cfi,
    adjusted_rmsea,
    equivalence_test,
    t_size_cfi,
    t_size_rmsea,
)

REFERENCE = case("cutoffs")

# Marcoulides and Yuan (2017): 600 cases of two correlated factors with 12 variables. Printed are
# chi2 and df of both models, T-sizes with four decimals, adjusted cutoffs with three; not printed
# is chi2 of the independence model, here the one that gives the CFI of .941 (within its rounding,
# T-sizes of CFI move by .0003).
N, P = 600, 12
DF_BASELINE = P * (P - 1) // 2
BASELINE = DF_BASELINE + (140.089 - 54) / (1 - 0.941)


@pytest.mark.parametrize(
    ("chisq", "df", "rmsea", "cfi"),
    [(140.089, 54, 0.0622, 0.8996), (58.374, 53, 0.0298, 0.9750)],
    ids=["one factor", "two factors"],
)
def test_published_t_sizes(chisq, df, rmsea, cfi):
    found = equivalence_test(chisq, df, BASELINE, DF_BASELINE, N - 1, n_obs=N)
    assert found.rmsea == pytest.approx(rmsea, abs=5.1e-5)
    # The printed CFI of .941 is rounded, so the baseline is known to about 1 %.
    assert found.cfi == pytest.approx(cfi, abs=1e-3)


def test_published_cutoffs_and_words():
    # All eight agree with 53 df to the digit printed; with 54, one is .8904.
    assert adjusted_rmsea(53, N) == pytest.approx((0.028, 0.060, 0.089, 0.109), abs=5e-4)
    assert adjusted_cfi(53, DF_BASELINE, N)[::-1] == pytest.approx(
        (0.867, 0.891, 0.927, 0.978), abs=5e-4
    )
    one = equivalence_test(140.089, 54, BASELINE, DF_BASELINE, N - 1, n_obs=N)
    two = equivalence_test(58.374, 53, BASELINE, DF_BASELINE, N - 1, n_obs=N)
    assert (one.rmsea_verdict, one.cfi_verdict) == ("fair", "fair")
    assert (two.rmsea_verdict, two.cfi_verdict) == ("close", "close")


@pytest.mark.parametrize("told", REFERENCE["t_sizes"], ids=lambda told: f"df {told['df']}")
def test_t_sizes_of_base_r(told):
    # uniroot over pchisq(ncp=), with its tolerance of 1e-12 on the noncentrality.
    given = {key: told[key] for key in ("chisq", "df")}
    found = t_size_rmsea(**given, multiplier=told["multiplier"])
    assert found == pytest.approx(told["rmsea"], abs=1e-6)
    found = t_size_cfi(**given, baseline=told["baseline"], df_baseline=told["df_baseline"])
    assert found == pytest.approx(told["cfi"], abs=1e-6)


def test_t_size_is_the_upper_end_of_the_interval():
    fit = cs.cfa("f =~ x1 + x2 + x3 + x4", data("holzinger1939"))
    m = fit.measures
    assert t_size_rmsea(m["chisq"], m["df"], fit.multiplier) == pytest.approx(m["rmsea_ci_upper"])


def test_t_sizes_are_worse_than_the_indices():
    for chisq in (5.0, 24.0, 60.0, 200.0):
        assert t_size_rmsea(chisq, 24, 300) >= indices.rmsea(chisq, 24, 300)
        assert t_size_cfi(chisq, 24, 900, 36) <= indices.cfi(chisq, 24, 900, 36)
    # More confidence, a larger misfit that cannot be excluded.
    strict = t_size_rmsea(60.0, 24, 300, alpha=0.01)
    assert strict > t_size_rmsea(60.0, 24, 300, alpha=0.05)


@pytest.mark.parametrize("df", [5, 54, 272])
@pytest.mark.parametrize("n", [100, 481, 1000])
def test_equations_stand_for_t_sizes_of_the_conventional_cutoffs(df, n):
    exact = [t_size_rmsea(df + c * c * df * (n - 1), df, n - 1) for c in CONVENTIONAL_RMSEA]
    # R2 of the regressions is .97 to .9997.
    assert adjusted_rmsea(df, n) == pytest.approx(exact, rel=0.08)


def test_no_words_beyond_the_equations():
    far = equivalence_test(1500, 1000, 50000, 1225, 30000, n_obs=30000)
    assert far.rmsea_cutoffs == far.cfi_cutoffs == ()
    assert far.rmsea_verdict == far.cfi_verdict == ""
    other = equivalence_test(60.0, 24, 900, 36, 300, n_obs=300, alpha=0.01)
    assert other.rmsea_cutoffs == ()
    assert np.isfinite([other.rmsea, other.cfi]).all()


def test_no_noncentrality_at_all():
    # A chi2 far below its df leaves no misfit, and a baseline that fits nothing to compare with.
    found = equivalence_test(1.0, 24, 30.0, 36, 300, n_obs=300)
    assert (found.rmsea, found.cfi) == (0.0, 1.0)
    assert found.rmsea_verdict == "excellent"
