"""Direct, indirect and total effects of a fitted model, with what is said of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from clustersem.engine.effects import EffectPaths, Jacobian, effect_paths, jacobian_of, values_of
from clustersem.engine.ram import Array, Index
from clustersem.errors import AdmissibilityWarning, EstimationError, ModelError
from clustersem.fit.solution import Solution
from clustersem.fit.summary import p_text
from clustersem.spec import ModelSpec

#: More specific paths than this between two variables are not listed one by one.
MOST_PATHS = 500

_NUMBERS = ["est", "se", "z", "p_value", "ci_lower", "ci_upper"]
_STANDARDISED = ["std_all", "std_se", "std_z", "std_p_value", "std_ci_lower", "std_ci_upper"]
_PRINTED = ["est", "se", "p_value", "ci_lower", "ci_upper", "std_all", "std_se"]
_PRINTED += ["std_ci_lower", "std_ci_upper"]


@dataclass(frozen=True, eq=False)
class Effects:
    """How variables of a model act on each other, directly and through others.

    Made by :meth:`clustersem.Fit.effects`.

    Attributes
    ----------
    table : DataFrame
        One row an effect: ``from``, ``to``; ``kind``, one of ``total``, ``direct``, ``indirect``
        (all indirect paths together) and ``specific`` (one indirect path); ``path``, its variables
        in order, where it is a single path; ``group``, 1-based; ``est se z p_value ci_lower
        ci_upper`` raw, and ``std_all std_se std_z std_p_value std_ci_lower std_ci_upper``
        standardised on all variables. What the model fixes has a standard error of 0 and no z.
    direct, indirect, total : DataFrame
        Raw effects as matrices, causes in columns and what they act on in rows, as AMOS prints
        them. The diagonal of `total` holds what a variable does to itself through a loop. With
        several groups the first level of the index is the group.
    std_direct, std_indirect, std_total : DataFrame
        The same, standardised on all variables.
    level : float
        Level of the confidence intervals.
    stability : Series
        For every group the stability index, the largest modulus of an eigenvalue of the matrix of
        direct effects: 0 without loops. Effects that go round a loop add up to something finite
        only below 1 (Bentler and Freeman, 1983).
    notes : tuple of str
        What to know before reading the table: loops, and paths that were too many to list.
    """

    table: pd.DataFrame
    direct: pd.DataFrame
    indirect: pd.DataFrame
    total: pd.DataFrame
    std_direct: pd.DataFrame
    std_indirect: pd.DataFrame
    std_total: pd.DataFrame
    level: float
    stability: pd.Series
    notes: tuple[str, ...]

    def between(self, cause: str, outcome: str) -> pd.DataFrame:
        """Return the rows of one pair of variables.

        Parameters
        ----------
        cause, outcome : str
            Variables of the model.

        Raises
        ------
        ModelError
            Where one of them is not among the variables of these effects.
        """
        for name in (cause, outcome):
            if name not in self.total.columns:
                raise ModelError(
                    f"{name!r} is not among the variables whose effects are listed:"
                    f" {', '.join(map(str, self.total.columns))}. Effects on items need"
                    " fit.effects(loadings=True)."
                )
        rows = (self.table["from"] == cause) & (self.table["to"] == outcome)
        return self.table[rows].reset_index(drop=True)

    def __repr__(self) -> str:
        pairs = self.table[["from", "to"]].drop_duplicates()
        return f"<Effects between {len(pairs)} pairs of variables>"

    def __str__(self) -> str:
        if self.table.empty:
            return "The model has no effects between its latent variables or in regressions."
        texts = self.table[["group", "from", "to", "kind", "path"]].to_numpy(dtype=object).tolist()
        numbers = self.table[_PRINTED].to_numpy(dtype=np.float64)
        names = [f"    {path}" if kind == "specific" else f"  {kind}" for *_, kind, path in texts]
        width = max(24, *(len(name) for name in names))
        several = self.table["group"].nunique() > 1
        lines = [
            f"Effects, with delta-method standard errors and {100 * self.level:g} % intervals",
            "",
            f"{'':<{width}}{'est':>9}{'se':>8}{'p':>8}{'interval':>19}{'std_all':>9}{'se':>8}"
            f"{'interval':>19}",
        ]
        last: list[object] = []
        for (*pair, _, _), name, values in zip(texts, names, numbers, strict=True):
            if pair != last:
                group, cause, outcome = pair
                where = f" (group {self.stability.index[group - 1]})" if several else ""
                lines += ["", f"{cause} -> {outcome}{where}"]
                last = pair
            est, se, p, low, high, std, std_se, std_low, std_high = (float(v) for v in values)
            lines.append(
                f"{name:<{width}}{est:>9.3f}{se:>8.3f}{'' if se == 0 else p_text(p):>8}"
                f"{_interval(low, high):>19}{std:>9.3f}{std_se:>8.3f}"
                f"{_interval(std_low, std_high):>19}"
            )
        for note in self.notes:
            lines += ["", f"Note: {note}"]
        return "\n".join(lines)


def effects(fit: Solution, *, level: float = 0.95, loadings: bool = False) -> Effects:
    """Return the effects of a fit; see :meth:`clustersem.Fit.effects`.

    Raises
    ------
    EstimationError
        Where the fit did not converge.
    ModelError
        Where `level` is no level.
    """
    if not 0.0 < level < 1.0:
        raise ModelError(f"level = {level} is no level of an interval; 0.95 is usual.")
    if not fit.converged:
        raise EstimationError(f"no effects can be read off this fit. {fit.status}")
    names = _scope(fit.spec, loadings=loadings)
    index = fit.layout.index()
    places = np.array([index[name] for name in names], dtype=np.intp)
    half = float(ndtri(0.5 + level / 2.0))
    tables: list[pd.DataFrame] = []
    matrices: dict[str, list[Array]] = {}
    stability: list[float] = []
    notes: list[str] = []
    groups = list(_groups(fit))
    for number, label, jacobian in groups:
        found = effect_paths(jacobian, places, most=MOST_PATHS)
        tables.append(_table(found, jacobian, fit.vcov_theta, fit.layout.names, number, half))
        for name, matrix in _matrices(jacobian, places).items():
            matrices.setdefault(name, []).append(matrix)
        stability.append(found.stability)
        said = _notes(found, fit.layout.names, label if len(groups) > 1 else "")
        if found.stability >= 1.0:
            warnings.warn(said[0], AdmissibilityWarning, stacklevel=3)
        notes += said
    labels = [label for _, label, _ in groups]
    return Effects(
        table=pd.concat(tables, ignore_index=True),
        **{name: _frame(found, names, labels) for name, found in matrices.items()},
        level=level,
        stability=pd.Series(stability, index=labels, name="stability"),
        notes=tuple(dict.fromkeys(notes)),
    )


def _groups(fit: Solution) -> Iterator[tuple[int, str, Jacobian]]:
    """Yield number, label and derivatives of every group."""
    blocks = zip(fit.objective.blocks, fit.groups, fit.points, strict=True)
    for number, (block, label, point) in enumerate(blocks, start=1):
        yield number, label, jacobian_of(block.model, point)


def effects_of_groups(fit: Solution, *, loadings: bool = False) -> tuple[EffectPaths, ...]:
    """Return the effects of every group, in the order of the table of :func:`effects`."""
    index = fit.layout.index()
    names = _scope(fit.spec, loadings=loadings)
    places = np.array([index[name] for name in names], dtype=np.intp)
    return tuple(effect_paths(jacobian, places, most=MOST_PATHS) for _, _, jacobian in _groups(fit))


def effect_labels(fit: Solution, found: Sequence[EffectPaths]) -> pd.DataFrame:
    """Return the first columns of the table of :func:`effects`, which say what each effect is."""
    names = fit.layout.names
    tables = [_labels(each, names, number) for number, each in enumerate(found, start=1)]
    return pd.concat(tables, ignore_index=True)


def _scope(spec: ModelSpec, *, loadings: bool) -> tuple[str, ...]:
    """Return latent variables and observed ones that regress or are regressed; or all."""
    if loadings:
        return (*spec.latent, *spec.observed)
    related = {
        name for row in spec.parameters if row.op in ("~", "<~") for name in (row.lhs, row.rhs)
    }
    return (*spec.latent, *(name for name in spec.observed if name in related))


def _table(
    found: EffectPaths,
    jacobian: Jacobian,
    vcov: Array,
    names: Sequence[str],
    group: int,
    half: float,
) -> pd.DataFrame:
    raw, raw_slopes, std, std_slopes = values_of(found, jacobian)
    columns = [*_inference(raw, raw_slopes, vcov, half), *_inference(std, std_slopes, vcov, half)]
    table = _labels(found, names, group)
    return table.assign(**dict(zip([*_NUMBERS, *_STANDARDISED], columns, strict=True)))


def _labels(found: EffectPaths, names: Sequence[str], group: int) -> pd.DataFrame:
    """Return what each effect of a group is."""
    return pd.DataFrame(
        {
            "from": pd.Series([names[e.cause] for e in found.effects], dtype=object),
            "to": pd.Series([names[e.outcome] for e in found.effects], dtype=object),
            "kind": pd.Series([e.kind for e in found.effects], dtype=object),
            "path": pd.Series(
                [" -> ".join(names[v] for v in e.path) for e in found.effects], dtype=object
            ),
            "group": np.full(len(found.effects), group, dtype=np.int64),
        }
    )


def _inference(est: Array, slopes: Array, vcov: Array, half: float) -> list[Array]:
    # A parameter that is not identified spoils the effects that depend on it, no others.
    known = ~np.isnan(vcov.diagonal())
    used = slopes[:, known]
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.sqrt(np.einsum("ij,ij->i", used @ vcov[np.ix_(known, known)], used))
        se[(slopes[:, ~known] != 0).any(axis=1)] = np.nan
        # What the model fixes has no sampling error, only rounding.
        se = np.where((slopes == 0).all(axis=1) | (se <= 1e-12 * np.abs(est)), 0.0, se)
        z = np.where(se > 0, est / se, np.nan)
    return [est, se, z, 2.0 * ndtr(-np.abs(z)), est - half * se, est + half * se]


def _matrices(jacobian: Jacobian, places: Index) -> dict[str, Array]:
    """Return the six matrices of :class:`Effects`, rows being what is acted on."""
    a = jacobian.a[np.ix_(places, places)]
    total = jacobian.e[np.ix_(places, places)] - np.eye(len(places))
    sd = jacobian.sd[places]
    result: dict[str, Array] = {}
    for prefix, factor in (("", np.ones_like(a)), ("std_", sd / sd[:, None])):
        result[f"{prefix}direct"] = a * factor
        result[f"{prefix}indirect"] = (total - a) * factor
        result[f"{prefix}total"] = total * factor
    return result


def _frame(found: list[Array], names: Sequence[str], labels: Sequence[str]) -> pd.DataFrame:
    frames = [pd.DataFrame(matrix, index=list(names), columns=list(names)) for matrix in found]
    if len(frames) == 1:
        return frames[0]
    return pd.concat(frames, keys=list(labels), names=["group", None])


def _notes(found: EffectPaths, names: Sequence[str], group: str) -> list[str]:
    where = f" in group {group}" if group else ""
    notes: list[str] = []
    if found.stability >= 1.0:
        notes.append(
            f"the loop through {_listed(found.looped, names)} does not settle{where}: the"
            f" stability index is {found.stability:.3f} and must be below 1 for total and indirect"
            " effects to be finite sums (Bentler & Freeman, 1983). Do not interpret them."
        )
    if len(found.looped):
        notes.append(
            f"{_listed(found.looped, names)} act on each other in a loop, so paths through them"
            " are endless: direct, indirect and total effects are listed, without specific paths."
        )
    for cause, outcome, count in found.unlisted:
        notes.append(
            f"{names[cause]} acts on {names[outcome]} by {count} indirect paths; they are not"
            " listed one by one."
        )
    return notes


def _listed(places: Index, names: Sequence[str]) -> str:
    return ", ".join(names[place] for place in places)


def _interval(low: float, high: float) -> str:
    return f"[{low:.3f}, {high:.3f}]"
