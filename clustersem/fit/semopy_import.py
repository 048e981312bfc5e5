"""A model of semopy's as a specification."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from clustersem.errors import ModelError, UnsupportedError
from clustersem.fit.semopy_engine import SemopyModel, effects_in
from clustersem.spec import ModelSpec, SpecOptions, build_spec
from clustersem.spec.expression import format_number

SemopyParameter: TypeAlias = Any

#: Everything semopy estimates is written out, so nothing is added but the covariates' moments.
_NO_DEFAULTS = SpecOptions(
    auto_fix_first=False,
    auto_fix_single=False,
    auto_var=False,
    auto_cov_lv_x=False,
    auto_cov_y=False,
)
_MATRICES = ("beta", "lambda", "psi", "theta")
_OWN_NAME = re.compile(r"_[bc]\d+")


@dataclass(frozen=True)
class _Cell:
    """One place of a parameter of semopy's, in lavaan's terms."""

    lhs: str
    op: str
    rhs: str
    modifiers: tuple[str, ...]
    from_sample: bool

    @property
    def term(self) -> str:
        """What stands right of the operator, a term for every modifier."""
        if not self.modifiers:
            return self.rhs
        return " + ".join(f"{modifier}*{self.rhs}" for modifier in self.modifiers)


def from_semopy(model: SemopyModel) -> ModelSpec:
    """Turn a ``semopy.Model`` into a specification with the same free and fixed parameters.

    What the specification frees and fixes is read from semopy's own matrices, not guessed from its
    text, whose defaults are not lavaan's: dependent variables that nothing depends on do not
    covary, for one. Fit it as any other: ``cs.sem(spec, data)``.

    Parameters
    ----------
    model : semopy.Model
        Fitted or not. Its estimates, data and covariance matrix stay where they are; `START` and
        `BOUND` commands become starting values and bounds.

    Returns
    -------
    ModelSpec
        Every parameter is written out in its text. Moments of exogenous covariates come from the
        sample, as with semopy.

    Raises
    ------
    UnsupportedError
        For what has no counterpart: ``ModelMeans``, ``ModelEffects``, ordinal variables,
        ``CONSTRAINT``, baseline models, parameters that ``START`` fixes at a starting value, and
        covariances that stand outside semopy's structural part.
    ModelError
        Where `model` is no model of semopy's.

    Notes
    -----
    Estimates and chi2 are semopy's, but for two differences: semopy keeps variances from zero up
    unless `BOUND` says otherwise, and its degrees of freedom count the moments of covariates, which
    are data on neither side of the comparison.

    Examples
    --------
    >>> import semopy
    >>> print(from_semopy(semopy.Model("f =~ x1 + x2 + x3")))
    f =~ 1*x1 + x2 + x3
    f ~~ f
    x1 ~~ x1
    x2 ~~ x2
    x3 ~~ x3
    """
    _refuse(model)
    cells = _without_implied_zeros(list(_cells(model)))
    _refuse_mixed_covariates(cells)
    cells = _in_fixed_order(cells)
    measured = {cell.lhs for cell in cells if cell.op == "=~"}
    lines = [f"{name} =~ 0" for name in sorted(set(model.vars["latent"]) - measured)]
    for op in ("=~", "~", "~~"):
        left: dict[str, list[str]] = {}
        for cell in cells:
            if cell.op == op and not cell.from_sample:
                left.setdefault(cell.lhs, []).append(cell.term)
        lines.extend(f"{lhs} {op} {' + '.join(terms)}" for lhs, terms in left.items())
    return build_spec("\n".join(lines), _NO_DEFAULTS)


def _refuse(model: SemopyModel) -> None:
    kind = type(model)
    if not kind.__module__.startswith("semopy.") or not hasattr(model, "parameters"):
        raise ModelError(
            f"from_semopy() takes a semopy.Model, not a {kind.__name__}. For a text in semopy's"
            " syntax pass semopy.Model(text)."
        )
    if tuple(model.matrices_names) != _MATRICES:
        raise UnsupportedError(
            f"{kind.__name__} has means or random effects, which are not read. Pass a semopy.Model"
            " of the covariance structure; intercepts come with cs.sem(..., meanstructure=True)."
        )
    found = {
        "an ordinal variable": bool(model.vars.get("ordinal")),
        "a CONSTRAINT": bool(model.constraints),
        "baseline=True": bool(model.baseline),
    }
    for what, present in found.items():
        if present:
            raise UnsupportedError(
                f"the semopy model has {what}, which is not read. Leave it out, and give parameters"
                " that are equal one name: y1 ~ a*x1, y2 ~ a*x1."
            )


def _cells(model: SemopyModel) -> Iterator[_Cell]:
    """Yield every cell that holds a parameter, but the zeros from a variable to itself."""
    measurement = effects_in(model.description).get("=~", {})
    covariates = set(model.vars["observed"]) & set(model.vars["exogenous"])
    inner = set(model.vars["inner"])
    for name, parameter in model.parameters.items():
        # Starts that semopy worked out itself once it saw the data are listed there.
        own_start = parameter.start is None or name in model.params_to_start
        for location in parameter.locations:
            which = next(k for k, mx in enumerate(model.matrices) if mx is location.matrix)
            rows, cols = model.names[which]
            to, of = rows[location.indices[0]], cols[location.indices[1]]
            from_sample = not parameter.active and own_start
            if from_sample and not (which == 2 and {to, of} <= covariates):
                raise UnsupportedError(
                    f"START*{of} fixes a parameter of {to} at semopy's starting value. Write the"
                    " number, or leave START out to estimate it."
                )
            if which == 3 and to != of and (to in inner or of in inner):
                raise UnsupportedError(
                    f"semopy keeps {to} ~~ {of} outside its structural part, where it does not mean"
                    f" what it means in lavaan and AMOS. Add the line '{_outer(to, of, inner)}' to"
                    " the text, which brings it inside."
                )
            if which >= 2:
                lhs, op, rhs = to, "~~", of
            elif to in measurement.get(of, {}):
                lhs, op, rhs = of, "=~", to
            else:
                lhs, op, rhs = to, "~", of
            if lhs == rhs and op == "~" and not parameter.active and parameter.start == 0.0:
                continue
            modifiers = tuple(
                _modifiers(name, parameter, own_start=own_start, op=op, lhs=lhs, rhs=rhs)
            )
            yield _Cell(lhs, op, rhs, modifiers, from_sample)


def _outer(to: str, of: str, inner: set[str]) -> str:
    name = of if to in inner else to
    return f"{name} ~ 0*{name}"


def _modifiers(
    name: str, parameter: SemopyParameter, *, own_start: bool, op: str, lhs: str, rhs: str
) -> Iterator[str]:
    if not parameter.active:
        if not own_start:
            yield format_number(float(parameter.start))
        return
    if not _OWN_NAME.fullmatch(name):
        yield name
    if not own_start:
        yield f"start({format_number(float(parameter.start))})"
    usual = (0, None) if op == "~~" and lhs == rhs else (None, None)
    if tuple(parameter.bound) != usual:
        for word, value in zip(("lower", "upper"), parameter.bound, strict=True):
            if value is not None:
                yield f"{word}({format_number(float(value))})"


def _in_fixed_order(cells: list[_Cell]) -> list[_Cell]:
    """Sort the covariances by their variables: semopy's order of them changes from run to run."""
    paths = [c for c in cells if c.op != "~~"]
    names = dict.fromkeys(name for c in paths for name in (c.lhs, c.rhs))
    names |= dict.fromkeys(name for c in cells for name in sorted((c.lhs, c.rhs)))
    rank = {name: i for i, name in enumerate(names)}
    pairs = [
        c if rank[c.lhs] <= rank[c.rhs] else replace(c, lhs=c.rhs, rhs=c.lhs)
        for c in cells
        if c.op == "~~"
    ]
    return paths + sorted(pairs, key=lambda c: (rank[c.lhs], rank[c.rhs]))


def _without_implied_zeros(cells: list[_Cell]) -> list[_Cell]:
    """Leave out zeros between a covariate of the sample and another variable: they need no row.

    Written out, they would make the covariate's own moments parameters of the model.
    """
    sampled = {c.lhs for c in cells if c.from_sample and c.lhs == c.rhs}
    return [
        c
        for c in cells
        if not (c.op == "~~" and c.modifiers == ("0",) and (c.lhs in sampled) != (c.rhs in sampled))
    ]


def _refuse_mixed_covariates(cells: list[_Cell]) -> None:
    """Refuse covariates some of whose moments are estimated: all come from the sample, or none."""
    estimated = {
        name for c in cells if c.op == "~~" and not c.from_sample for name in (c.lhs, c.rhs)
    }
    for cell in cells:
        mixed = {cell.lhs, cell.rhs} & estimated
        if cell.from_sample and mixed:
            raise UnsupportedError(
                f"semopy estimates some moments of the covariates {', '.join(sorted(mixed))} and"
                f" takes {cell.lhs} ~~ {cell.rhs} from the sample. Write all of their variances and"
                " covariances, or none."
            )
