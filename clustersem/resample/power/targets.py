"""What the power is asked of: from what a user writes to quantities of a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise

import numpy as np
import pandas as pd

from clustersem.engine.ram import PATH
from clustersem.errors import ModelError
from clustersem.fit.hypotheses import Hypothesis, Path, parse_hypotheses, parse_path, suggestion
from clustersem.fit.restrictions import Expressions
from clustersem.fit.solution import Solution
from clustersem.resample.power.quantities import (
    AllChains,
    Chain,
    Defined,
    ParameterValue,
    Quantity,
)
from clustersem.spec import Expression, Parameter
from clustersem.spec.expression import Number

TargetLike = str | Mapping[str, object] | Hypothesis
Targets = TargetLike | pd.DataFrame | Sequence[TargetLike] | None

FIT = "fit"
_EFFECTS = ("indirect", "total")


@dataclass(frozen=True, eq=False)
class Target:
    """One quantity whose being other than zero is to be shown.

    Attributes
    ----------
    id : str
        The hypothesis, or the path where it has no name of its own.
    path : str
        As in the model: ``"A1 ~ B1"``, ``"indirect: B1 -> A1 -> A2"``, a defined parameter's name.
    expect : str
        ``"+"``, ``"-"`` or ``"!=0"``.
    group : int
        1-based; 0 of a defined parameter.
    quantity : Quantity
        What it is in terms of theta.
    parameter : Parameter or None
        The row of the parameter table, where it is a parameter.
    truth, std_all : float
        Its value in the population, raw and standardised on all variables.
    """

    id: str
    path: str
    expect: str
    group: int
    quantity: Quantity
    parameter: Parameter | None
    truth: float
    std_all: float

    @property
    def label(self) -> str:
        """Id and path, once where they are the same."""
        return self.path if self.id == self.path else f"{self.id}: {self.path}"


@dataclass(frozen=True)
class Asked:
    """All that a call asks for: quantities, and whether the test of fit is among them."""

    targets: tuple[Target, ...]
    fit: bool

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """What the targets are about."""
        return tuple(target.quantity for target in self.targets)


def targets_of(asked: Targets, fit: Solution) -> Asked:
    """Return what is asked of a model.

    Parameters
    ----------
    asked : str, Hypothesis, mapping, DataFrame, sequence of these, or None
        See :func:`clustersem.power`.
    fit : Fit
        The model at the values of the population.

    Raises
    ------
    ModelSyntaxError
        Where a text cannot be read.
    ModelError
        Where the model has no such parameter or path, or it is fixed.
    """
    found: list[Target] = []
    wants_fit = False
    for entry in _entries(asked, fit):
        if isinstance(entry, Hypothesis):
            found += _of_path(fit, entry.id, parse_path(entry.path), entry.expect)
        elif isinstance(entry, _Effect):
            found += _of_effect(fit, entry)
        else:
            wants_fit = True
    names: dict[tuple[str, int], str] = {}
    for target in found:
        if (target.id, target.group) in names:
            raise ModelError(
                f"{target.id} is asked for twice: {names[target.id, target.group]} and"
                f" {target.path}. Leave one out, or give it another id."
            )
        names[target.id, target.group] = target.path
    if not found and not wants_fit:
        raise ModelError(
            "target= asks for nothing. Write a path, 'A1 ~ B1', or 'fit'; leave it out for all"
            " paths."
        )
    return Asked(tuple(found), wants_fit)


@dataclass(frozen=True)
class _Effect:
    id: str
    kind: str
    names: tuple[str, ...]
    expect: str
    text: str


def _entries(asked: Targets, fit: Solution) -> Iterator[str | Hypothesis | _Effect]:
    if asked is None:
        yield from (Hypothesis(path, path, "!=0") for path in _every_path(fit))
        return
    if isinstance(asked, (str, Hypothesis, Mapping)):
        asked = (asked,)
    if isinstance(asked, pd.DataFrame):
        yield from parse_hypotheses(asked)
        return
    if not isinstance(asked, Iterable):
        raise ModelError(
            f"expected paths or hypotheses, got {type(asked).__name__}; write 'A1 ~ B1', or"
            " 'H1: A1 ~ B1, +'."
        )
    for entry in asked:
        if isinstance(entry, str):
            for line in entry.splitlines():
                plain = line.split("#")[0].strip()
                if plain:
                    yield _of_line(plain)
        else:
            yield from parse_hypotheses((entry,))


def _of_line(line: str) -> str | Hypothesis | _Effect:
    """Read one line: ``fit``, an effect, a hypothesis or a path."""
    if line.lower() == FIT:
        return FIT
    if line.startswith(":="):
        line = line[2:].strip()
    words = [part.strip() for part in line.split(":")]
    kinds = [i for i, word in enumerate(words[:-1]) if word.lower() in _EFFECTS]
    if kinds:
        return _effect(line, words[: kinds[0]], words[kinds[0]].lower(), words[kinds[0] + 1 :])
    if "," in line or "，" in line or "、" in line:
        return parse_hypotheses(line)[0]
    path = str(parse_path(line))
    return Hypothesis(path, path, "!=0")


def _effect(line: str, before: list[str], kind: str, after: list[str]) -> _Effect:
    chain, _, expect = ":".join(after).partition(",")
    names = tuple(name.strip() for name in chain.replace("→", "->").split("->"))
    if len(names) < 2 or not all(names) or len(before) > 1:
        raise ModelError(
            f"{line!r}: write an effect as 'indirect: B1 -> A1 -> A2' (one chain), as 'indirect:"
            " B1 -> A2' (all chains together) or as 'total: B1 -> A2'."
        )
    text = f"{kind}: {' -> '.join(names)}"
    # What is expected is read as that of any hypothesis.
    sign = Hypothesis(text, "x ~ y", expect.strip() or "!=0").expect
    return _Effect(before[0] if before else text, kind, names, sign, text)


def _every_path(fit: Solution) -> list[str]:
    """Return the regressions of a model; of one without any the covariances of its constructs."""
    free = [row for row in fit.spec.parameters if row.free and row.group == 1]
    latent = set(fit.spec.latent)
    paths = [row.name for row in free if row.op == "~"]
    if not paths:
        paths = [
            row.name
            for row in free
            if row.op == "~~" and row.lhs != row.rhs and {row.lhs, row.rhs} <= latent
        ]
    if not paths:
        raise ModelError(
            "the model has neither paths nor covariances of constructs; say what the power is asked"
            " of: target='f =~ x2', or target='fit' for the test of fit."
        )
    return paths


def _of_path(fit: Solution, name: str, path: Path, expect: str) -> Iterator[Target]:
    if path.op == ":=":
        quantity: Quantity = _defined(fit, name, path)
        truth, std_all = _row_of(fit, path.lhs, ":=")
        yield Target(name, str(path), expect, 0, quantity, None, truth, std_all)
        return
    rows = fit.spec.parameters
    several = fit.spec.n_groups > 1
    found = False
    for group in range(1, fit.spec.n_groups + 1):
        row = fit.spec.find(*path, group=group)
        if row is None:
            continue
        found = True
        if not row.free:
            raise ModelError(
                f"{name} is about {path}, which is not estimated but fixed: free it in the model,"
                " or leave it out."
            )
        place = int(fit.layout.places[rows.index(row)])
        quantity = ParameterValue(place)
        text = f"{path} [{fit.groups[group - 1]}]" if several else str(path)
        own = f"{name} [{fit.groups[group - 1]}]" if several else name
        truth, std_all = _row_of(fit, row.lhs, row.op, row.rhs, group)
        yield Target(own, text, expect, group, quantity, row, truth, std_all)
    if not found:
        raise ModelError(
            f"{name} is about {path}, which is not in the model: {suggestion(fit.spec, path)}"
        )


def _defined(fit: Solution, name: str, path: Path) -> Defined:
    known: dict[str, Expression] = {}
    place: dict[str, int] = {}
    for row, at in zip(fit.spec.parameters, fit.layout.places.tolist(), strict=True):
        if row.label and at >= 0:
            place[row.label] = at
        elif row.label and row.value is not None:
            known[row.label] = Number(row.value)
    for constraint in fit.spec.constraints:
        if constraint.op != ":=":
            continue
        known[constraint.lhs] = function = constraint.rhs.substitute(known)
        if constraint.lhs == path.lhs:
            places = tuple((label, place[label]) for label in function.names)
            return Defined(Expressions((function,), places, fit.layout.n_free))
    raise ModelError(
        f"{name} is about {path}, which the model does not define: {suggestion(fit.spec, path)}"
    )


def _of_effect(fit: Solution, asked: _Effect) -> Iterator[Target]:
    index = fit.layout.index()
    for name in asked.names:
        if name not in index:
            near = get_close_matches(name, index, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(index)}."
            raise ModelError(f"{asked.text!r}: the model has no variable {name!r}; {hint}")
    several = fit.spec.n_groups > 1
    places = [index[name] for name in asked.names]
    for group, block in enumerate(fit.objective.blocks, start=1):
        model = block.model
        if len(places) == 2:
            quantity: Quantity = AllChains(model, places[0], places[1], asked.kind == "total")
        elif asked.kind == "total":
            raise ModelError(
                f"{asked.text!r}: a total effect has two ends; write 'total: {asked.names[0]} ->"
                f" {asked.names[-1]}', or 'indirect: ...' for this one chain."
            )
        else:
            free: list[int] = []
            factor = 1.0
            for of, to in pairwise(places):
                cells = model.cells
                here = np.flatnonzero((cells.kind == PATH) & (cells.row == to) & (cells.col == of))
                if len(here):
                    free.append(int(model.parameter[here[0]]))
                elif model.a0[to, of] != 0:
                    factor *= float(model.a0[to, of])
                else:
                    names = fit.layout.names
                    raise ModelError(
                        f"{asked.text!r}: the model has no path {names[of]} -> {names[to]};"
                        f" {suggestion(fit.spec, Path(names[to], '~', names[of]))}"
                    )
            quantity = Chain(tuple(free), factor)
        text = f"{asked.text} [{fit.groups[group - 1]}]" if several else asked.text
        own = f"{asked.id} [{fit.groups[group - 1]}]" if several else asked.id
        truth, slopes = quantity.at(fit.theta[None])
        if not slopes.any():
            raise ModelError(
                f"{asked.text!r}: the model has no chain of paths from {asked.names[0]} to"
                f" {asked.names[-1]} with a free path in it{_only_direct(asked)}"
            )
        sd = np.sqrt(fit.points[group - 1].covariance.diagonal())
        raw = float(truth[0])
        std_all = raw * float(sd[places[0]] / sd[places[-1]])
        yield Target(own, text, asked.expect, group, quantity, None, raw, std_all)


def _only_direct(asked: _Effect) -> str:
    if asked.kind != "indirect" or len(asked.names) > 2:
        return "."
    return f"; for the direct one write '{asked.names[1]} ~ {asked.names[0]}'."


def _row_of(
    fit: Solution, lhs: str, op: str, rhs: str | None = None, group: int = 0
) -> tuple[float, float]:
    """Return a row's estimate, raw and standardised."""
    table = fit.estimates
    rows = (table["lhs"] == lhs) & (table["op"] == op) & (table["group"] == group)
    if rhs is not None:
        rows &= table["rhs"] == rhs
    row = table[rows].iloc[0]
    return float(row["est"]), float(row["std_all"])
