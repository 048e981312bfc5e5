"""The data and the way of estimation under which every set of modifications is fitted.

A world is a sample, an estimator and the items that are left out; the models of a multiverse are
worlds crossed with sets of freed parameters.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from clustersem.errors import DataError, ModelError, UnsupportedError
from clustersem.fit.estimators import ESTIMATORS, LIKELIHOODS, estimator_named
from clustersem.fit.intake import Data, intake
from clustersem.fit.options import FitOptions
from clustersem.fit.resolve import options_of
from clustersem.fit.result import Fit
from clustersem.moments import SampleMoments
from clustersem.respecify.rules import Row, roles_of
from clustersem.respecify.space import Freed
from clustersem.respecify.trial import Trial, fit_model, freed
from clustersem.spec import ModelSpec, build_spec, parse_model
from clustersem.spec.syntax import Formula
from clustersem.survey.names import did_you_mean, listed

AS_FITTED = "as fitted"

Estimators = Sequence[str] | Mapping[str, Mapping[str, object]]
Deletions = str | Sequence[str | Sequence[str]]
Samples = dict[str, Data]

#: What an estimator in a mapping may say, beside ``ordered``.
_SAID = ("estimator", "likelihood", "information", "se", "test", "bounds", "parameterization")


@dataclass(frozen=True, eq=False)
class World:
    """One sample, estimator and choice of items.

    Attributes
    ----------
    sample, estimator : str
        What they are called; ``"as fitted"`` for the fit's own sample.
    deleted : tuple of str
        The items that are left out.
    spec : ModelSpec
        The initial model of these items.
    samples : tuple of SampleMoments
        One.
    options : FitOptions
        How to fit.
    """

    sample: str
    estimator: str
    deleted: tuple[str, ...]
    spec: ModelSpec
    samples: tuple[SampleMoments, ...]
    options: FitOptions

    def within(self, rows: Freed) -> Freed:
        """Return the parameters of a set that are about the items of this world."""
        gone = set(self.deleted)
        return frozenset(row for row in rows if not {row[0], row[2]} & gone)

    def trial(self, rows: Sequence[Row]) -> Trial:
        """Return what comes of freeing these parameters of it, given in the order wanted."""
        try:
            spec = freed(self.spec, rows) if rows else self.spec
        except ModelError as error:
            return Trial(None, str(error))
        return fit_model(spec, self.samples, self.options)


def worlds_of(
    fit: Fit, *, estimators: Estimators, deletions: Deletions, samples: Samples
) -> tuple[tuple[World, ...], tuple[str, ...]]:
    """Return every combination, the fit's own first, and what is to be said of them.

    Raises
    ------
    UnsupportedError, DataError, ModelError
        Where one of them cannot be had.
    """
    chosen = _estimators(estimators)
    left_out, notes = _deletions(fit.spec, deletions)
    in_samples, more = _in_samples(fit, samples)
    worlds = []
    for sample, spec, moments in in_samples:
        own = World(sample, fit.options.estimator, (), spec, moments, fit.options)
        ways = [own]
        for label, said in chosen:
            way = _by(own, label, said)
            if not any(way.spec == w.spec and way.options == w.options for w in ways):
                ways.append(way)
        worlds += [_without(way, items) for way in ways for items in ((), *left_out)]
    return tuple(worlds), (*notes, *more)


def _estimators(estimators: Estimators) -> list[tuple[str, Mapping[str, object]]]:
    if isinstance(estimators, str):
        estimators = (estimators,)
    if not isinstance(estimators, Iterable):
        raise ModelError(f"estimators={estimators!r}: write a list, estimators=['ML', 'MLR'].")
    if not isinstance(estimators, Mapping):
        for name in estimators:
            estimator_named(name)
        return [(name.upper(), {"estimator": name}) for name in estimators]
    for label, said in estimators.items():
        if not isinstance(said, Mapping):
            raise ModelError(
                f"estimators: {label!r} is described by {said!r}; write a mapping, such as"
                " {'ordinal': {'estimator': 'WLSMV', 'ordered': True}}, or names alone:"
                " estimators=['ML', 'MLR']."
            )
        for option in said:
            if option not in (*_SAID, "ordered"):
                raise ModelError(
                    f"estimators: {label!r} names {option!r}; it may name"
                    f" {', '.join((*_SAID, 'ordered'))}{did_you_mean(option, _SAID)}."
                )
    return list(estimators.items())


def _by(world: World, label: str, said: Mapping[str, object]) -> World:
    """Return a world with another estimator."""
    (sample,) = world.samples
    spec, samples = world.spec, world.samples
    if "ordered" in said:
        spec, samples = _read_again(world, said["ordered"], "estimators=")
    options, name = world.options, str(said.get("estimator", world.options.estimator)).upper()
    known = ESTIMATORS.get(name)
    # The fit's own likelihood goes with other estimators that have one.
    own = options.likelihood if known is not None and known.discrepancy in LIKELIHOODS else "normal"
    chosen: dict[str, object] = dict.fromkeys(("information", "se", "test"))
    chosen |= {
        "estimator": name,
        "likelihood": own,
        "bounds": options.bounds,
        "parameterization": options.parameterization,
    }
    chosen |= {key: value for key, value in said.items() if key not in ("ordered", "estimator")}
    decided = options_of(
        missing=options.missing,
        engine=options.engine,
        weighted=sample.weights is not None,
        clustered=sample.cluster is not None,
        ordinal=samples[0].ordinal is not None,
        **chosen,  # type: ignore[arg-type]
    )
    return replace(world, estimator=label, spec=spec, samples=samples, options=decided)


def _in_samples(
    fit: Fit, samples: Samples
) -> tuple[list[tuple[str, ModelSpec, tuple[SampleMoments, ...]]], list[str]]:
    notes: list[str] = []
    found = [(AS_FITTED, fit.spec, fit.samples)]
    if not isinstance(samples, dict):
        raise DataError(
            "samples: give each a name, {'strict': survey.screen(policy), ...}; cs.screenings makes"
            " such a mapping of a survey and screening policies."
        )
    if samples and (fit.moments.weights is not None or fit.moments.cluster is not None):
        raise UnsupportedError(
            "samples: the model was fitted with sampling weights or clusters, whose columns are not"
            " known any more. Make a multiverse of a fit to each sample instead."
        )
    for label, data in samples.items():
        if label == AS_FITTED:
            raise DataError(f"samples: {AS_FITTED!r} is what the fit's own sample is called.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                spec, moments = intake(fit.spec, data, missing=fit.options.missing)
            except DataError as error:
                raise DataError(f"samples, {label!r}: {error}") from None
        same = [old for old, _, other in found if _is_same(other[0], moments[0])]
        if same:
            notes.append(f"The sample {label!r} is the same as {same[0]!r} and counts once.")
        else:
            found.append((str(label), spec, moments))
    return found, notes


def _is_same(one: SampleMoments, other: SampleMoments) -> bool:
    return one.n_obs == other.n_obs and np.array_equal(one.cov, other.cov)


def _deletions(spec: ModelSpec, deletions: Deletions) -> tuple[list[tuple[str, ...]], list[str]]:
    """Return the items to leave out together, each once, and what is to be said."""
    constructs = roles_of(spec).constructs
    items = [name for name in spec.observed if name in constructs]
    if isinstance(deletions, str) and deletions == "each":
        lone = [item for item in items if _too_few(constructs, (item,))]
        kept = f"Left in are {listed(lone)}: their constructs would keep fewer than two items."
        return [(i,) for i in items if i not in lone], [kept] if lone else []
    if not isinstance(deletions, Iterable):
        raise ModelError(f"deletions={deletions!r}: write a list of items, or 'each'.")
    wanted = [deletions] if isinstance(deletions, str) else list(deletions)
    found: dict[tuple[str, ...], None] = {}
    for each in wanted:
        names = tuple(each) if isinstance(each, (list, tuple)) else (each,)
        for name in names:
            if name not in items:
                raise ModelError(
                    f"deletions: {name!r} is not an item of a construct of the model"
                    f"{did_you_mean(str(name), items)}. Name items, lists of items, or"
                    " write 'each'."
                )
        short = _too_few(constructs, names)
        if short:
            raise ModelError(
                f"deletions: without {listed(names)} {short} has fewer than two items left."
            )
        found[tuple(name for name in items if name in names)] = None
    return [names for names in found if names], []


def _too_few(constructs: Mapping[str, frozenset[str]], gone: Sequence[str]) -> str:
    """Return a construct that would be left with fewer than two items; empty if there is none."""
    touched = sorted({name for item in gone for name in constructs[item]})
    for name in touched:
        if sum(name in of and item not in gone for item, of in constructs.items()) < 2:
            return name
    return ""


def _without(world: World, items: tuple[str, ...]) -> World:
    """Return a world without some items."""
    if not items:
        return world
    spec = _smaller(world.spec, items)
    (sample,) = world.samples
    smaller = replace(world, deleted=items, spec=spec)
    if sample.ordinal is None and sample.incomplete is None:
        return replace(smaller, samples=(_marginal(sample, spec.observed),))
    spec, samples = _read_again(smaller, spec.options.ordered or None, "deletions=")
    return replace(smaller, spec=spec, samples=samples)


def _smaller(spec: ModelSpec, items: tuple[str, ...]) -> ModelSpec:
    """Return the model without some items: whatever names them is taken out of its text."""
    lines = []
    for statement in parse_model(spec.text).statements:
        if not isinstance(statement, Formula):
            lines.append(str(statement))
            continue
        lhs = tuple(v for v in statement.lhs if v.name not in items)
        terms = tuple(t for t in statement.terms if t.name not in items)
        if lhs and (terms or not statement.terms):
            lines.append(str(replace(statement, lhs=lhs, terms=terms)))
    options = replace(
        spec.options,
        ordered=tuple(name for name in spec.options.ordered if name not in items),
        thresholds=tuple(pair for pair in spec.options.thresholds if pair[0] not in items),
    )
    try:
        return _scaled_alike(build_spec("\n".join(lines), options), spec)
    except ModelError as error:
        raise ModelError(
            f"deletions: without {listed(items)} the model cannot be written: {error}"
        ) from None


def _scaled_alike(smaller: ModelSpec, spec: ModelSpec) -> ModelSpec:
    """Return the model with every latent variable's scale set as before: by a loading, or not.

    The text alone would not do: NA may have stood before the deleted item, to keep its loading
    free, and the next one would be fixed by default.
    """
    for name in smaller.latent:
        before, now = (
            [p for p in one.parameters if p.op == "=~" and p.lhs == name] for one in (spec, smaller)
        )
        by_loading = any(not p.free and p.value for p in before)
        fixed = [p for p in now if not p.free and p.value]
        if by_loading and not fixed and now:
            smaller = smaller.with_parameter(name, "=~", now[0].rhs, free=False, value=1.0)
        if not by_loading:
            for p in fixed:
                smaller = smaller.with_parameter(name, "=~", p.rhs, free=True)
    return smaller


def _marginal(sample: SampleMoments, names: tuple[str, ...]) -> SampleMoments:
    """Return the same respondents' moments of some of the variables."""
    places = np.array([sample.names.index(name) for name in names], dtype=np.intp)
    return replace(
        sample,
        names=names,
        cov=sample.cov[np.ix_(places, places)],
        mean=None if sample.mean is None else sample.mean[places],
        data=None if sample.data is None else sample.data[:, places],
        drawn=None if sample.drawn is None else sample.drawn[:, places],
    )


def _read_again(
    world: World, ordered: object, what: str
) -> tuple[ModelSpec, tuple[SampleMoments, ...]]:
    """Read the respondents' answers once more, as other items or others ordered."""
    (sample,) = world.samples
    if sample.data is None:
        raise UnsupportedError(
            f"{what} needs the answers, but the model was fitted to a covariance matrix: fit it to"
            " the answers."
        )
    if sample.weights is not None or sample.cluster is not None:
        raise UnsupportedError(
            f"{what} with ordered items or gaps does not go with sampling weights or clusters."
        )
    frame = pd.DataFrame(sample.data, columns=list(sample.names))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return intake(
            world.spec,
            frame,
            ordered=ordered,  # type: ignore[arg-type]
            missing=world.options.missing,
        )
