"""The numbers that the paper prints, as the audit reads them, and what it finds among them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from clustersem.audit import Audit, Published, audit, read_published
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedCoefficient


@cache
def published() -> Published:
    """Load the printed numbers that ship with the package, nothing corrected.

    Returns
    -------
    Published
        Immutable; loaded once. Its models are that of section 4.2 and the revised one of Table 6.

    References
    ----------
    Wang, C., et al. (2022). Cross-border e-commerce trade and industrial clusters: Evidence from
    China. *Sustainability*, 14(6), 3576. https://doi.org/10.3390/su14063576 (CC BY 4.0)

    Examples
    --------
    >>> path("A1 ~ B2").std.text
    '0.153'
    """
    return read_published(Path(__file__).with_name("published.toml"))


@cache
def contradictions() -> Audit:
    """Audit the printed numbers: what cannot come out of any data, as they contradict each other.

    Examples
    --------
    >>> found = contradictions().findings
    >>> sum(finding.rule == "critical ratio" for finding in found)
    34
    """
    return audit(published())


def n_valid() -> int:
    """Return the number of valid questionnaires, 481."""
    return int(value(published().sample.n))


def paths(paper: Published) -> tuple[PrintedCoefficient, ...]:
    """Return the rows of Table 7, a hypothesis each, in its order."""
    return tuple(row for row in paper.coefficients if row.op != "=~")


def loadings(paper: Published) -> tuple[PrintedCoefficient, ...]:
    """Return the rows of Table 9, in its order: the 26 items that the model holds."""
    return tuple(row for row in paper.coefficients if row.op == "=~")


def path(name: str) -> PrintedCoefficient:
    """Return the row of Table 7 for ``"A1 ~ B1"``; ``~~`` may stand either way round."""
    rows = paths(published())
    for row in rows:
        if name == row.path or (row.op == "~~" and name == f"{row.rhs} ~~ {row.lhs}"):
            return row
    raise KeyError(f"Table 7 has no path {name!r}; it has {[row.path for row in rows]}")


def marker(construct: str) -> PrintedCoefficient:
    """Return the row of Table 9 whose loading is fixed to 1 for `construct`."""
    return next(row for row in loadings(published()) if row.lhs == construct and row.se is None)


def modifications() -> tuple[tuple[str, str], ...]:
    """Return the residual covariances that the paper frees, in its order."""
    return tuple((lhs, rhs) for lhs, _, rhs in published().models[-1].freed)


def value(number: Printed | None) -> float:
    """Return a number that the paper is known to print."""
    if number is None:
        raise ValueError("the paper does not print this number")
    return number.value
