"""Tests of the difference between two nested models: pure functions of numbers and arrays.

T0, df0 belong to the small (restrictive) model, T1, df1 to the large one that it is nested in. Both
are the plain statistics N F, never the scaled ones: a difference of two scaled statistics is not
distributed as chi2.

With Delta the Jacobian of the large model's moments, V the weight and Gamma the covariance matrix
of sqrt(n) times the moments, and the small model the large one under A d(theta) = 0,

    T0 - T1 -> sum of e_i chi2(1),   e the eigenvalues of (A P^-1 A')^-1 A P^-1 B P^-1 A',
    P = sum_g s_g Delta_g' V_g Delta_g,     B = sum_g s_g Delta_g' V_g Gamma_g V_g Delta_g,

where s_g = n_g / N. Those are the nonzero eigenvalues of Satorra's (2000) U_d Gamma, but the
matrices are q x q instead of as large as all the moments of all groups, and the trace of
(U_d Gamma)^2 holds the products between groups, too.

References
----------
Satorra, A. (2000). Scaled and adjusted restricted tests in multi-sample analysis of moment
structures. In R. D. H. Heijmans et al. (Eds.), Innovations in multivariate statistical analysis
(pp. 233-247). doi:10.1007/978-1-4615-4603-0_17
Satorra, A., & Bentler, P. M. (2001). A scaled difference chi-square test statistic for moment
structure analysis. Psychometrika, 66, 507-514. doi:10.1007/BF02296192
Satorra, A., & Bentler, P. M. (2010). Ensuring positiveness of the scaled difference chi-square test
statistic. Psychometrika, 75, 243-248. doi:10.1007/s11336-009-9135-y
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.linalg import cho_solve, eigh, lstsq, solve_triangular, svd
from scipy.special import chdtrc

from clustersem.engine.discrepancy import cholesky
from clustersem.engine.ram import Array
from clustersem.errors import EstimationError, ModelError

DifferenceMethod = Literal[
    "standard",
    "satorra.bentler.2001",
    "satorra.bentler.2010",
    "satorra.2000",
    "mean.var.adjusted",
    "scaled.shifted",
]

# Singular values below this share of the largest count as zero.
RANK = 1e-8


@dataclass(frozen=True)
class DifferenceTest:
    """A test of the difference between two nested models.

    Attributes
    ----------
    method : str
        Which test.
    statistic : float
        What is compared with chi2.
    df : float
        Its degrees of freedom; a fraction with ``"mean.var.adjusted"``.
    p_value : float
        P(chi2 > statistic).
    scaling_factor : float
        What the plain difference was divided by; 1 for the plain test.
    shift : float
        What was added after that; 0 but for ``"scaled.shifted"``.
    """

    method: DifferenceMethod
    statistic: float
    df: float
    p_value: float
    scaling_factor: float = 1.0
    shift: float = 0.0


def plain_difference(t0: float, df0: int, t1: float, df1: int) -> DifferenceTest:
    """Return the likelihood ratio test T0 - T1.

    Examples
    --------
    >>> test = plain_difference(95.0, 26, 85.0, 24)
    >>> test.statistic, test.df, round(test.p_value, 4)
    (10.0, 2, 0.0067)
    """
    return _test("standard", t0 - t1, _positive_df(df0, df1))


def satorra_bentler_2001(
    t0: float, df0: int, c0: float, t1: float, df1: int, c1: float
) -> DifferenceTest:
    """Return the scaled difference test that needs nothing but what two fits print.

    (T0 - T1) / c_d with c_d = (df0 c0 - df1 c1) / (df0 - df1). In small samples, or where the small
    model is far off, c_d may come out negative: the test then has no value.

    Parameters
    ----------
    t0, df0, c0 : float, int, float
        Plain statistic, degrees of freedom and scaling factor of the small model.
    t1, df1, c1 : float, int, float
        The large model's. Its c1 does not matter where df1 = 0.

    Raises
    ------
    EstimationError
        Where c_d is not positive; Satorra and Bentler's 2010 test is for that.

    References
    ----------
    Satorra, A., & Bentler, P. M. (2001). Psychometrika, 66, 507-514. doi:10.1007/BF02296192

    Examples
    --------
    >>> round(satorra_bentler_2001(95.0, 26, 1.2, 85.0, 24, 1.1).statistic, 3)
    4.167
    """
    df = _positive_df(df0, df1)
    factor = _difference_factor(df0, c0, df1, c1)
    if not factor > 0:
        raise EstimationError(
            f"the scaling factor of Satorra and Bentler's (2001) difference test is {factor:.3g}:"
            " it must be positive, so the test has no value here. Use"
            ' method="satorra.bentler.2010", which evaluates the larger model at the smaller one\'s'
            ' estimates, or method="satorra.2000".'
        )
    return _test("satorra.bentler.2001", (t0 - t1) / factor, df, factor)


def satorra_bentler_2010(
    t0: float, df0: int, c0: float, t1: float, df1: int, c10: float
) -> DifferenceTest:
    """Return the scaled difference test whose scaling factor is positive.

    (T0 - T1) / c_d with c_d = (df0 c0 - df1 c10) / (df0 - df1).

    Parameters
    ----------
    t0, df0, c0 : float, int, float
        Plain statistic, degrees of freedom and scaling factor of the small model.
    t1, df1 : float, int
        Plain statistic and degrees of freedom of the large model.
    c10 : float
        Scaling factor of the large model evaluated where it implies the moments that the fitted
        small model implies (their "M10"): with the data's Gamma, the Jacobian and weight at that
        point, and no iterations.

    Raises
    ------
    EstimationError
        Where c_d is not positive. It is with exact nesting and expected information, as U_0 - U_1
        is then positive semidefinite; observed information does not guarantee it.

    References
    ----------
    Satorra, A., & Bentler, P. M. (2010). Psychometrika, 75, 243-248. doi:10.1007/s11336-009-9135-y
    """
    df = _positive_df(df0, df1)
    factor = _difference_factor(df0, c0, df1, c10)
    if not factor > 0:
        raise EstimationError(
            f"the scaling factor of Satorra and Bentler's (2010) difference test is {factor:.3g},"
            " not positive: the scaling factors come from observed information, or the models are"
            ' not nested. Use method="satorra.2000".'
        )
    return _test("satorra.bentler.2010", (t0 - t1) / factor, df, factor)


def satorra_2000(t0: float, t1: float, eigenvalues: Array) -> DifferenceTest:
    """Return the difference divided by the mean of the eigenvalues of U_d Gamma.

    Parameters
    ----------
    t0, t1 : float
        Plain statistics of the small and the large model.
    eigenvalues : ndarray of shape (df0 - df1,)
        From :func:`difference_eigenvalues`.
    """
    factor = float(eigenvalues.mean())
    return _test("satorra.2000", (t0 - t1) / factor, len(eigenvalues), factor)


def mean_var_adjusted(t0: float, t1: float, eigenvalues: Array) -> DifferenceTest:
    """Return the difference scaled to the mean and variance of a chi2 with fractional df.

    df = tr(U_d Gamma)^2 / tr((U_d Gamma)^2), and the statistic is the difference times
    df / tr(U_d Gamma).

    Parameters
    ----------
    t0, t1 : float
        Plain statistics of the small and the large model.
    eigenvalues : ndarray of shape (df0 - df1,)
        From :func:`difference_eigenvalues`.
    """
    trace, trace_of_square = float(eigenvalues.sum()), float(eigenvalues @ eigenvalues)
    df = trace**2 / trace_of_square
    return _test("mean.var.adjusted", (t0 - t1) * df / trace, df, trace / df)


def scaled_shifted(t0: float, t1: float, eigenvalues: Array) -> DifferenceTest:
    """Return the difference scaled and shifted to mean and variance of a chi2 with its own df.

    a (T0 - T1) + b, with a = sqrt(df / tr((U_d Gamma)^2)) and b = df - a tr(U_d Gamma).

    Parameters
    ----------
    t0, t1 : float
        Plain statistics of the small and the large model.
    eigenvalues : ndarray of shape (df0 - df1,)
        From :func:`difference_eigenvalues`.

    References
    ----------
    Asparouhov, T., & Muthen, B. (2010). Simple second order chi-square correction. Mplus technical
    appendix.
    """
    df = len(eigenvalues)
    trace, trace_of_square = float(eigenvalues.sum()), float(eigenvalues @ eigenvalues)
    a = math.sqrt(df / trace_of_square)
    b = df - a * trace
    return _test("scaled.shifted", a * (t0 - t1) + b, df, 1.0 / a, b)


def constraint_matrix(jacobian_large: Array, jacobian_small: Array) -> Array:
    """Return the restrictions that make the small model of the large one, from two Jacobians.

    d theta_large = H d theta_small with H the least-squares solution of Delta1 H = Delta0; the rows
    of A are a basis of what is orthogonal to H. It needs no knowledge of how the two
    models are parametrised.

    Parameters
    ----------
    jacobian_large : ndarray of shape (k, q1)
        Delta1: derivatives of the moments, all groups below each other.
    jacobian_small : ndarray of shape (k, q0)
        Delta0.

    Returns
    -------
    ndarray of shape (q1 - rank(H), q1)

    Examples
    --------
    >>> constraint_matrix(np.eye(3), np.array([[1.0], [1.0], [0.0]])).shape
    (2, 3)
    """
    # In the parameters' own units, or a rank would depend on the units of the data.
    units = np.linalg.norm(jacobian_large, axis=0)
    units_small = np.linalg.norm(jacobian_small, axis=0)
    h = lstsq(
        jacobian_large / np.where(units > 0, units, 1.0),
        jacobian_small / np.where(units_small > 0, units_small, 1.0),
    )[0]
    basis: Array = _complement(h) * units
    return basis


def difference_eigenvalues(information: Array, meat: Array, constraints: Array) -> Array:
    """Return the nonzero eigenvalues of U_d Gamma, descending.

    Parameters
    ----------
    information : ndarray of shape (q, q)
        P of the large model, or observed information per observation in its place.
    meat : ndarray of shape (q, q)
        B.
    constraints : ndarray of shape (df0 - df1, q)
        A. Only the space of its rows matters.

    Returns
    -------
    ndarray of shape (df0 - df1,)
        All one where the weight is right for the data (B = P).

    Raises
    ------
    EstimationError
        Where the information of the large model is singular.
    """
    scale = np.sqrt(np.maximum(information.diagonal(), 0.0))
    factor = cholesky(information / np.outer(scale, scale)) if scale.all() else None
    if factor is None:
        raise EstimationError(
            "the information matrix of the larger model is singular, so the scaled difference test"
            " has no value. Look at fit.diagnose(); a parameter of that model is not identified."
        )
    a = (constraints / scale).T
    spread = cho_solve((factor, True), a)  # P^-1 A', scaled
    naive = a.T @ spread
    robust = spread.T @ (meat / np.outer(scale, scale)) @ spread
    root = np.linalg.cholesky(0.5 * (naive + naive.T))
    half = solve_triangular(root, robust, lower=True)
    whole = solve_triangular(root, half.T, lower=True)
    values: Array = eigh(0.5 * (whole + whole.T), eigvals_only=True)[::-1]
    return values


def _complement(h: Array) -> Array:
    """Return an orthonormal basis, as rows, of what is orthogonal to the columns of h."""
    if not h.size:
        return np.eye(len(h))
    u, s, _ = svd(h, full_matrices=True)
    rank = int(np.count_nonzero(s > RANK * max(s[0], np.finfo(float).tiny)))
    basis: Array = u[:, rank:].T
    return basis


def _difference_factor(df0: int, c0: float, df1: int, c1: float) -> float:
    # A saturated model has no scaling factor; its share of the sum is zero.
    return (df0 * c0 - (df1 * c1 if df1 else 0.0)) / (df0 - df1)


def _positive_df(df0: int, df1: int) -> int:
    if df0 <= df1:
        raise ModelError(
            f"the smaller model has {df0} degrees of freedom and the larger one {df1}: a model that"
            " is nested in another has more. Swap the two, or compare by AIC and BIC."
        )
    return df0 - df1


def _test(
    method: DifferenceMethod,
    statistic: float,
    df: float,
    factor: float = 1.0,
    shift: float = 0.0,
) -> DifferenceTest:
    # Rounding leaves two equivalent fits at -1e-12; chi2 is not defined below zero.
    p = float(chdtrc(df, max(statistic, 0.0)))
    return DifferenceTest(method, statistic, df, p, factor, shift)
