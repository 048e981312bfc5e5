"""What may be freed: named allowances, single parameters and functions, all asked the same way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

from clustersem.errors import ModelError, UnsupportedError
from clustersem.fit.hypotheses import Path, parse_path, suggestion
from clustersem.spec import ModelSpec
from clustersem.survey.names import did_you_mean

Row = tuple[str, str, str]
Question = Callable[[str, str, str], bool]
Rule = str | Sequence[str] | Question
TidyRule: TypeAlias = "str | Row | PartRule | Question"
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


_PARTS = {
    "within": re.compile(r"within (\S+)"),
    "between": re.compile(r"between (\S+) and (\S+)"),
    "loadings": re.compile(r"loadings on (\S+)"),
    "about": re.compile(r"about (\S+)"),
}


@dataclass(frozen=True)
class PartRule:
    """A rule about a part of the model, by the names of its variables."""

    text: str
    kind: str
    names: tuple[str, ...]

    def speaks_of(self, roles: Roles, lhs: str, op: str, rhs: str) -> bool:
        """Return whether a parameter belongs to the part."""
        if self.kind == "about":
            return self.names[0] in (lhs, rhs)
        if self.kind == "loadings":
            return op == "=~" and lhs == self.names[0]
        if op != "~~" or lhs == rhs:
            return False
        of_lhs, of_rhs = (roles.constructs.get(item, frozenset()) for item in (lhs, rhs))
        if self.kind == "within":
            return self.names[0] in of_lhs & of_rhs
        first, second = self.names
        return (first in of_lhs and second in of_rhs) or (second in of_lhs and first in of_rhs)


def row_of(written: str | Sequence[str]) -> Row:
    """Read one parameter, ``"C11 ~~ C12"`` or ``("C11", "~~", "C12")``.

    Raises
    ------
    ModelSyntaxError
        Where the text cannot be read.
    ModelError
        Where it names no parameter that can be freed.
    """
    if not isinstance(written, str) and not _is_text_list(written):
        raise ModelError(f"{written!r} is no parameter; write 'C11 ~~ C12', or the like.")
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
    if not isinstance(rules, Iterable):
        raise ModelError(
            f"{rules!r} says nothing of what may be freed; write 'residual_covariances', a"
            " parameter such as 'C11 ~~ C12', or a list of these, which may be empty."
        )
    return tuple(_tidy(rule) for rule in rules)


def matching(rules: Sequence[TidyRule], roles: Roles, row: Row) -> bool:
    """Return whether any of the rules speaks of a parameter."""
    for rule in rules:
        if isinstance(rule, str):
            hit = ALLOWANCES[rule](roles, *row)
        elif isinstance(rule, PartRule):
            hit = rule.speaks_of(roles, *row)
        elif callable(rule):
            hit = bool(rule(*row))
        else:
            hit = key_of(rule) == key_of(row)
        if hit:
            return True
    return False


def reason_of_rule(rules: Rules, roles: Roles, row: Row) -> str:
    """Return the reason that a mapping of rules gives for a parameter; of the first that does."""
    if not isinstance(rules, Mapping):
        return ""
    for rule, reason in rules.items():
        if matching((_tidy(rule),), roles, row):
            return reason.strip()
    return ""


def in_words(rules: Sequence[TidyRule]) -> str:
    """Return the rules as a list for a sentence."""
    words = []
    for rule in rules:
        if isinstance(rule, str):
            words.append(rule)
        elif isinstance(rule, PartRule):
            words.append(rule.text)
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


def check_part(spec: ModelSpec, rule: PartRule, what: str) -> None:
    """Refuse a part of the model that the model does not have.

    Raises
    ------
    ModelError
        With the nearest name.
    """
    latent, every = spec.latent, (*spec.latent, *spec.observed)
    known = every if rule.kind == "about" else latent
    for name in rule.names:
        if name not in known:
            raise ModelError(
                f"{what} {rule.text!r} is not about this model, which has no"
                f" {'variable' if rule.kind == 'about' else 'latent variable'} {name!r}"
                f"{did_you_mean(name, known) or '.'}"
            )


def _is_text_list(written: object) -> bool:
    return isinstance(written, (tuple, list)) and all(isinstance(part, str) for part in written)


def _is_row(rules: object) -> bool:
    return isinstance(rules, (tuple, list)) and len(rules) == 3 and rules[1] in _OPERATORS


def _tidy(rule: Rule) -> TidyRule:
    if callable(rule):
        return rule
    if not isinstance(rule, str) or "~" in rule or "～" in rule or "↔" in rule:
        return row_of(rule)
    plain = " ".join(rule.split())
    for kind, pattern in _PARTS.items():
        part = pattern.fullmatch(plain)
        if part is not None:
            return PartRule(plain, kind, part.groups())
    if rule not in ALLOWANCES:
        near = get_close_matches(rule, ALLOWANCES, n=1)
        raise UnsupportedError(
            f"{rule!r} is no allowance"
            + (f"; did you mean {near[0]!r}? " if near else ". ")
            + f"There are {', '.join(ALLOWANCES)}; a part of the model is written"
            " within B1, between B1 and B2, loadings on B1 or about C11, a single parameter"
            " C11 ~~ C12."
        )
    return rule
