"""Exploratory factor analysis and principal components of a questionnaire."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from clustersem.errors import AdmissibilityWarning, ConvergenceWarning, DataError
from clustersem.scale.answers import (
    Answers,
    Array,
    CompleteAnswers,
    complete_answers,
    quoted,
)
from clustersem.scale.correlation import correlations, positive_definite_correlations
from clustersem.scale.factor_fit import FactorFit, factor_fit
from clustersem.scale.kernels.extraction import Extraction
from clustersem.scale.kernels.maximum_likelihood import maximum_likelihood
from clustersem.scale.kernels.minimum_residual import minimum_residual
from clustersem.scale.kernels.principal import principal_components
from clustersem.scale.kernels.principal_axis import principal_axis
from clustersem.scale.rotation import ROTATIONS, Rotation, factor_variances, rotate

Method = Literal["principal", "principal_axis", "minres", "ml"]
METHODS: tuple[str, ...] = get_args(Method)

# Unique variances below this count as Heywood cases; psych and R's factanal use the same bound.
_LOWEST_UNIQUENESS = 0.005


@dataclass(frozen=True)
class EfaResult:
    """What an exploratory factor analysis found. All loadings are of standardised items.

    Attributes
    ----------
    loadings : DataFrame, items x factors
        Pattern loadings. Factors ``F1``, ``F2``, ... in order of falling variance accounted for,
        each turned so that its loadings sum to at least zero.
    structure : DataFrame, items x factors
        Correlations of items with factors, the pattern times `phi`.
    phi : DataFrame, factors x factors
        Factor correlations; the identity after an orthogonal rotation.
    communalities, uniquenesses : Series
        They sum to one for each item.
    variance : DataFrame
        Rows ``ss_loadings``, ``proportion`` and ``cumulative`` (of the total variance p), one
        column a factor.
    eigenvalues : Series
        All eigenvalues of the correlation matrix, largest first.
    residuals : DataFrame, items x items
        Observed minus reproduced correlations; the diagonal holds the uniquenesses.
    fit : FactorFit
        Chi-square, RMSEA, TLI and root mean square residual of the common factor model. For
        principal components, which are not such a model, only the residual is meaningful.
    n, n_deleted : int
        Complete respondents, and those left out for a missing answer.
    n_factors : int
    method, rotation : str
    converged : bool
        Whether extraction and rotation both met their stopping rule.
    warnings : tuple of str
        Plain sentences: deleted rows, Heywood cases, no convergence.
    """

    loadings: pd.DataFrame
    structure: pd.DataFrame
    phi: pd.DataFrame
    communalities: pd.Series[float]
    uniquenesses: pd.Series[float]
    variance: pd.DataFrame
    eigenvalues: pd.Series[float]
    residuals: pd.DataFrame
    fit: FactorFit
    n: int
    n_deleted: int
    n_factors: int
    method: str
    rotation: str
    converged: bool
    warnings: tuple[str, ...]

    @property
    def cumulative_variance(self) -> float:
        """Share of the total variance that all factors account for together."""
        return float(self.variance.loc["cumulative"].to_numpy(dtype=float)[-1])

    def __repr__(self) -> str:
        return (
            f"EfaResult({self.method}, {self.rotation}: {len(self.loadings)} items, "
            f"{self.n_factors} factors, n={self.n}, "
            f"{100.0 * self.cumulative_variance:.1f} % of the variance)"
        )


def _extract(
    correlation: Array, k: int, method: Method, tol: float | None, max_iter: int | None
) -> Extraction:
    if method == "principal":
        return principal_components(correlation, k)
    if method == "principal_axis":
        return principal_axis(
            correlation,
            k,
            tol=1e-3 if tol is None else tol,
            max_iter=50 if max_iter is None else max_iter,
        )
    kernel = minimum_residual if method == "minres" else maximum_likelihood
    return kernel(
        correlation,
        k,
        lower=_LOWEST_UNIQUENESS,
        tol=1e-12 if tol is None else tol,
        max_iter=200 if max_iter is None else max_iter,
    )


def _number_of_factors(
    n_factors: int | None, eigenvalues: np.ndarray[Any, Any], p: int, method: str
) -> int:
    if n_factors is None:
        return max(1, int(np.sum(eigenvalues > 1.0)))
    if isinstance(n_factors, bool) or int(n_factors) != n_factors or n_factors < 1:
        raise DataError(f"n_factors must be a whole number of at least 1, got {n_factors!r}")
    most = p if method == "principal" else p - 1
    if n_factors > most:
        what = "components" if method == "principal" else "common factors"
        raise DataError(
            f"{n_factors} factors asked of {p} items; {what} can be {most} at most: "
            "lower n_factors or add items"
        )
    return int(n_factors)


def _heywood(extraction: Extraction, items: tuple[str, ...]) -> tuple[str, ...]:
    names = [item for item, at in zip(items, extraction.at_bound, strict=True) if at]
    if not names:
        return ()
    return (
        f"Heywood case: the unique variance of {quoted(names)} ended at its lower bound "
        f"({_LOWEST_UNIQUENESS:g}); ask for fewer factors, or look for a near copy of the item",
    )


def analyse(
    answers: CompleteAnswers,
    n_factors: int | None,
    *,
    method: Method,
    rotation: Rotation,
    kaiser: bool | None = None,
    tol: float | None = None,
    max_iter: int | None = None,
    rotation_tol: float = 1e-5,
    rotation_max_iter: int = 1000,
) -> EfaResult:
    """Factor complete answers; see :func:`efa` for the options."""
    if method not in METHODS:
        raise DataError(f"unknown extraction method {method!r}; use one of {quoted(METHODS)}")
    if rotation not in ROTATIONS:
        raise DataError(f"unknown rotation {rotation!r}; use one of {quoted(ROTATIONS)}")
    p = len(answers.items)
    # Components exist for any correlation matrix; common factors need one that can be inverted.
    correlation = (
        correlations(answers)
        if method == "principal"
        else positive_definite_correlations(answers, "a common factor analysis")
    )
    eigenvalues = np.linalg.eigvalsh(correlation)[::-1]
    k = _number_of_factors(n_factors, eigenvalues, p, method)
    extraction = _extract(correlation, k, method, tol, max_iter)
    rotated = rotate(
        extraction.loadings, rotation, kaiser=kaiser, tol=rotation_tol, max_iter=rotation_max_iter
    )

    notes = list(answers.note())
    if method == "principal" and answers.n <= p:
        notes.append(
            f"{answers.n} respondents for {p} items: the correlation matrix is singular and the "
            "loadings are unstable"
        )
    unfinished = []
    if not extraction.converged:
        unfinished.append(
            f"the extraction ({method}) did not converge in {extraction.iterations} iterations: "
            "the loadings are not estimates; raise max_iter or ask for fewer factors"
        )
    if not rotated.converged:
        unfinished.append(
            f"the rotation ({rotation}) did not converge in {rotation_max_iter} iterations: "
            "raise rotation_max_iter or loosen rotation_tol"
        )
    heywood = _heywood(extraction, answers.items)
    for note in unfinished:
        warnings.warn(note, ConvergenceWarning, stacklevel=3)
    for note in heywood:
        warnings.warn(note, AdmissibilityWarning, stacklevel=3)
    notes += [*unfinished, *heywood]

    items, factors = list(answers.items), [f"F{j + 1}" for j in range(k)]
    reproduced = rotated.pattern @ rotated.phi @ rotated.pattern.T
    communalities = np.diag(reproduced)
    accounted = factor_variances(rotated.pattern, rotated.phi)
    variance = np.vstack([accounted, accounted / p, np.cumsum(accounted) / p])
    return EfaResult(
        loadings=pd.DataFrame(rotated.pattern, index=items, columns=factors),
        structure=pd.DataFrame(rotated.pattern @ rotated.phi, index=items, columns=factors),
        phi=pd.DataFrame(rotated.phi, index=factors, columns=factors),
        communalities=pd.Series(communalities, index=items, name="communality"),
        uniquenesses=pd.Series(1.0 - communalities, index=items, name="uniqueness"),
        variance=pd.DataFrame(
            variance, index=["ss_loadings", "proportion", "cumulative"], columns=factors
        ),
        eigenvalues=pd.Series(eigenvalues, index=range(1, p + 1), name="eigenvalue"),
        residuals=pd.DataFrame(correlation - reproduced, index=items, columns=items),
        fit=factor_fit(correlation, reproduced, k, answers.n),
        n=answers.n,
        n_deleted=answers.n_deleted,
        n_factors=k,
        method=method,
        rotation=rotation,
        converged=not unfinished,
        warnings=tuple(notes),
    )


def efa(
    data: Answers,
    n_factors: int | None = None,
    *,
    method: Method = "principal",
    rotation: Rotation = "varimax",
    items: list[str] | None = None,
    kaiser: bool | None = None,
    tol: float | None = None,
    max_iter: int | None = None,
    rotation_tol: float = 1e-5,
    rotation_max_iter: int = 1000,
) -> EfaResult:
    """Find the factors behind a questionnaire's items.

    Parameters
    ----------
    data : DataFrame or Survey
        Respondents x items. Respondents with a missing answer are left out (listwise) and counted.
    n_factors : int, optional
        Number of factors; by default the number of eigenvalues above one, as SPSS does. At most p
        components, or p - 1 common factors.
    method : {"principal", "principal_axis", "minres", "ml"}
        Principal components (SPSS's default), iterated principal axes, minimum residual, or maximum
        likelihood. Unique variances of ``minres`` and ``ml`` are kept above 0.005.
    rotation : {"varimax", "none", "quartimax", "equamax", "promax", "oblimin", "geomin"}
        The last three are oblique. Promax has power 4, oblimin gamma 0, geomin epsilon 0.01.
    items : list of str, optional
        Columns to analyse; all by default.
    kaiser : bool, optional
        Kaiser normalisation. By default on for varimax, quartimax, equamax and the varimax stage of
        promax, off for oblimin and geomin, as in R's stats, psych and GPArotation; SPSS prints
        "with Kaiser Normalization" where it is ``True``.
    tol : float, optional
        When extraction stops. ``principal_axis``: change of the sum of communalities, 0.001 by
        default, as in psych and near SPSS's rule, which is early: published solutions carry it.
        ``minres`` and ``ml``: Newton decrement, 1e-12 by default.
    max_iter : int, optional
        50 for ``principal_axis``, 200 for ``minres`` and ``ml``.
    rotation_tol : float
        When rotation stops. The default is that of R's varimax and GPArotation, so that loadings
        agree with theirs to the last digit; varimax is then within about 0.001 of its optimum,
        which ``rotation_tol=1e-12`` reaches.
    rotation_max_iter : int

    Returns
    -------
    EfaResult

    Raises
    ------
    DataError
        For data that cannot be factored (text, a constant item, a singular correlation matrix in a
        common factor analysis) or more factors than items, always with the items' names.

    Warns
    -----
    ConvergenceWarning, AdmissibilityWarning
        When a stopping rule was not met; for a Heywood case.

    References
    ----------
    Kaiser, H. F. (1958). The varimax criterion for analytic rotation in factor analysis.
    Psychometrika, 23, 187-200. https://doi.org/10.1007/BF02289233

    Bernaards, C. A., & Jennrich, R. I. (2005). Gradient projection algorithms and software for
    arbitrary rotation criteria in factor analysis. Educational and Psychological Measurement, 65,
    676-696. https://doi.org/10.1177/0013164404272507

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from clustersem.scale import efa
    >>> rng = np.random.default_rng(1)
    >>> traits = rng.normal(size=(300, 2))
    >>> answers = pd.DataFrame(
    ...     np.repeat(traits, 3, axis=1) + rng.normal(size=(300, 6)), columns=list("abcdef")
    ... )
    >>> solution = efa(answers, 2)
    >>> solution
    EfaResult(principal, varimax: 6 items, 2 factors, n=300, 65.1 % of the variance)
    >>> solution.loadings.abs().idxmax(axis=1).to_dict()
    {'a': 'F2', 'b': 'F2', 'c': 'F2', 'd': 'F1', 'e': 'F1', 'f': 'F1'}
    """
    return analyse(
        complete_answers(data, items),
        n_factors,
        method=method,
        rotation=rotation,
        kaiser=kaiser,
        tol=tol,
        max_iter=max_iter,
        rotation_tol=rotation_tol,
        rotation_max_iter=rotation_max_iter,
    )
