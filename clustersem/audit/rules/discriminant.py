"""AVE against correlations: what discriminant validity claims, and what MSV and ASV summarise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedConstruct, PrintedCorrelation, Published


def roots_above_correlations(paper: Published) -> Iterator[Outcome]:
    """Check a claim of discriminant validity against the table that it rests on."""
    claims = [claim for claim in paper.claims if claim.about == "discriminant"]
    if not claims:
        return
    for row in paper.correlations:
        if row.kind == "items":
            continue
        for name, other in ((row.first, row.second), (row.second, row.first)):
            construct = paper.construct.get(name)
            root = None if construct is None else _root(construct)
            if construct is None or root is None:
                continue
            text, ends = root
            size = abs(row.value.interval)
            if size.lower <= ends.upper:
                yield Held(DISCRIMINANT.name, row.place)
                continue
            said = f' ("{claims[0].words}")' if claims[0].words else ""
            yield Finding(
                DISCRIMINANT.name,
                row.place,
                "correlation",
                row.value.text,
                Interval(-ends.upper, ends.upper),
                f"below {ends.text(max(row.value.decimals, 2))} in size",
                f"The text claims discriminant validity{said}, for which the root of AVE has to "
                f"exceed the correlations; {name} correlates {row.value.text} with {other} and has "
                f"{text}: these cannot all be right.",
                severity="decisive",
                concerns=("validity",),
            )


def _root(construct: PrintedConstruct) -> tuple[str, Interval] | None:
    found = []
    if construct.sqrt_ave is not None:
        found.append((f"a root of AVE of {construct.sqrt_ave.text}", construct.sqrt_ave.interval))
    if construct.ave is not None:
        ends = construct.ave.interval.sqrt()
        found.append((f"an AVE of {construct.ave.text}, of which the root is {ends.text(3)}", ends))
    return max(found, key=lambda one: one[1].upper) if found else None


def squared_correlations(paper: Published) -> Iterator[Outcome]:
    """Check MSV and ASV against the correlations."""
    tables = _tables(paper)
    for quantity, printed, summary in _SUMMARIES:
        listed = {one.name for one in paper.constructs if printed(one) is not None}
        for construct in paper.constructs:
            value = printed(construct)
            if value is None:
                continue
            each = [
                summary([ends.square() for ends in others.values()])
                for others in _others(tables, construct.name, listed, len(listed) - 1)
            ]
            if not each:
                continue
            place = value.place or construct.place
            if any(one.overlaps(value.interval) for one in each):
                yield Held(SQUARED.name, place)
                continue
            text = each[0].text(max(value.decimals, 2))
            which = "largest" if quantity == "MSV" else "average"
            yield Finding(
                SQUARED.name,
                place,
                quantity,
                value.text,
                each[0],
                text,
                f"The {which} squared correlation of {construct.name} with the other constructs "
                f"is {text} by the table of correlations, not {value.text}: these cannot all be "
                "right.",
                concerns=("validity",),
            )


def _tables(paper: Published) -> list[dict[tuple[str, str], Interval]]:
    groups: dict[tuple[str, str], list[PrintedCorrelation]] = {}
    for row in paper.correlations:
        if row.kind != "items":
            groups.setdefault((row.matrix, row.kind), []).append(row)
    return [
        {(row.first, row.second): row.value.interval for row in rows} for rows in groups.values()
    ]


def _others(
    tables: list[dict[tuple[str, str], Interval]], name: str, listed: set[str], least: int
) -> Iterator[Mapping[str, Interval]]:
    """Yield the correlations of a construct with all others, and with those that have MSV too."""
    for table in tables:
        every = {b if a == name else a: value for (a, b), value in table.items() if name in (a, b)}
        among = {other: value for other, value in every.items() if other in listed}
        if len(among) == least > 0:
            yield every
            yield among


def _largest(squares: list[Interval]) -> Interval:
    return Interval(max(one.lower for one in squares), max(one.upper for one in squares))


def _mean(squares: list[Interval]) -> Interval:
    k = float(len(squares))
    return Interval(sum(one.lower for one in squares) / k, sum(one.upper for one in squares) / k)


_SUMMARIES: tuple[
    tuple[
        str,
        Callable[[PrintedConstruct], Printed | None],
        Callable[[list[Interval]], Interval],
    ],
    ...,
] = (
    ("MSV", lambda construct: construct.msv, _largest),
    ("ASV", lambda construct: construct.asv, _mean),
)

DISCRIMINANT = Rule(
    "discriminant validity",
    "Where discriminant validity is claimed by Fornell and Larcker's criterion, the root of each "
    "construct's AVE exceeds its correlations.",
    "Fornell, C., & Larcker, D. F. (1981). Evaluating structural equation models with unobservable "
    "variables and measurement error. Journal of Marketing Research, 18(1), 39-50. "
    "doi:10.1177/002224378101800104",
    "a claim of discriminant validity, AVE or its root, and correlations of constructs",
    roots_above_correlations,
)
SQUARED = Rule(
    "MSV and ASV",
    "MSV is the largest and ASV the average squared correlation with the other constructs.",
    "Hair, J. F., Black, W. C., Babin, B. J., & Anderson, R. E. (2010). Multivariate data analysis "
    "(7th ed.). Pearson; after Fornell & Larcker (1981), doi:10.1177/002224378101800104",
    "MSV or ASV, and the correlations of all constructs that have one",
    squared_correlations,
)

RULES: tuple[Rule, ...] = (DISCRIMINANT, SQUARED)
