"""Correlations one by one, and as matrices that some variables must have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.measurement import exogenous
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedCoefficient, PrintedModel, Published
from clustersem.audit.semidefinite import (
    Array,
    Certificate,
    Inequality,
    Search,
    find_correlation_matrix,
)

_ONE = Interval(-1.0, 1.0)
# Larger matrices take seconds each, and no journal prints one.
_LARGEST = 60
# The culprits of a matrix are looked for by leaving out variables one by one.
_LARGEST_SEARCHED = 15

_KINDS = {
    "latent": "Estimates of a model can have such a matrix only where the solution is inadmissible",
    "scores": "A program prints such a matrix only where each correlation is of other respondents "
    "(pairwise deletion)",
    "items": "A program prints such a matrix only where each correlation is of other respondents "
    "(pairwise deletion) or estimated alone (polychoric)",
}


@dataclass(frozen=True)
class _Table:
    """Some correlations that belong to one matrix."""

    kind: str
    place: str
    names: tuple[str, ...]
    cells: Mapping[tuple[str, str], Printed]
    concerns: tuple[str, ...]

    def box(self, names: Sequence[str]) -> tuple[Array, Array]:
        at = {name: i for i, name in enumerate(names)}
        lower, upper = -np.ones((len(at), len(at))), np.ones((len(at), len(at)))
        np.fill_diagonal(lower, 1.0)
        for (a, b), value in self.cells.items():
            if a in at and b in at:
                ends = value.interval.intersection(_ONE) or value.interval
                for i, j in ((at[a], at[b]), (at[b], at[a])):
                    lower[i, j], upper[i, j] = ends.lower, ends.upper
        return lower, upper

    def printed_among(self, names: Sequence[str]) -> list[tuple[tuple[str, str], Printed]]:
        return [(pair, value) for pair, value in self.cells.items() if set(pair) <= set(names)]


def correlation_bounds(paper: Published) -> Iterator[Outcome]:
    """Check that no printed correlation lies beyond one."""
    for row in paper.correlations:
        value = row.value.interval
        if value.overlaps(_ONE):
            yield Held(CORRELATION.name, row.place)
            continue
        names = f"{row.first} and {row.second}"
        latent = row.kind == "latent"
        yield Finding(
            CORRELATION.name,
            row.place,
            "correlation",
            row.value.text,
            _ONE,
            _ONE.text(0),
            f"The correlation of {names} is printed as {row.value.text}; no two variables "
            "correlate beyond one"
            + ("; a program prints it only of an inadmissible solution." if latent else "."),
            certainty="implausible" if latent else "impossible",
            concerns=("validity",) if row.kind != "items" else ("sample",),
        )


def positive_semidefinite(paper: Published) -> Iterator[Outcome]:
    """Check that each table of correlations is that of some variables."""
    for table in _tables(paper):
        if any(not value.interval.overlaps(_ONE) for value in table.cells.values()):
            continue  # said of the correlation itself
        search = find_correlation_matrix(*table.box(table.names))
        if search.certificate is None:
            yield Held(MATRIX.name, table.place)
        else:
            yield _matrix_finding(table, search)


def explained_by_correlated_causes(paper: Published) -> Iterator[Outcome]:
    """Check paths together with the correlations of the causes, printed or not."""
    for model in paper.models or (None,):
        table = _latent_table(paper, model)
        if table is None or (model is not None and model.n_groups > 1):
            continue
        outcomes = _outcomes(paper, model, set(table.names))
        names = tuple(dict.fromkeys([*table.names, *(n for rows in outcomes for n in _of(rows))]))
        if not outcomes or len(names) > _LARGEST:
            continue
        box = table.box(names)
        if find_correlation_matrix(*table.box(table.names)).certificate is not None:
            continue  # said of the correlations alone
        printed_r2 = paper.final is model
        conditions = [
            one for rows in outcomes for one in _conditions(paper, model, rows, names, printed_r2)
        ]
        search = find_correlation_matrix(*box, inequalities=conditions)
        place = f"{table.place} and the paths to {', '.join(rows[0].lhs for rows in outcomes)}"
        if search.certificate is None:
            yield Held(CAUSES.name, place)
            continue
        yield _causes_finding(paper, model, outcomes, place, table, printed_r2)


def _tables(paper: Published) -> Iterator[_Table]:
    groups: dict[tuple[str, str], dict[tuple[str, str], list[Printed]]] = {}
    places: dict[tuple[str, str], list[str]] = {}
    for row in paper.correlations:
        if row.first == row.second:
            continue
        pair = (min(row.first, row.second), max(row.first, row.second))
        groups.setdefault((row.matrix, row.kind), {}).setdefault(pair, []).append(row.value)
        places.setdefault((row.matrix, row.kind), []).append(row.place)
    for (matrix, kind), cells in groups.items():
        names = tuple(dict.fromkeys(name for pair in cells for name in pair))
        # A pair with two values stands in two tables that were given one name.
        if any(not _agree(values) for values in cells.values()) or len(names) > _LARGEST:
            continue
        once = {
            pair: min(values, key=lambda one: one.interval.width) for pair, values in cells.items()
        }
        first, last = places[matrix, kind][0], places[matrix, kind][-1]
        place = matrix or (first if first == last else f"{first} to {last}")
        yield _Table(kind, place, names, once, ("sample",) if kind == "items" else ("validity",))
    for model in paper.models or (None,):
        table = _latent_table(paper, model)
        if table is not None and len(table.cells) > 1 and len(table.names) <= _LARGEST:
            yield table


def _agree(values: Sequence[Printed]) -> bool:
    return all(one.interval.overlaps(values[0].interval) for one in values)


def _latent_table(paper: Published, model: PrintedModel | None) -> _Table | None:
    """Return the correlations of exogenous variables among the coefficients."""
    if model is not None and model.n_groups > 1:
        return None
    outer = exogenous(paper, model)
    rows = [
        row
        for row in paper.coefficients_of(model)
        if row.op == "~~"
        and row.std is not None
        and row.lhs != row.rhs
        and {row.lhs, row.rhs} <= outer
    ]
    cells: dict[tuple[str, str], Printed] = {}
    for row in rows:
        assert row.std is not None
        cells[min(row.lhs, row.rhs), max(row.lhs, row.rhs)] = row.std
    if not cells or len(cells) < len(rows):
        return None
    names = tuple(dict.fromkeys(name for pair in cells for name in pair))
    place = rows[0].place.partition(",")[0]
    ids = tuple(row.id for row in rows if row.id)
    return _Table("latent", place, names, cells, ids or ("validity",))


def _matrix_finding(table: _Table, search: Search) -> Finding:
    names, certificate = _fewest(table, search.certificate)
    some = table.printed_among(names)
    smallest = find_correlation_matrix(*table.box(names)).smallest
    unprinted = len(names) * (len(names) - 1) // 2 - len(some)
    whatever = (
        f", whatever the {unprinted} that are not printed"
        if unprinted > 1
        else ", whatever the one that is not printed"
        if unprinted
        else ""
    )
    listed = ", ".join(f"{a} with {b} {value.text}" for (a, b), value in some[:6])
    more = f" and {len(some) - 6} more" if len(some) > 6 else ""
    return Finding(
        MATRIX.name,
        table.place,
        "correlation matrix",
        f"{listed}{more}",
        None,
        "a positive semidefinite matrix",
        f"No variables have these correlations: {listed}{more}{whatever}. The smallest eigenvalue "
        f"of their matrix is at most {smallest:.3f}, and it would have to be zero or more: the "
        f"printed ones cannot all be right, and one of them at least is off by "
        f"{certificate.shift:.4f} or more beyond rounding. {_KINDS[table.kind]}.",
        certainty="implausible",
        concerns=table.concerns,
    )


def _fewest(table: _Table, certificate: Certificate | None) -> tuple[list[str], Certificate]:
    """Leave out variables that the contradiction does not need."""
    assert certificate is not None
    names = list(table.names)
    if len(names) > _LARGEST_SEARCHED:
        return names, certificate
    # Those with the least weight in the dual matter least.
    for name in [names[i] for i in np.argsort(np.diag(certificate.dual), kind="stable")]:
        fewer = [one for one in names if one != name]
        proof = find_correlation_matrix(*table.box(fewer)).certificate if len(fewer) > 2 else None
        if proof is not None:
            names, certificate = fewer, proof
    return names, certificate


def _of(rows: Sequence[PrintedCoefficient]) -> list[str]:
    return [row.rhs for row in rows]


def _outcomes(
    paper: Published, model: PrintedModel | None, outer: set[str]
) -> list[list[PrintedCoefficient]]:
    """Return the paths to each outcome all of whose causes are exogenous and printed."""
    rows = [row for row in paper.coefficients_of(model) if row.op == "~"]
    inner = {row.lhs for row in rows} | {
        row.rhs for row in paper.coefficients_of(model) if row.op == "=~"
    }
    found = []
    for outcome in dict.fromkeys(row.lhs for row in rows):
        own = [row for row in rows if row.lhs == outcome]
        causes = _of(own)
        if any(row.std is None for row in own) or len(set(causes)) < len(own):
            continue
        if not set(causes) <= outer or set(causes) & inner:
            continue
        if any(
            row.op == "~~" and outcome in (row.lhs, row.rhs) and {row.lhs, row.rhs} & set(causes)
            for row in paper.coefficients_of(model)
        ):
            continue  # a disturbance that correlates with a cause
        if model is not None and model.spec is not None:
            drawn = {row.rhs for row in model.spec.regressions if row.lhs == outcome}
            if drawn != set(causes) or any(
                model.spec.find(outcome, "~~", cause) is not None for cause in causes
            ):
                continue
        found.append(own)
    return found


def _conditions(
    paper: Published,
    model: PrintedModel | None,
    rows: Sequence[PrintedCoefficient],
    names: Sequence[str],
    printed_r2: bool,
) -> Iterator[Inequality]:
    """R2 = b' R b lies where it is printed, and below one.

    For b within rounding of its middle, b' R b moves by no more than the sum of what the products
    b_j b_k move, as no |r| exceeds one.
    """
    at = [names.index(row.rhs) for row in rows]
    each = [row.std.interval for row in rows if row.std is not None]
    middle = np.zeros(len(names))
    middle[at] = [one.middle for one in each]
    weights = np.outer(middle, middle)
    moved = sum(
        max(abs((a * b).lower - a.middle * b.middle), abs((a * b).upper - a.middle * b.middle))
        for a in each
        for b in each
    )
    explained = _r_squared(paper, model, rows[0].lhs) if printed_r2 else None
    upper = min(1.0, explained.interval.upper) if explained is not None else 1.0
    yield Inequality(upper + moved, -weights)
    if explained is not None:
        yield Inequality(moved - explained.interval.lower, weights)


def _r_squared(paper: Published, model: PrintedModel | None, outcome: str) -> Printed | None:
    """Return R2 where the drawn model says that no cause was left out of the table."""
    construct = paper.construct.get(outcome)
    if construct is None or model is None or model.spec is None:
        return None
    return construct.r_squared


def _causes_finding(
    paper: Published,
    model: PrintedModel | None,
    outcomes: Sequence[Sequence[PrintedCoefficient]],
    place: str,
    table: _Table,
    printed_r2: bool,
) -> Finding:
    words = []
    for rows in outcomes:
        explained = _r_squared(paper, model, rows[0].lhs) if printed_r2 else None
        paths = ", ".join(f"{row.rhs} {row.std.text}" for row in rows if row.std is not None)
        r2 = f" with R2 {explained.text}" if explained is not None else ""
        words.append(f"{rows[0].lhs} by {paths}{r2}")
    drawn = model is not None and model.spec is not None
    return Finding(
        CAUSES.name,
        place,
        "standardised paths",
        "; ".join(words),
        None,
        "R2 as printed, and at most 1",
        f"The printed correlations of the causes and the standardised paths ({'; '.join(words)}) "
        "leave no value of the correlations that are not printed at which every outcome has its "
        "R2, and none above one: these cannot all be right"
        + ("." if drawn else ", unless an outcome has causes that the table leaves out."),
        certainty="impossible" if drawn else "implausible",
        concerns=tuple(row.id for rows in outcomes for row in rows if row.id) or table.concerns,
    )


CORRELATION = Rule(
    "correlation bound",
    "No correlation lies outside of -1 and 1.",
    "Cauchy's inequality; Rodgers, J. L., & Nicewander, W. A. (1988). Thirteen ways to look at "
    "the correlation coefficient. The American Statistician, 42(1), 59-66. "
    "doi:10.1080/00031305.1988.10475524",
    "a table of correlations",
    correlation_bounds,
)
MATRIX = Rule(
    "correlation matrix",
    "The correlations of a table, with some values of those that are not printed, have no negative "
    "eigenvalue.",
    "Grone, R., Johnson, C. R., Sá, E. M., & Wolkowicz, H. (1984). Positive definite completions "
    "of partial Hermitian matrices. Linear Algebra and its Applications, 58, 109-124. "
    "doi:10.1016/0024-3795(84)90207-6",
    "at least two correlations of one table, or of exogenous variables of one model",
    positive_semidefinite,
)
CAUSES = Rule(
    "causes and correlations",
    "Standardised paths b of causes with correlations R explain R2 = b' R b, which is at most one.",
    "Wright, S. (1934). The method of path coefficients. Annals of Mathematical Statistics, 5(3), "
    "161-215. doi:10.1214/aoms/1177732676",
    "standardised paths of all causes of an outcome, and correlations of exogenous variables",
    explained_by_correlated_causes,
)

RULES: tuple[Rule, ...] = (CORRELATION, MATRIX, CAUSES)
