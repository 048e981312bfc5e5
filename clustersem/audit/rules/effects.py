"""Indirect and total effects against the paths that they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import pairwise
from operator import add, mul

from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedCoefficient, PrintedEffect, Published
from clustersem.audit.structure import Structure, structures

Route = tuple[str, ...]


def products(paper: Published) -> Iterator[Outcome]:
    """Check that an indirect effect is the product of its paths."""
    for effect in paper.effects:
        if effect.kind == "indirect" and len(effect.steps) > 2:
            yield from _against(paper, effect, "indirect effect")


def sums(paper: Published) -> Iterator[Outcome]:
    """Check that total effects are sums over all routes of the model."""
    for effect in paper.effects:
        if effect.kind != "indirect" and len(effect.steps) > 1:
            yield from _against(paper, effect, "sum of effects")


def totals(paper: Published) -> Iterator[Outcome]:
    """Check total = direct + total indirect where all three are printed."""
    indirect = [one for one in paper.effects if one.kind == "total_indirect"]
    for effect in paper.effects:
        if effect.kind != "total":
            continue
        ends = (effect.steps[0], effect.steps[-1])
        parts = [one for one in indirect if (one.steps[0], one.steps[-1]) == ends]
        rows = [
            row
            for structure in structures(paper)
            if structure.is_one_solution
            and (row := structure.row(ends[1], "~", ends[0])) is not None
        ]
        if len(parts) != 1 or not rows:
            continue
        for scale in ("est", "std"):
            printed, part = _number(effect, scale), _number(parts[0], scale)
            direct = [number for row in rows if (number := _number(row, scale)) is not None]
            if printed is None or part is None or not direct:
                continue
            ways = [(one.interval + part.interval, f"{one.text} + {part.text}") for one in direct]
            yield from _judged("total effect", effect, scale, printed, ways, complete=True)


def _against(paper: Published, effect: PrintedEffect, rule: str) -> Iterator[Outcome]:
    """Compare with every model that prints all paths; the effect may be of any of them."""
    for scale in ("est", "std"):
        printed = _number(effect, scale)
        if printed is None:
            continue
        ways, complete = [], True
        for structure in structures(paper):
            routes = _routes(structure, effect)
            made = _sum_of_products(structure, routes, scale) if routes else None
            if made is not None:
                ways.append(made)
                complete = complete and (structure.drawn or effect.kind == "indirect")
        if ways:
            yield from _judged(rule, effect, scale, printed, ways, complete=complete)


def _judged(
    rule: str,
    effect: PrintedEffect,
    scale: str,
    printed: Printed,
    ways: list[tuple[Interval, str]],
    *,
    complete: bool,
) -> Iterator[Outcome]:
    if any(printed.interval.overlaps(required) for required, _ in ways):
        yield Held(rule, effect.place)
        return
    required, spelled = ways[-1]
    digits = max(printed.decimals, 2) + 1
    name = effect.id or " -> ".join(effect.steps)
    what = {
        "indirect": "the product of its paths",
        "total_indirect": "the sum of the products along all indirect routes",
        "total": "the direct path and all indirect routes, added",
    }[effect.kind]
    opposite = 0.0 not in required and 0.0 not in printed.interval
    opposite = opposite and (required.lower > 0.0) != (printed.value > 0.0)
    yield Finding(
        rule,
        effect.place,
        f"{'standardised' if scale == 'std' else 'unstandardised'} {effect.kind} effect".replace(
            "total_indirect", "total indirect"
        ),
        printed.text,
        required,
        required.text(digits),
        f"The effect of {name} is {what}: {spelled} is {required.text(digits)}, but {printed.text} "
        f"is printed: these cannot all be right"
        f"{'' if complete else ' if these are all the routes of the model'}.",
        certainty="impossible" if complete else "implausible",
        severity="decisive" if opposite else "serious",
        concerns=(effect.id,) if effect.id else (),
    )


def _routes(structure: Structure, effect: PrintedEffect) -> tuple[Route, ...]:
    """Return the ways along which the effect goes; none where the model has loops on them."""
    if not structure.is_one_solution:
        return ()
    if effect.kind == "indirect":
        return (effect.steps,)
    first, last = effect.steps[0], effect.steps[-1]
    if any(name in above for name, above in structure.ancestors.items()):
        return ()
    found: list[Route] = []
    waiting: list[Route] = [(first,)]
    while waiting:
        route = waiting.pop()
        for following in structure.children(route[-1]):
            longer = (*route, following)
            if following == last:
                found.append(longer)
            elif last in structure.children(following) or any(
                last in structure.children(one)
                for one, above in structure.ancestors.items()
                if following in above
            ):
                waiting.append(longer)
    if effect.kind == "total_indirect":
        return tuple(sorted(route for route in found if len(route) > 2))
    # Where only the paths of a table are known, one from first to last may have been left out.
    direct = (first, last) in found
    return tuple(sorted(found)) if direct or structure.drawn else ()


def _sum_of_products(
    structure: Structure, routes: tuple[Route, ...], scale: str
) -> tuple[Interval, str] | None:
    products, spelled = [], []
    for route in routes:
        numbers = []
        for cause, outcome in pairwise(route):
            row = structure.row(outcome, "~", cause)
            number = None if row is None else _number(row, scale)
            if number is None:
                return None
            numbers.append(number)
        products.append(reduce(mul, (number.interval for number in numbers)))
        spelled.append(" x ".join(number.text for number in numbers))
    return reduce(add, products), " + ".join(spelled)


def _number(row: PrintedCoefficient | PrintedEffect, scale: str) -> Printed | None:
    return row.est if scale == "est" else row.std


_ALWIN = (
    "Alwin, D. F., & Hauser, R. M. (1975). The decomposition of effects in path analysis. American "
    "Sociological Review, 40, 37-47. doi:10.2307/2094445"
)
RULES: tuple[Rule, ...] = (
    Rule(
        "indirect effect",
        "An indirect effect is the product of the paths along its route, raw and standardised.",
        _ALWIN,
        "an indirect effect and the paths along its route",
        products,
    ),
    Rule(
        "sum of effects",
        "A total indirect effect is the sum over all indirect routes, a total effect that and the "
        "direct path.",
        _ALWIN,
        "a total or total indirect effect and all paths between its ends",
        sums,
    ),
    Rule(
        "total effect",
        "A total effect is the direct and the total indirect effect, added.",
        _ALWIN,
        "a total effect, the total indirect effect and the direct path",
        totals,
    ),
)
