"""Whether the solution is the same in other units, with other codes and other markers.

Multiply every variable v by exp(x_v): a path from j to i is multiplied by exp(x_i - x_j), a
covariance by exp(x_i + x_j), an intercept by exp(x_i). A model is the same in the new units if what
it fixes at a value, other than zero, and what it sets equal is multiplied by the same: linear
equations in x. Their solutions are all the changes of units that a model allows; one is drawn.

References
----------
Browne, M. W. (1982). Covariance structures. In D. M. Hawkins (Ed.), Topics in applied multivariate
analysis (pp. 72-141). Cambridge University Press.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
from scipy.linalg import null_space

from clustersem.certify.check import Check, in_words, not_applicable, rounded
from clustersem.engine.ram import Array
from clustersem.errors import ClusterSemError
from clustersem.fit.estimation import fit_samples
from clustersem.fit.result import Fit
from clustersem.fit.second_opinion import OF_CHI2
from clustersem.moments import SampleMoments
from clustersem.moments.resampled import resampled
from clustersem.resample.streams import stream
from clustersem.spec import ModelSpec, Parameter
from clustersem.survey.names import listed

# Powers of ten between which factors lie.
WIDEST = 3.0
# Half a unit of the third decimal of a standardised estimate.
OF_STANDARDISED = 0.0005


def other_units(fit: Fit, seed: int) -> Check:
    """Check that variables in other units, and categories with other codes, change nothing."""
    name = "other units"
    if not fit.converged:
        return not_applicable(name, "There is nothing to compare: the fit did not converge.")
    rng = stream(seed, 0, 1)
    powers = _powers(fit, rng)
    p = len(fit.spec.observed)
    moved = float(np.abs(powers[:p]).max(initial=0.0)) > 0
    ordinal = [len(own.categories) for s in fit.samples for own in [s.ordinal] if own is not None]
    if ordinal and any(sample.data is None for sample in fit.samples):
        return not_applicable(name, "There are no answers to give other codes.")
    if not moved and not ordinal:
        return not_applicable(
            name,
            "The model fixes or equates parameters in the units of the data, so that in other units"
            " it is another model.",
        )
    factors = 10.0**powers
    try:
        samples = tuple(_restated(sample, factors[:p], rng) for sample in fit.samples)
        again = _refitted(fit, _in_units(fit.spec, factors), samples)
    except ClusterSemError as error:
        return Check(name, "failed", f"In other units the model cannot be fitted: {error}")
    common = moved and np.ptp(powers[:p]) == 0
    what = ["all codes changed"] if ordinal else []
    if common:
        what.append(
            f"all variables times {rounded(factors[0])} (the model or estimator allows no more)"
        )
    elif moved:
        used = factors[:p][powers[:p] != 0]
        number = "all" if len(used) == p else f"{len(used)} of {p}"
        what.append(f"{number} variables times {rounded(used.min())} to {rounded(used.max())}")
    return _compared(name, fit, again, f"With {listed(what)}")


def other_markers(fit: Fit) -> Check:
    """Check that the choice of the item that sets a factor's scale changes nothing."""
    name = "other markers"
    if not fit.converged:
        return not_applicable(name, "There is nothing to compare: the fit did not converge.")
    spec, changed = _with_other_markers(fit)
    if not changed:
        return not_applicable(
            name,
            "No factor has its scale from one item that another could replace without making"
            " another model.",
        )
    try:
        again = _refitted(fit, spec, fit.samples)
    except ClusterSemError as error:
        return Check(name, "failed", f"With other markers the model cannot be fitted: {error}")
    return _compared(name, fit, again, f"With other markers ({listed(changed, limit=3)})")


def _refitted(fit: Fit, spec: ModelSpec, samples: tuple[SampleMoments, ...]) -> Fit:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # The fit has given them already.
        warnings.simplefilter("ignore")
        return fit_samples(spec, samples, replace(fit.options, engine="native", se="none"))


def _compared(name: str, fit: Fit, again: Fit, lead: str) -> Check:
    bound = (
        f"chi2 within {OF_CHI2}, standardised estimates within {OF_STANDARDISED}: half a unit of"
        " the third decimal"
    )
    if not again.converged:
        return Check(
            name,
            "doubtful",
            f"{lead} the optimiser does not converge: the solution is fragile. {again.status}",
            bound,
        )
    # Of least squares F is in the units of the data; over its unit it is a number.
    before, after = (x.multiplier * x.state.f / x.objective.unit for x in (fit, again))
    old, new = (x.estimates for x in (fit, again))
    kept = old["op"] != ":="
    apart = np.abs(old.loc[kept, "std_all"].to_numpy() - new.loc[kept, "std_all"].to_numpy())
    apart = apart[np.isfinite(apart)]
    largest = float(apart.max(initial=0.0))
    chi2 = abs(before - after)
    differs = chi2 > max(OF_CHI2, 1e-6 * abs(before)) or largest > OF_STANDARDISED
    lower = after < before - max(OF_CHI2, 1e-6 * abs(before))
    found = (
        f"{lead} chi2 changes by {in_words(chi2)} and standardised estimates by"
        f" {in_words(largest)}."
    )
    if lower:
        found += f" chi2 is lower there ({after:.3f}, here {before:.3f}): this is not the minimum."
    elif differs:
        found += " The search is not steady: see other starts, and give starting values."
    return Check(
        name,
        "failed" if lower else "doubtful" if differs else "passed",
        found,
        bound,
        (("difference_of_chi2", chi2), ("largest_difference_of_std_all", largest)),
    )


