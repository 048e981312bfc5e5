"""R2 against standardised paths, the causes' correlations and the disturbance's variance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.implied_correlation import ImpliedCorrelations, quadratic
from clustersem.audit.interval import Interval
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedCoefficient, Published
from clustersem.audit.std_lv import only_constructs_standardised
from clustersem.audit.structure import Pair, Structure, structures


@dataclass(frozen=True)
class _Outcome:
    """A dependent variable with all its printed causes."""

    name: str
    structure: Structure
    rows: tuple[PrintedCoefficient, ...]
    r_squared: Printed | None
    implied: Interval
    by_table: bool

    @property
    def causes(self) -> tuple[str, ...]:
        return tuple(row.rhs for row in self.rows)

    @property
    def places(self) -> str:
        return "; ".join(dict.fromkeys(row.place for row in self.rows))

    @property
    def concerns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.id for row in self.rows if row.id))

    @property
    def caveat(self) -> str:
        """What would have to be so for the numbers to be right; empty where nothing could."""
        reasons = []
        if not self.structure.drawn:
            reasons.append("it has causes that are not printed")
        if self.by_table:
            reasons.append("the correlations are of another model")
        return f" unless {' or '.join(reasons)}" if reasons else ""


def _outcomes(paper: Published) -> Iterator[_Outcome]:
    for structure in structures(paper):
        if not structure.is_one_solution:
            continue
        exact, all_known = _correlations(paper, structure)
        for name, causes in structure.parents.items():
            rows = [structure.row(name, "~", cause) for cause in causes]
            if not structure.has_plain_disturbance(name):
                continue
            told = tuple(row for row in rows if row is not None and row.std is not None)
            if len(told) < len(causes):
                continue
            construct = paper.construct.get(name)
            r_squared = construct.r_squared if construct and structure.is_final else None
            by_rows = _implied(structure, exact, causes, told)
            implied, by_table = by_rows, False
            if len(all_known) > len(exact):
                implied = _implied(structure, all_known, causes, told)
                by_table = implied != by_rows
            yield _Outcome(name, structure, told, r_squared, implied, by_table)


def _implied(
    structure: Structure,
    known: Mapping[Pair, Interval],
    causes: tuple[str, ...],
    rows: tuple[PrintedCoefficient, ...],
) -> Interval:
    found = ImpliedCorrelations(structure, known)
    among = found.of_causes(causes)
    at = {
        (i, j): among[Pair((causes[i], causes[j]))] for i, j in combinations(range(len(causes)), 2)
    }
    form = quadratic(tuple(row.std.interval for row in rows if row.std is not None), at)
    # The same once more, by the correlations with the outcome where a table prints them.
    product = Interval.exact(0.0)
    for row in rows:
        if row.std is not None:
            product = product + row.std.interval * found.between(row.lhs, row.rhs)
    return form.intersection(product) or form


def _correlations(
    paper: Published, structure: Structure
) -> tuple[dict[Pair, Interval], dict[Pair, Interval]]:
    """Correlations by the model's own rows; and with those of a table, where both must agree.

    A table belongs to the model whose name it carries, or to the only one that is printed. It may
    still be of the measurement model, which implies the same correlations as a structural one that
    joins every two constructs by an arrow or a covariance, and as no other.
    """
    exact: dict[Pair, Interval] = {}
    for row in structure.rows:
        dependent = structure.is_dependent(row.lhs) or structure.is_dependent(row.rhs)
        if row.op == "~~" and row.lhs != row.rhs and row.std is not None and not dependent:
            exact[Pair((row.lhs, row.rhs))] = row.std.interval
    constructs = {name for row in structure.rows if row.op == "~" for name in (row.lhs, row.rhs)}
    joined = {Pair(arrow) for arrow in structure.arrows} | structure.covaried
    free = [name for name in constructs if not structure.is_dependent(name)]
    joined |= {Pair(pair) for pair in combinations(free, 2)}
    known = dict(exact)
    name = "" if structure.model is None else structure.model.name
    latent = [one for one in paper.correlations if one.kind == "latent"]
    table = [one for one in latent if one.matrix and one.matrix == name]
    if not table and len(paper.models) < 2 and len({one.matrix for one in latent}) == 1:
        table = latent
    if all(Pair(pair) in joined for pair in combinations(constructs, 2)):
        for one in table:
            if {one.first, one.second} <= constructs:
                known.setdefault(Pair((one.first, one.second)), one.value.interval)
    return exact, known


def r_squared(paper: Published) -> Iterator[Outcome]:
    """Check R2 against the quadratic form of the paths, and that neither exceeds 1."""
    for construct in paper.constructs:
        share = construct.r_squared
        if share is not None and share.interval.lower > 1.0:
            yield Finding(
                "R2",
                construct.place,
                f"R2 of {construct.name}",
                share.text,
                Interval(0.0, 1.0),
                "at most 1",
                f"R2 is a share of the variance of {construct.name} and at most 1; {share.text} "
                "cannot be right as a share.",
            )
    for outcome in _outcomes(paper):
        printed, implied = outcome.r_squared, outcome.implied
        spelled = ", ".join(f"{row.std.text} ({row.rhs})" for row in outcome.rows if row.std)
        if implied.lower <= 1.0 and (printed is None or implied.overlaps(printed.interval)):
            if printed is not None:
                yield Held("R2", outcome.places)
            continue
        if _in_own_units(paper, outcome.structure, outcome.name, *outcome.causes):
            continue
        if implied.lower > 1.0:
            yield Finding(
                "R2",
                outcome.places,
                f"R2 of {outcome.name}",
                printed.text if printed else "",
                Interval(0.0, 1.0),
                "at most 1",
                f"The standardised paths to {outcome.name}, {spelled}, with the correlations of "
                f"the causes explain {implied.text(2)} times its variance, whatever the unprinted "
                "correlations are. That is more than all of it: these cannot all be right"
                f"{outcome.caveat or ' for an admissible solution'}.",
                certainty="implausible",
                concerns=outcome.concerns,
            )
            continue
        if printed is None:
            continue
        digits = max(printed.decimals, 2)
        single = len(outcome.rows) == 1
        how = "is the square of the only path" if single else "follows from the paths"
        yield Finding(
            "R2",
            outcome.places,
            f"R2 of {outcome.name}",
            printed.text,
            implied,
            implied.text(digits + 1),
            f"The explained variance of {outcome.name} {how} to it, {spelled}"
            f"{'' if single else ', and the correlations of the causes'}: "
            f"{implied.text(digits + 1)}, but {printed.text} is printed: these cannot all be right"
            f"{outcome.caveat}.",
            certainty="implausible" if outcome.caveat else "impossible",
            concerns=outcome.concerns,
        )


def _in_own_units(paper: Published, structure: Structure, *names: str) -> bool:
    """Whether some of these may be observed variables in a table that standardises none."""
    return not structure.measured.issuperset(names) and only_constructs_standardised(
        paper, structure
    )


def disturbances(paper: Published) -> Iterator[Outcome]:
    """Check that R2 and the standardised variance of the disturbance add to 1."""
    for structure in structures(paper):
        if not structure.is_one_solution or not structure.is_final:
            continue
        for row in structure.rows:
            name = row.lhs
            construct = paper.construct.get(name)
            if row.op != "~~" or row.rhs != name or row.std is None or construct is None:
                continue
            if construct.r_squared is None or not structure.is_dependent(name):
                continue
            required = 1.0 - row.std.interval
            if required.overlaps(construct.r_squared.interval):
                yield Held("disturbance", row.place)
                continue
            if _in_own_units(paper, structure, name):
                continue
            digits = max(construct.r_squared.decimals, 2)
            yield Finding(
                "disturbance",
                f"{row.place}; {construct.place}",
                f"R2 of {name}",
                construct.r_squared.text,
                required,
                required.text(digits),
                f"What is explained of {name} and its disturbance add to its variance: with a "
                f"standardised disturbance variance of {row.std.text}, R2 is "
                f"{required.text(digits)}, not {construct.r_squared.text}: these cannot both be "
                "right.",
            )


RULES: tuple[Rule, ...] = (
    Rule(
        "R2",
        "The explained variance of an outcome is the quadratic form of its standardised paths in "
        "the correlations of its causes; of a single cause, the square of its path.",
        "Wright, S. (1934). The method of path coefficients. Annals of Mathematical Statistics, 5, "
        "161-215. doi:10.1214/aoms/1177732676",
        "the standardised paths to an outcome from all its causes, and its R2",
        r_squared,
    ),
    Rule(
        "disturbance",
        "Explained variance and standardised disturbance variance add to 1.",
        "Bollen, K. A. (1989). Structural equations with latent variables. Wiley (p. 118). "
        "doi:10.1002/9781118619179",
        "R2 and the standardised disturbance variance of an outcome",
        disturbances,
    ),
)
