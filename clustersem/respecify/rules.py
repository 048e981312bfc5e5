"""What may be freed: named allowances, single parameters and functions, all asked the same way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from clustersem.errors import ModelError, UnsupportedError
from clustersem.fit.hypotheses import Path, parse_path, suggestion
from clustersem.spec import ModelSpec

Row = tuple[str, str, str]
Question = Callable[[str, str, str], bool]
Rule = str | Sequence[str] | Question
TidyRule = str | Row | Question
#: One rule or several.
Rules = Rule | Sequence[Rule] | Mapping[str, str]

_OPERATORS = ("=~", "~", "~~")


@dataclass(frozen=True)
class Roles:
    """What the variables of a model are, before any step.

    Attributes
    ----------
    latent : frozenset of str
        Latent variables.
    observed : frozenset of str
        Observed variables.
    constructs : mapping of str to frozenset of str
        The constructs that each item measures. A general factor, which every item measures, is not
        counted where there are others.
    """

    latent: frozenset[str]
    observed: frozenset[str]
    constructs: Mapping[str, frozenset[str]]


def roles_of(spec: ModelSpec) -> Roles:
    """Read the roles of a model's variables off its loadings."""
    observed = frozenset(spec.observed)
    loadings = [
        (row.lhs, row.rhs)
        for row in spec.parameters
        if row.op == "=~" and row.rhs in observed and (row.free or row.value != 0.0)
    ]
    items = frozenset(item for _, item in loadings)
    measured = {f: frozenset(i for g, i in loadings if g == f) for f, _ in loadings}
    if len(measured) > 1:
        measured = {f: own for f, own in measured.items() if own != items} or measured
    return Roles(
        frozenset(spec.latent),
        observed,
        {item: frozenset(f for f, own in measured.items() if item in own) for item in items},
    )


def _within_construct(roles: Roles, lhs: str, op: str, rhs: str) -> bool:
    shared = roles.constructs.get(lhs, frozenset()) & roles.constructs.get(rhs, frozenset())
    return op == "~~" and lhs != rhs and bool(shared)


def _residual_covariances(roles: Roles, lhs: str, op: str, rhs: str) -> bool:
    return op == "~~" and lhs != rhs and {lhs, rhs} <= roles.observed


def _latent_covariances(roles: Roles, lhs: str, op: str, rhs: str) -> bool:
    return op == "~~" and lhs != rhs and {lhs, rhs} <= roles.latent


def _cross_loadings(roles: Roles, lhs: str, op: str, rhs: str) -> bool:
    own = roles.constructs.get(rhs)
    return op == "=~" and own is not None and lhs not in own


def _paths(roles: Roles, lhs: str, op: str, rhs: str) -> bool:
    return op == "~"


ALLOWANCES: dict[str, Callable[[Roles, str, str, str], bool]] = {
    "within_construct": _within_construct,
    "residual_covariances": _residual_covariances,
    "latent_covariances": _latent_covariances,
    "cross_loadings": _cross_loadings,
    "paths": _paths,
}


def row_of(written: str | Sequence[str]) -> Row:
    """Read one parameter, ``"C11 ~~ C12"`` or ``("C11", "~~", "C12")``.

    Raises
    ------
    ModelSyntaxError
        Where the text cannot be read.
    ModelError
        Where it names no parameter that can be freed.
    """
    text = written if isinstance(written, str) else " ".join(written)
    path = parse_path(text)
    if path.op not in _OPERATORS:
        raise ModelError(f"{text!r} is no parameter that can be freed; write C11 ~~ C12.")
    return path.lhs, path.op, path.rhs


def key_of(row: Row) -> Row:
    """Return what identifies a parameter: a covariance has no direction."""
    lhs, op, rhs = row
    return (rhs, op, lhs) if op == "~~" and rhs < lhs else row


def tidy_rules(rules: Rules) -> tuple[TidyRule, ...]:
    """Return rules as names of allowances, rows and functions.

    Raises
    ------
    UnsupportedError
        For a name that no allowance has.
    """
    if isinstance(rules, str) or callable(rules) or _is_row(rules):
        return (_tidy(rules),)  # type: ignore[arg-type]
    return tuple(_tidy(rule) for rule in rules)


def matching(rules: Sequence[TidyRule], roles: Roles, row: Row) -> bool:
    """Return whether any of the rules speaks of a parameter."""
    for rule in rules:
        if isinstance(rule, str):
            hit = ALLOWANCES[rule](roles, *row)
        elif callable(rule):
            hit = bool(rule(*row))
        else:
            hit = key_of(rule) == key_of(row)
        if hit:
            return True
    return False


def in_words(rules: Sequence[TidyRule]) -> str:
    """Return the rules as a list for a sentence."""
    words = []
    for rule in rules:
        if isinstance(rule, str):
            words.append(rule)
        elif callable(rule):
            words.append(str(getattr(rule, "__name__", "a function")))
        else:
            words.append(" ".join(rule))
    return ", ".join(words) if words else "nothing"


def check_row(spec: ModelSpec, row: Row, what: str) -> None:
    """Refuse a parameter of variables that a model does not have.

    Raises
    ------
    ModelError
        With the nearest name.
    """
    unknown = [name for name in (row[0], row[2]) if name not in (*spec.latent, *spec.observed)]
    if unknown:
        path = Path(*row)
        raise ModelError(f"{what} {path} is not about this model: {suggestion(spec, path)}")


def _is_row(rules: object) -> bool:
    return isinstance(rules, (tuple, list)) and len(rules) == 3 and rules[1] in _OPERATORS


def _tidy(rule: Rule) -> TidyRule:
    if callable(rule):
        return rule
    if not isinstance(rule, str) or "~" in rule or "～" in rule or "↔" in rule:
        return row_of(rule)
    if rule not in ALLOWANCES:
        near = get_close_matches(rule, ALLOWANCES, n=1)
        raise UnsupportedError(
            f"{rule!r} is no allowance"
            + (f"; did you mean {near[0]!r}? " if near else ". ")
            + f"There are {', '.join(ALLOWANCES)}; a single parameter is written C11 ~~ C12."
        )
    return rule
