"""What a user calls to have a fit certified."""

from __future__ import annotations

from clustersem.certify.admissibility import admissibility
from clustersem.certify.certificate import Certificate
from clustersem.certify.check import not_applicable
from clustersem.certify.influence import influence
from clustersem.certify.information import information, nearly_unidentified
from clustersem.certify.opinion import NAME as SECOND_OPINION
from clustersem.certify.opinion import opinion
from clustersem.certify.size import sample_size
from clustersem.certify.starts import other_starts
from clustersem.certify.stationary import bottom_of, convergence, gradient, minimum
from clustersem.certify.units import other_markers, other_units
from clustersem.errors import UnsupportedError
from clustersem.fit.result import Fit
from clustersem.progress import progress_bar
from clustersem.resample.streams import is_whole, seed_of


def certificate(
    fit: Fit,
    *,
    starts: int = 20,
    seed: int | None = 0,
    n_jobs: int | None = 1,
    second_opinion: bool = True,
    progress: bool | None = None,
) -> Certificate:
    """Say why a solution can be trusted, or why not.

    Whether the search has ended at the bottom of a valley, and of the deepest one; whether the data
    determine all that is estimated; whether the estimates are possible; whether they are the same
    from other starting values, in other units, with other markers, by another program, and
    without any single respondent.

    Parameters
    ----------
    fit : Fit
        Any fit, also one that did not converge. It is not changed.
    starts : int
        Number of random starting values; 0 for none.
    seed : int or None
        Of these and of the units; the same seed gives the same certificate, whatever `n_jobs`. None
        draws one.
    n_jobs : int or None
        Processes; -1 for all cores.
    second_opinion : bool
        Ask semopy, too, where it knows the model and the estimator.
    progress : bool, optional
        Show a progress bar. None: on a terminal, after two seconds.

    Returns
    -------
    Certificate
        Prints as a page; ``.verdict``, ``.passed``, ``.checks``, ``.table`` and ``.influence``.

    Raises
    ------
    UnsupportedError
        Where `fit` is no fit, or an option is none of the above.

    See Also
    --------
    Fit.diagnose : offending estimates alone.
    influence_figure : draws what single respondents do.

    Notes
    -----
    A check that does not apply says so with the reason, and has no part in the verdict. Single
    respondents are left out in one batch where moments are all that the estimator needs (maximum
    likelihood of complete answers, without constraints): up to 2000, those whose answers are least
    like the others' if there are more. Other estimators need the answers every time, so that 250
    are left out, and of robust standard errors only the ten who matter most get their own.

    References
    ----------
    Lee, S.-Y., & Wang, S. J. (1996). Sensitivity analysis of structural equation models.
    Psychometrika, 61, 93-108. doi:10.1007/BF02296960
    Pek, J., & MacCallum, R. C. (2011). Sensitivity analysis in structural equation models: Cases
    and their influence. Multivariate Behavioral Research, 46, 202-228.
    doi:10.1080/00273171.2011.561068

    Examples
    --------
    >>> import numpy as np, pandas as pd, clustersem as cs
    >>> rng = np.random.default_rng(1)
    >>> f = rng.standard_normal(300)
    >>> data = pd.DataFrame({f"x{k}": f + rng.standard_normal(300) for k in range(4)})
    >>> found = cs.certificate(cs.cfa("f =~ x0 + x1 + x2 + x3", data), second_opinion=False)
    >>> found.passed, found["other starts"].status
    (True, 'passed')
    """
    if not isinstance(fit, Fit):
        raise UnsupportedError(
            f"certificate() takes a fit, not a {fit.__class__.__name__}: fit the model first, with"
            " clustersem.sem or clustersem.cfa."
        )
    if not is_whole(starts) or starts < 0:
        raise UnsupportedError(f"starts={starts!r}: write how many, 20 say, or 0 for none.")
    seed = seed_of(seed)
    bottom = bottom_of(fit)
    checks = [
        convergence(fit),
        gradient(fit, bottom),
        minimum(fit, bottom),
        information(fit),
        nearly_unidentified(fit),
        admissibility(fit),
        other_starts(fit, starts, seed, n_jobs=n_jobs, progress=progress),
    ]
    label = "other units, markers and program"
    with progress_bar(label, 3, unit="checks", wanted=progress) as advance:
        checks.append(other_units(fit, seed))
        advance()
        checks.append(other_markers(fit))
        advance()
        checks.append(
            opinion(fit)
            if second_opinion
            else not_applicable(SECOND_OPINION, "Not asked for (second_opinion=False).")
        )
        advance()
    without = influence(fit, n_jobs=n_jobs, progress=progress)
    checks += [without.check, sample_size(fit)]
    return Certificate(tuple(checks), without.table, fit.n_obs, fit.n_free, seed)