def _powers(fit: Fit, rng: np.random.Generator) -> Array:
    """Return powers of ten for all variables, drawn from those that leave the model as it is."""
    spec, names = fit.spec, fit.layout.names
    place = {name: i for i, name in enumerate(names)}
    rows: list[Array] = []
    with_label: dict[str, Array] = {}
    in_constraints = {n for c in spec.constraints if c.op != ":=" for n in c.names}
    in_constraints |= {n for c in spec.constraints if c.op == ":=" for n in c.rhs.names}
    if not any(c.op != ":=" for c in spec.constraints):
        in_constraints = set()
    for parameter in spec.parameters:
        own = _power_of(parameter, place)
        fixed = not parameter.free and not parameter.from_sample and bool(parameter.value)
        if fixed or parameter.label in in_constraints:
            rows.append(own)
        if parameter.label:
            rows.append(own - with_label.setdefault(parameter.label, own))
    for bound in spec.bounds:
        if any(limit is not None and np.isfinite(limit) and limit for limit in _limits(bound)):
            rows.append(_power_of(spec.parameters[bound.parameter], place))
    unit = np.eye(len(names))
    p = len(spec.observed)
    # Ordinal items have no unit; sums of squared covariances only make sense in one.
    rows += [unit[i] for i in fit.layout.ordinal]
    if fit.options.discrepancy == "ULS":
        rows += [unit[i] - unit[0] for i in range(1, p)]
    allowed = null_space(np.array(rows)) if rows else unit
    powers: Array = np.round(allowed @ rng.standard_normal(allowed.shape[1]), 12)
    largest = np.abs(powers[:p]).max(initial=0.0)
    return powers * (WIDEST / largest) if largest > 1e-6 else np.zeros(len(names))


def _limits(bound: object) -> tuple[float | None, float | None]:
    return getattr(bound, "lower", None), getattr(bound, "upper", None)


def _power_of(parameter: Parameter, place: dict[str, int]) -> Array:
    """Return how often every variable's factor multiplies a parameter."""
    power = np.zeros(len(place))
    if parameter.op == "=~":
        power[place[parameter.rhs]] += 1.0
        power[place[parameter.lhs]] -= 1.0
        return power
    power[place[parameter.lhs]] += 1.0
    if parameter.op in ("~", "<~"):
        power[place[parameter.rhs]] -= 1.0
    elif parameter.op == "~~":
        power[place[parameter.rhs]] += 1.0
    return power


def _in_units(spec: ModelSpec, factors: Array) -> ModelSpec:
    """Return the model with the user's starting values in the new units."""
    if all(row.start is None for row in spec.parameters):
        return spec
    names = (*spec.observed, *spec.latent)
    place = {name: i for i, name in enumerate(names)}
    rows = tuple(
        row
        if row.start is None
        else replace(row, start=row.start * float(np.prod(factors ** _power_of(row, place))))
        for row in spec.parameters
    )
    return replace(spec, parameters=rows)


def _restated(sample: SampleMoments, factors: Array, rng: np.random.Generator) -> SampleMoments:
    """Return the same sample in other units, its categories under other codes."""
    data = None if sample.data is None else sample.data * factors
    if sample.ordinal is not None:
        assert data is not None
        categories = []
        for j, values in enumerate(sample.ordinal.categories):
            codes = np.cumsum(rng.integers(1, 900, len(values))).astype(np.float64)
            for value, code in zip(values, codes, strict=True):
                data[sample.data[:, j] == value, j] = code  # type: ignore[index]
            categories.append(codes)
        own = replace(sample.ordinal, categories=tuple(categories))
        return resampled(replace(sample, data=data, ordinal=own), np.arange(sample.n_obs))
    if data is not None and sample.incomplete is not None:
        return resampled(replace(sample, data=data), np.arange(sample.n_obs))
    return replace(
        sample,
        cov=sample.cov * factors[:, None] * factors,
        mean=None if sample.mean is None else sample.mean * factors,
        data=data,
        drawn=None if sample.drawn is None else sample.drawn * factors,
    )


def _with_other_markers(fit: Fit) -> tuple[ModelSpec, list[str]]:
    """Return the model with other items as markers, and what was changed."""
    spec = fit.spec
    rows = list(spec.parameters)
    if spec.bounds or any(c.op != ":=" for c in spec.constraints):
        return spec, []
    std_all = fit.estimates["std_all"].to_numpy()
    changed = []
    for latent in spec.latent:
        own = [i for i, row in enumerate(rows) if row.op == "=~" and row.lhs == latent]
        fixed = [i for i in own if not rows[i].free and rows[i].value]
        markers = {rows[i].rhs for i in fixed}
        scaled = [r for r in rows if r.lhs == r.rhs == latent and not r.free and r.value]
        if len(markers) != 1 or len(fixed) != spec.n_groups or scaled:
            continue
        first = [i for i in own if rows[i].group == 1]
        (old,) = [i for i in first if i in fixed]
        able = [
            i
            for i in first
            if rows[i].free
            and std_all[i] * std_all[old] > 0
            and sum(r.label == rows[i].label for r in rows if r.group == 1 and r.label) <= 1
        ]
        if not able:
            continue
        new = max(able, key=lambda i: abs(std_all[i]))
        marker, other = rows[old].rhs, rows[new].rhs
        pairs = []
        for group in range(1, spec.n_groups + 1):
            at = {rows[i].rhs: i for i in own if rows[i].group == group}
            pairs.append((at[marker], at[other]))
        if not all(rows[b].free for _, b in pairs):
            continue
        for a, b in pairs:
            value, label = rows[a].value, rows[b].label
            rows[a] = replace(rows[a], free=True, value=None, label=label)
            rows[b] = replace(rows[b], free=False, value=value, start=None, label="")
        changed.append(f"{other} in place of {marker}")
    return replace(spec, parameters=tuple(rows)), changed
