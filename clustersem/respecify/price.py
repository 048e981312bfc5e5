"""What a respecification costs: its fit on new respondents, and how stable its steps are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from clustersem.errors import DataError, ModelError, UnsupportedError
from clustersem.fit.result import Fit
from clustersem.progress import in_silence
from clustersem.resample.batches import run_batches
from clustersem.resample.plans import ordinary
from clustersem.resample.streams import is_whole, seed_of
from clustersem.respecify import price_numbers as numbers
from clustersem.respecify.price_result import Price
from clustersem.respecify.price_work import Job, PriceWork, Record
from clustersem.respecify.result import Respecification, Step
from clustersem.respecify.rules import Row, key_of
from clustersem.respecify.space import ModelSpace
from clustersem.respecify.trial import fit_model
from clustersem.spec import build_spec


def price(
    result: Respecification,
    *,
    folds: int = 5,
    repeats: int = 4,
    n: int = 200,
    seed: int | None = None,
    n_jobs: int | None = 1,
    progress: bool | None = None,
) -> Price:
    """Repeat a search on parts and resamples of the answers, to see what it is worth.

    Parameters
    ----------
    result : Respecification
        What :func:`clustersem.respecify` returned, of a model that was fitted to answers.
    folds, repeats : int
        Cross-validation: into how many parts the respondents are divided, and how often anew.
    n : int
        Bootstrap resamples for the selection frequencies; and halves of the sample, two of each
        random parting, for the correction of the fit.
    seed : int, optional
        Of the random numbers; drawn, and noted in the result, if left out.
    n_jobs : int or None
        Processes, as for :func:`clustersem.bootstrap`; the result does not depend on it.
    progress : bool, optional
        A progress bar on stderr: True at once, False never, None where stderr is a terminal and it
        takes longer than two seconds.

    Returns
    -------
    Price
        ``.fit_table``, ``.validation``, ``.steps``, ``.candidates``, ``.sets``, ``.failures``,
        ``.counts``; print it to read it.

    Raises
    ------
    UnsupportedError
        Where the model was fitted to a covariance matrix: there are no answers to draw from.
    DataError
        Where `folds`, `repeats` or `n` cannot be, or nothing came of any replication.

    Notes
    -----
    *Corrected indices* answer this: the revised model, with the steps that this sample suggested,
    is fitted to as many new respondents; how well does it fit? With a model named in advance chi2
    has the same distribution there and here. With a searched one chi2 here is smaller, by how much
    more the steps gain where they were found than elsewhere (Efron's optimism). It is estimated in
    random halves A and B of the sample: the whole search is repeated in A; the model that it finds
    is fitted to A and to B, as is the initial model;

        optimism = mean [ (chi2 drop of the found steps in A) - (their chi2 drop in B) ],

    over both directions of n / 2 partings. What depends on neither search nor half cancels, and
    for steps given in advance the optimism is exactly zero. The corrected chi2 is the plain one
    plus the optimism, and chi2/df, RMSEA, CFI and ECVI follow from it by their formulas; the
    squared SRMR is corrected by its own optimism, which is in proportion to 1/n. The drop of chi2
    from freeing what is truly zero has a distribution that does not depend on n; so halves tell
    of the whole, except that they have less power for small true effects.

    Bootstrap resamples would seem to be the usual way. But there a chi2 is larger by about its
    degrees of freedom than in the sample (Bollen & Stine, 1992), and indices of parameters that
    are truly zero are spread twice as widely: searches free too much in them, and the optimism
    comes out far too large; in simulations it overcorrects by more than the plain chi2 is off.
    The selection frequencies over resamples, `picked`, are too high for needless steps for the
    same reason; `picked_halves` are not, but there small effects are picked less often.

    *Cross-validation* is Cudeck and Browne's: the discrepancy of respondents from a model with
    the estimates of others. ``searched`` repeats the search in each training part;
    ``initial`` and ``revised`` are judged as if they had been named in advance, which flatters
    ``revised``. The discrepancy F is that of as many respondents as the sample has: from each
    part's is taken what the moments of the whole sample differ from that part's.
    Its mean estimates what the ECVI (Browne & Cudeck, 1989) is an estimate of. ``cv_chisq`` is
    N F - q (1 + N / n_training) with q free parameters, which for a model named in advance has
    the expectation of its chi2. Beyond what the corrected chi2 counts, ``searched`` pays for the
    estimates of needless steps, which are far from zero where they were picked. Standard errors
    are those of a mean over folds.

    References
    ----------
    Browne, M. W., & Cudeck, R. (1989). Single sample cross-validation indices for covariance
    structures. Multivariate Behavioral Research, 24, 445-455. doi:10.1207/s15327906mbr2404_4
    Cudeck, R., & Browne, M. W. (1983). Cross-validation of covariance structures. Multivariate
    Behavioral Research, 18, 147-167. doi:10.1207/s15327906mbr1802_2
    Efron, B. (1986). How biased is the apparent error rate of a prediction rule? Journal of the
    American Statistical Association, 81, 461-470. doi:10.1080/01621459.1986.10478291
    MacCallum, R. C., Roznowski, M., & Necowitz, L. B. (1992). Model modifications in covariance
    structure analysis: The problem of capitalization on chance. Psychological Bulletin, 111,
    490-504. doi:10.1037/0033-2909.111.3.490
    Meinshausen, N., & Buehlmann, P. (2010). Stability selection. Journal of the Royal Statistical
    Society B, 72, 417-473. doi:10.1111/j.1467-9868.2010.00740.x

    Examples
    --------
    >>> import clustersem as cs
    >>> text = "f =~ .8*a + .8*b + .7*c + .6*d; a ~~ .15*b"
    >>> answers = cs.simulate(text, 200, standardized=True, seed=1)
    >>> fit = cs.cfa("f =~ a + b + c + d", answers)
    >>> result = cs.respecify(fit, cs.RespecificationPolicy(max_steps=1))
    >>> price = cs.price(result, n=10, repeats=1, seed=1)
    >>> price.counts["resamples"], list(price.validation.index)
    (10, ['initial', 'revised', 'searched'])
    """
    _check(result, folds, repeats, n)
    seed = seed_of(seed)
    space = replace(result.space, advance=in_silence, _trials={})
    work = PriceWork(
        space=space,
        searching=replace(space, policy=replace(space.policy, steps=())),
        final=frozenset(_key(step) for step in result.freed),
        saturated=_saturated(result.initial),
        plan=ordinary(
            result.initial.samples, cluster=result.initial.moments.cluster is not None, strata=None
        ),
        jobs=(
            *(Job("folds", i) for i in range(repeats)),
            *(Job("halves", i) for i in range(-(-n // 2))),
            *(Job("resample", i) for i in range(n)),
        ),
        folds=folds,
        seed=seed,
    )
    done = run_batches(
        work, work.n_batches, n_jobs=n_jobs, progress=progress, label="price of the search"
    )
    records = tuple(record for _, batch in done.results for record in batch)
    return _priced(result, work, records, done.stopped)


def _priced(
    result: Respecification, work: PriceWork, records: tuple[Record, ...], stopped: str
) -> Price:
    failures = numbers.failures_table(records)
    if all(record.model is None for record in records):
        first = f": {failures['failure'].iloc[0]}. {failures['example'].iloc[0]}"
        raise DataError(
            f"no part or resample of the answers gave a price{first if len(failures) else '.'}"
            f" {stopped}".rstrip()
        )
    initial, final = result.initial, result.fit
    space = result.space
    given = bool(space.policy.given)
    # Steps that nobody searched for gain as much in one half as in the other: but for rounding, and
    # halves that end in different minima.
    nothing = numbers.Mean(0.0, 0.0)
    chisq, srmr = (nothing, nothing) if given else numbers.optimism_of(records)
    sets = numbers.sets_table(space, records, work.final)
    found = [r for r in records if r.job.kind == "resample" and r.model is not None]
    halves = {
        number: [r.contest for r in records if r.job == Job("halves", number)]
        for number in {r.job.number for r in records if r.job.kind == "halves"}
    }
    counts = {
        "resamples": sum(r.job.kind == "resample" for r in records),
        "resamples_searched": len(found),
        "distinct_sets": len(sets),
        "final_set": int(sets.loc[sets["is_final"], "times"].sum()),
        "mean_freed": float(np.mean([len(r.model or ()) for r in found])) if found else np.nan,
        "partings": len(halves),
        "partings_used": sum(None not in pair for pair in halves.values()),
        "folds": sum(r.job.kind == "folds" for r in records),
        "folds_used": sum(r.job.kind == "folds" and r.judged is not None for r in records),
    }
    return Price(
        initial=initial,
        final=final,
        fit_table=numbers.fit_table(initial, final, chisq, srmr),
        validation=numbers.validation_table(initial, final, records),
        steps=_steps(result, work, records),
        candidates=numbers.candidates_table(space, records, work.final),
        sets=sets,
        failures=failures,
        counts=counts,
        given=given,
        n_folds=work.folds,
        seed=work.seed,
        stopped=stopped,
    )


def _steps(result: Respecification, work: PriceWork, records: tuple[Record, ...]) -> pd.DataFrame:
    resamples, n_resamples = numbers.picks(records, "resample")
    halves, n_halves = numbers.picks(records, "halves")
    searchable = {key_of(row) for row in work.space.allowed}
    searched = not work.space.policy.given
    rows = []
    for step in result.freed:
        key = _key(step)
        by_search = key in searchable and n_resamples > 0
        elsewhere = numbers.shrinkage_of(records, key)
        rows.append(
            {
                "lhs": step.lhs,
                "op": step.op,
                "rhs": step.rhs,
                "picked": resamples[key] / n_resamples if by_search else np.nan,
                "picked_halves": halves[key] / n_halves if searched and n_halves else np.nan,
                "epc": step.epc,
                "est": float(_estimate(result.fit, step)),
                "est_found": elsewhere.est,
                "est_new": elsewhere.est_new,
                "shrinkage": elsewhere.ratio,
                "epc_shrinkage": elsewhere.epc_ratio,
                "n_halves": elsewhere.n,
                "caution": "; ".join([*two_items(result.space, key), *step.warnings]),
            }
        )
    columns = [
        *("lhs", "op", "rhs", "picked", "picked_halves", "epc", "est", "est_found", "est_new"),
        *("shrinkage", "epc_shrinkage", "n_halves", "caution"),
    ]
    return pd.DataFrame(rows, columns=columns)


def two_items(space: ModelSpace, row: Row) -> list[str]:
    """Return a warning where a residual covariance lies inside a construct of two items."""
    lhs, op, rhs = row
    constructs = space.roles.constructs
    if op != "~~" or lhs == rhs:
        return []
    shared = constructs.get(lhs, frozenset()) & constructs.get(rhs, frozenset())
    return [
        f"a residual covariance inside the two-item construct {name}: only other variables can"
        " tell it from what the items share as measures of the construct"
        for name in sorted(shared)
        if sum(name in of_item for of_item in constructs.values()) == 2
    ]


def _key(step: Step) -> Row:
    return key_of((step.lhs, step.op, step.rhs))


def _estimate(fit: Fit, step: Step) -> float:
    table = fit.estimates
    rows = zip(table["lhs"], table["op"], table["rhs"], strict=True)
    mine = [key_of(row) == _key(step) for row in rows]
    return float(table.loc[mine, "est"].iloc[0])


def _saturated(fit: Fit) -> Fit | None:
    """Return the model that fits the sample's moments exactly, with the same fixed covariates."""
    spec = fit.spec
    fixed = [
        name
        for name in spec.exogenous_observed
        if (p := spec.find(name, "~~", name)) and p.from_sample
    ]
    own = [name for name in spec.target if name not in fixed]
    lines = [f"{a} ~~ {b}" for i, a in enumerate(own) for b in own[i + 1 :]]
    lines += [f"{a} ~ {x}" for a in own for x in fixed]
    if not lines:
        return None
    if not spec.options.ordered:
        lines += [f"{a} ~~ {a}" for a in own]
    if spec.options.meanstructure:
        # Those of a growth curve's items are zero unless they are asked for.
        lines += [f"{a} ~ 1" for a in own if a not in spec.options.ordered]
    found = fit_model(build_spec("\n".join(lines), spec.options), fit.samples, fit.options).fit
    return found if found is not None and found.df == 0 else None


def _check(result: Respecification, folds: int, repeats: int, n: int) -> None:
    if not isinstance(result, Respecification):
        raise ModelError(
            f"price() takes what cs.respecify returned, not a {type(result).__name__}. Write"
            " cs.price(cs.respecify(fit, policy))."
        )
    sample = result.initial.moments
    if sample.data is None:
        raise UnsupportedError(
            "a price needs the answers, to repeat the search on parts of them: the model was"
            " fitted to a covariance matrix. Fit it to the answers."
        )
    for name, value, least in (("folds", folds, 2), ("repeats", repeats, 1), ("n", n, 2)):
        if not is_whole(value) or value < least:
            raise DataError(f"{name}={value!r}: write a whole number, {least} or more.")
    unit = np.arange(len(sample.data)) if sample.cluster is None else sample.cluster
    n_units = len(np.unique(unit))
    if folds > n_units:
        raise DataError(
            f"folds={folds}: there are {n_units} respondents or clusters, so write 2 to {n_units}."
        )
