"""Auxiliary variables: what helps to fill the gaps without being part of the theory.

A variable that goes with the answers, or with whether they are given, makes full information more
accurate and its assumption (missing at random) more credible. As a saturated correlate it covaries
freely with all others and with the residuals of what the model explains, so that it changes neither
the model nor its degrees of freedom.

References
----------
Graham, J. W. (2003). Adding missing-data-relevant variables to FIML-based structural equation
models. Structural Equation Modeling, 10, 80-100. doi:10.1207/S15328007SEM1001_4
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clustersem.errors import ModelError
from clustersem.spec.syntax import is_name
from clustersem.spec.table import Parameter


def saturated_correlates(target: Sequence[str], auxiliary: Sequence[str]) -> Iterator[Parameter]:
    """Return the rows of auxiliary variables, for one group: every moment of theirs is free.

    Parameters
    ----------
    target : sequence of str
        The observed variables of the model itself.
    auxiliary : sequence of str
        The variables to add.

    Examples
    --------
    >>> [row.name for row in saturated_correlates(["a", "b"], ["age", "income"])]
    ... # doctest: +NORMALIZE_WHITESPACE
    ['age ~~ age', 'age ~~ income', 'income ~~ income',
     'a ~~ age', 'a ~~ income', 'b ~~ age', 'b ~~ income', 'age ~1', 'income ~1']
    """
    for i, name in enumerate(auxiliary):
        for other in auxiliary[i:]:
            yield Parameter(name, "~~", other, user=False)
    for name in target:
        for other in auxiliary:
            yield Parameter(name, "~~", other, user=False)
    for name in auxiliary:
        yield Parameter(name, "~1", "", user=False)


def check_auxiliary(target: Sequence[str], latent: Sequence[str], auxiliary: Sequence[str]) -> None:
    """Refuse auxiliary variables that are none.

    Raises
    ------
    ModelError
        Where one is a variable of the model already, is named twice, or has a name that a model
        cannot hold.
    """
    for i, name in enumerate(auxiliary):
        if name in target or name in latent:
            raise ModelError(
                f"auxiliary={name!r} is a variable of the model already. Leave it out of"
                " auxiliary=, which is for what the theory does not speak of."
            )
        if name in auxiliary[:i]:
            raise ModelError(f"auxiliary= names {name!r} twice. Name every variable once.")
        if not is_name(name):
            raise ModelError(
                f"auxiliary={name!r} is no name that a model can hold. Rename the column with"
                " letters, digits, '.' and '_' only."
            )
