"""Several models, and which of them is nested in or equivalent to which."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from clustersem.errors import EstimationError, ModelError
from clustersem.fit.nested import NestedCheck, check_nested
from clustersem.fit.solution import Solution

NESTED, EQUIVALENT, NEITHER = "nested", "equivalent", "not nested"


@dataclass(frozen=True, eq=False)
class Nesting:
    """Which of several models is nested in which.

    Attributes
    ----------
    table : DataFrame
        Models x models, from the most restrictive to the largest: of the row's model in the
        column's, ``"nested"``, ``"equivalent"`` or ``"not nested"``; empty on the diagonal.
    df : Series
        Degrees of freedom of the models.
    checks : mapping of (str, str) to NestedCheck
        The test behind every entry, by the two models' names.
    """

    table: pd.DataFrame
    df: pd.Series
    checks: Mapping[tuple[str, str], NestedCheck]

    def __str__(self) -> str:
        shown = self.table.replace("", "-")
        shown.insert(0, "df", self.df)
        lines = ["Is the model of a row nested in that of a column?", "", shown.to_string(), ""]
        return "\n".join([*lines, *_sentences(self.table)])

    def __repr__(self) -> str:
        return f"<Nesting of {', '.join(map(str, self.table.index))}>"


def nesting(fits: Mapping[str, Solution]) -> Nesting:
    """Test every pair of models for nesting and equivalence (Bentler and Satorra's NET).

    Parameters
    ----------
    fits : mapping of str to Fit
        Two or more converged fits of the same variables and groups, by the models' names.

    Returns
    -------
    Nesting
        ``.table`` and ``.checks``; print it to read it. Each entry is :func:`check_nested` of the
        two: found at the smaller model's estimates, for the models in general.

    Raises
    ------
    ModelError
        Where there are fewer than two models, or they have no names.
    EstimationError
        Where one did not converge.
    DataError
        Where two have different variables or groups.

    References
    ----------
    Bentler, P. M., & Satorra, A. (2010). Testing model nesting and equivalence. Psychological
    Methods, 15, 111-123. doi:10.1037/a0019625

    Examples
    --------
    >>> import pandas as pd, clustersem as cs
    >>> cov = [[1, 0.5, 0.3], [0.5, 1, 0.6], [0.3, 0.6, 1]]
    >>> cov = pd.DataFrame(cov, index=list("xyz"), columns=list("xyz"))
    >>> fork = "x ~ y; z ~ y; x ~~ 0*z"
    >>> models = {"chain": "y ~ x; z ~ y", "fork": fork, "full": "y ~ x; z ~ y + x"}
    >>> fits = {name: cs.sem(model, cov=cov, n_obs=200) for name, model in models.items()}
    >>> print(cs.nesting(fits))
    Is the model of a row nested in that of a column?
    <BLANKLINE>
           df       chain        fork    full
    chain   1           -  equivalent  nested
    fork    1  equivalent           -  nested
    full    0  not nested  not nested       -
    <BLANKLINE>
    Equivalent: chain and fork.
    Nested: chain in full; fork in full.
    """
    if not isinstance(fits, Mapping) or len(fits) < 2:
        raise ModelError(
            "nesting() compares two or more fits by name; write"
            " cs.nesting({'partial': fit1, 'full': fit2})."
        )
    for name, fit in fits.items():
        if not isinstance(fit, Solution):
            raise ModelError(f"{name!r} is {type(fit).__name__}, not a fit.")
        if not fit.converged:
            raise EstimationError(f"{name!r} did not converge. {fit.status}")
    order = sorted(fits, key=lambda name: -fits[name].df)
    checks = {(a, b): check_nested(fits[a], fits[b]) for a in order for b in order if a != b}
    table = pd.DataFrame("", index=order, columns=order)
    for (a, b), check in checks.items():
        table.loc[a, b] = EQUIVALENT if check.equivalent else NESTED if check.nested else NEITHER
    return Nesting(table, pd.Series({name: fits[name].df for name in order}), checks)


def _sentences(table: pd.DataFrame) -> Iterator[str]:
    names = list(table.index)
    alike = [
        f"{a} and {b}"
        for i, a in enumerate(names)
        for b in names[i + 1 :]
        if table.loc[a, b] == EQUIVALENT
    ]
    inside = [f"{a} in {b}" for a in names for b in names if table.loc[a, b] == NESTED]
    told = f"Equivalent: {', '.join(alike)}." if alike else "No two are equivalent."
    yield from textwrap.wrap(told, 100)
    told = f"Nested: {'; '.join(inside)}." if inside else "None is nested in another."
    yield from textwrap.wrap(told, 100)
