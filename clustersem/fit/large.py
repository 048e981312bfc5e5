"""From moments that one pass has collected to samples, and what of a call these cannot serve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clustersem.errors import DataError, UnsupportedError
from clustersem.fit.checks import is_off
from clustersem.fit.options import FitOptions
from clustersem.moments import SampleMoments
from clustersem.moments.request import Missing
from clustersem.moments.streamed_moments import StreamedMoments
from clustersem.survey.names import did_you_mean, listed


def samples_from_moments(
    moments: StreamedMoments,
    names: Sequence[str],
    *,
    exogenous: Sequence[str],
    ordered: Sequence[str] | str | bool | None,
    with_thresholds: frozenset[str],
    method: Missing,
    columns: Mapping[str, str | None],
    group_labels: Sequence[object] | None,
    auxiliary: Sequence[str] = (),
) -> tuple[SampleMoments, ...]:
    """Return the sample of every group.

    Parameters
    ----------
    moments : StreamedMoments
        What :func:`clustersem.read_moments` returned.
    names : sequence of str
        The observed variables of the model.
    exogenous : sequence of str
        Covariates among them.
    ordered : sequence of str, str, bool or None
        The ordinal variables as the call has them; None: those that were read as ordered.
    with_thresholds : frozenset of str
        Variables whose thresholds the model names.
    method : str
        How the call treats missing answers.
    columns : mapping
        What the call writes for ``group``, ``sampling_weights`` and ``cluster``.
    group_labels, auxiliary
        As in :func:`clustersem.sem`.

    Raises
    ------
    DataError
        Where a variable was not read, or the call differs from how the moments were read.
    UnsupportedError
        For what needs the answers of every respondent.
    """
    for name in names:
        if name not in moments.names:
            raise DataError(
                f"{moments.source}: the model names {name}, which is not among the items that were"
                f" read{did_you_mean(name, moments.names) or '.'} Correct the model, or read the"
                f" moments again with it. There are: {listed(moments.names, limit=12)}."
            )
    _check_served(moments, columns, method, auxiliary)
    ordinal = _ordinal(moments, names, exogenous, ordered, with_thresholds)
    if ordinal:
        _check_all_ordinal(moments, names, ordinal)
    elif moments.missing == "pairwise":
        raise DataError(
            "the moments were read with missing='pairwise', which counts tables of ordered items"
            " only. To treat items as continuous, read them with missing='listwise'."
        )
    return moments.samples(names, ordinal=bool(ordinal), group_labels=group_labels)


def counts_as_ordinal(data: object, ordered: Sequence[str] | str | bool | None) -> bool:
    """Return whether a call says, before data are looked at, that there are ordinal items."""
    if ordered is None and isinstance(data, StreamedMoments):
        return len(data.ordered) > 0
    return not is_off(ordered)


def check_whole(samples: Sequence[SampleMoments], options: FitOptions) -> None:
    """Refuse what inverts Gamma where that is estimated from a sample of the respondents.

    With m rows for k moments the inverse is too large by about m / (m - k), and chi2 with it.
    """
    inverting = {"estimator": options.discrepancy, "test": options.test}
    what = [f"{k}={v!r}" for k, v in inverting.items() if v in ("WLS", "browne.residual.adf")]
    for sample in samples:
        if what and sample.drawn is not None and sample.is_sampled:
            raise UnsupportedError(
                f"{what[0]} inverts the covariance matrix of all moments, which is estimated from"
                f" {len(sample.drawn)} of {sample.n_obs} respondents: chi2 would come out too"
                " large. Use estimator='WLSMV' for ordered items and 'MLR' or 'MLM' for continuous"
                " ones, or read the moments with rows_kept= no less than there are rows."
            )


def sampled_note(samples: Sequence[SampleMoments], options: FitOptions) -> str:
    """Return a sentence on what rests on a sample of the respondents; empty where nothing does."""
    if not any(sample.is_sampled for sample in samples) or not _needs_gamma(samples, options):
        return ""
    each = [sample.n_obs if sample.drawn is None else len(sample.drawn) for sample in samples]
    number, total = sum(each), sum(sample.n_obs for sample in samples)
    what = "standard errors and tests that allow for the distribution of the answers rest"
    if samples[0].ordinal is not None:
        exact = "estimates and their weights are those of all"
    elif options.discrepancy == "DWLS":
        what = f"the weights of the moments, and with them estimates, {what}"
        exact = "means and covariances are those of all"
    else:
        exact = "estimates are those of all"
    return (
        f"{what} on {number} respondents drawn at random from the {total} (seeded, so that they are"
        f" the same again); {exact}."
    )


def _needs_gamma(samples: Sequence[SampleMoments], options: FitOptions) -> bool:
    if samples[0].ordinal is not None or options.discrepancy == "DWLS":
        return True
    normal = ("standard", "browne.residual.nt")
    return options.se not in ("standard", "none") or options.test not in normal


def _check_served(
    moments: StreamedMoments,
    columns: Mapping[str, str | None],
    method: Missing,
    auxiliary: Sequence[str],
) -> None:
    group = columns.get("group")
    if group is not None and group != moments.group:
        what = f"by {moments.group}" if moments.group else "of all respondents together"
        raise DataError(
            f"group={group!r}, but the moments were read {what}. Read them with group={group!r}."
        )
    for role in ("sampling_weights", "cluster"):
        if columns.get(role) is not None:
            raise UnsupportedError(
                f"{role}= needs the answers themselves: moments read in one pass give every row"
                " the same weight and take rows as independent. Pass the answers as data=, or leave"
                f" {role}= out."
            )
    if not is_off(auxiliary):
        raise UnsupportedError("auxiliary= goes with missing='ml', which needs the answers.")
    if method in ("ml", "ml.x"):
        raise UnsupportedError(
            "full information (missing='ml') needs the answers themselves, of which moments keep"
            " only a sample. Leave missing= out, or fit a random sample of the rows as data=."
        )
    if method != moments.missing:
        raise DataError(
            f"missing={method!r}, but the moments were read with missing={moments.missing!r}. Write"
            f" missing={moments.missing!r} here, too, or read them again."
        )


def _ordinal(
    moments: StreamedMoments,
    names: Sequence[str],
    exogenous: Sequence[str],
    ordered: Sequence[str] | str | bool | None,
    with_thresholds: frozenset[str],
) -> list[str]:
    """Return the ordinal variables of the model."""
    if ordered is False:
        return [name for name in names if name in with_thresholds]
    if ordered is None:
        chosen = set(moments.ordered) | with_thresholds
    elif ordered is True:
        chosen = (set(names) - set(exogenous)) | with_thresholds
    else:
        wanted = [ordered] if isinstance(ordered, str) else list(ordered)
        for name in wanted:
            if name not in names:
                raise DataError(
                    f"ordered= names {name!r}, which is no observed variable of the model"
                    f"{did_you_mean(name, names) or '.'} Correct it or leave it out of ordered=."
                )
        chosen = set(wanted) | with_thresholds
    return [name for name in names if name in chosen]


def _check_all_ordinal(
    moments: StreamedMoments, names: Sequence[str], ordinal: Sequence[str]
) -> None:
    uncounted = [name for name in ordinal if name not in moments.ordered]
    if uncounted:
        raise DataError(
            f"the categories of {listed(uncounted)} were not counted when the moments were read."
            " Read them with ordered=True, or with the names of the ordered items."
        )
    others = [name for name in names if name not in ordinal]
    if others:
        raise UnsupportedError(
            f"{listed(others)} would be continuous beside ordered items: their polyserial"
            " correlations, or regressions on them, need the answers of every respondent. Cut them"
            " into at most ten classes and read them as ordered, leave them out, or write"
            " ordered=False to treat all items as continuous."
        )
