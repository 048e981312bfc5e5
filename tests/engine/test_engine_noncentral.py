"""The noncentral chi-square distribution against SciPy, and where SciPy gives up against itself."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gammaln, logsumexp, ndtr
from scipy.stats import chi2, ncx2

from clustersem.engine.noncentral import cdf, noncentrality_at, sf


@pytest.mark.parametrize("df", [1, 2, 5, 24, 272, 4000])
@pytest.mark.parametrize("nc", [0.01, 1.0, 30.0, 500.0, 5000.0])
@pytest.mark.parametrize("p", [0.001, 0.05, 0.5, 0.95, 0.999])
def test_both_tails(df, nc, p):
    x = float(ncx2.ppf(p, df, nc))
    # 1e-8 is what SciPy's own tails agree to at large noncentrality (cdf + sf = 1 to 1e-9).
    assert cdf(x, df, nc) == pytest.approx(ncx2.cdf(x, df, nc), rel=1e-8)
    assert sf(x, df, nc) == pytest.approx(ncx2.sf(x, df, nc), rel=1e-8)
    assert cdf(x, df, nc) + sf(x, df, nc) == pytest.approx(1.0, abs=1e-12)


def test_without_noncentrality_it_is_central():
    for x in (0.1, 3.84, 200.0):
        assert cdf(x, 3, 0.0) == pytest.approx(chi2.cdf(x, 3), rel=1e-13)
        assert sf(x, 3, 0.0) == pytest.approx(chi2.sf(x, 3), rel=1e-13)


def test_the_far_tail_keeps_its_digits():
    value = sf(1400.0, 24, 100.0)
    assert 0.0 < value < 1e-100
    # The Poisson mixture, term by term in exact logarithms.
    j = np.arange(0, 2000)
    log_terms = -50.0 + j * np.log(50.0) - gammaln(j + 1.0) + chi2.logsf(1400.0, 24 + 2 * j)
    assert np.log(value) == pytest.approx(logsumexp(log_terms), rel=1e-9)


@pytest.mark.parametrize("df", [1, 24, 272])
@pytest.mark.parametrize("ratio", [1.5, 3.0, 20.0])
@pytest.mark.parametrize("p", [0.05, 0.5, 0.95])
def test_noncentrality_is_the_inverse_of_the_distribution(df, ratio, p):
    x = ratio * df
    nc = noncentrality_at(x, df, p)
    if nc == 0.0:
        assert chi2.cdf(x, df) <= p
    else:
        assert ncx2.cdf(x, df, nc) == pytest.approx(p, rel=1e-8)


def test_no_noncentrality_for_a_good_fit():
    assert noncentrality_at(10.0, 24, 0.95) == 0.0
    assert noncentrality_at(0.0, 24, 0.05) == 0.0


def test_noncentralities_beyond_counting_are_normal():
    # At the edge of what the mixture serves, both ways agree; beyond it nothing runs out of memory.
    assert cdf(1e3, 5.0, 1e15) == 0.0
    assert sf(1e3, 5.0, 1e15) == 1.0
    for x in (1e11 - 1e6, 1e11, 1e11 + 1e6):
        deviate = (x - 5.0 - 1e11) / np.sqrt(10.0 + 4e11)
        assert cdf(x, 5.0, 1e11) == pytest.approx(float(ndtr(deviate)), abs=2e-6)
    assert noncentrality_at(1e14, 5.0, 0.05) == pytest.approx(1e14, rel=1e-6)
