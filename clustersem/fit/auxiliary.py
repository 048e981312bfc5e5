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

from collections.abc import Sequence

from clustersem.errors import DataError
from clustersem.spec.syntax import is_name
from clustersem.survey.names import listed


def with_auxiliary(text: str, observed: Sequence[str], auxiliary: Sequence[str]) -> str:
    """Return the model text with saturated correlates.

    Parameters
    ----------
    text : str
        The model.
    observed : sequence of str
        Its observed variables.
    auxiliary : sequence of str
        The variables to add.

    Raises
    ------
    DataError
        Where one is a variable of the model already, named twice, or has a name that model syntax
        cannot hold.

    Examples
    --------
    >>> print(with_auxiliary("f =~ a + b + c", ["a", "b", "c"], ["age", "income"]))
    f =~ a + b + c
    age ~~ age + income + a + b + c
    income ~~ income + a + b + c
    """
    lines = [text]
    for i, name in enumerate(auxiliary):
        if name in observed:
            raise DataError(
                f"auxiliary={name!r} is a variable of the model already. Leave it out of"
                " auxiliary=, which is for what the theory does not speak of."
            )
        if name in auxiliary[:i]:
            raise DataError(f"auxiliary= names {name!r} twice. Name every variable once.")
        if not isinstance(name, str) or not is_name(name):
            raise DataError(
                f"auxiliary={name!r} is no name that a model can hold. Rename the column with"
                f" letters, digits, '.' and '_' only, as {listed(observed, limit=3)} are."
            )
        lines.append(f"{name} ~~ {' + '.join([name, *auxiliary[i + 1 :], *observed])}")
    return "\n".join(lines)
