"""Questionnaires, percentages, and means that whole numbers can have."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedSample, PrintedShare, Published
from clustersem.audit.whole_numbers import sd_exists, sd_range, sums


def questionnaires(paper: Published) -> Iterator[Outcome]:
    """Check that no more came back than went out, and no more were analysed than came back."""
    sample = paper.sample
    steps = [
        ("distributed", sample.distributed),
        ("returned", sample.returned),
        ("analysed", sample.n),
    ]
    known = [(word, value) for word, value in steps if value is not None]
    for (before, more), (after, fewer) in pairwise(known):
        place = fewer.place or "sample"
        if _whole(fewer).lower <= _whole(more).upper:
            yield Held(ORDER.name, place)
            continue
        yield Finding(
            ORDER.name,
            place,
            f"questionnaires {after}",
            fewer.text,
            Interval(0.0, _whole(more).upper),
            f"at most {more.text}",
            f"{fewer.text} questionnaires are said to be {after} of {more.text} {before}: these "
            "cannot both be right.",
            concerns=("sample",),
        )


def counts_of_one_sample(paper: Published) -> Iterator[Outcome]:
    """Check that every number of respondents of the same sample is the same."""
    counts = paper.sample.counts
    first = paper.sample.n or (counts[0] if counts else None)
    for value in counts:
        if first is None or value is first:
            continue
        place = value.place or "sample"
        if _whole(value).overlaps(_whole(first)):
            yield Held(ONE_N.name, place)
            continue
        where = f" ({first.place})" if first.place else ""
        yield Finding(
            ONE_N.name,
            place,
            "n",
            value.text,
            _whole(first),
            first.text,
            f"The sample has {value.text} respondents here and {first.text} elsewhere{where}: "
            "these cannot both be right.",
            concerns=("sample",),
        )


def percentages(paper: Published) -> Iterator[Outcome]:
    """Check percentages against the counts that they are of."""
    for share in paper.sample.shares:
        if share.of is not None:
            bases = [share.of]
        elif share.count is not None:
            sample = paper.sample
            each = (sample.n, sample.returned, sample.distributed)
            bases = [one for one in each if one is not None]
        else:
            bases = []
        bases = [one for one in bases if one.interval.lower > 0.0]
        if not bases:
            continue
        if any(_is_share(share, base) for base in bases):
            yield Held(PERCENT.name, share.place)
        else:
            yield _share_finding(share, bases)


def _is_share(share: PrintedShare, base: Printed) -> bool:
    percent = share.percent.interval
    if share.count is not None:
        return (_whole(share.count) / _whole(base) * 100.0).overlaps(percent)
    count = percent * _whole(base) * 0.01
    return math.ceil(count.lower) <= math.floor(count.upper)


def _share_finding(share: PrintedShare, bases: list[Printed]) -> Finding:
    decimals = max(share.percent.decimals, 0)
    base = bases[0]
    if share.count is not None:
        needed = _whole(share.count) / _whole(base) * 100.0
        others = f", nor of {' or '.join(one.text for one in bases[1:])}" if bases[1:] else ""
        words = (
            f"{share.count.text} of {base.text} are {needed.text(decimals)} %, not "
            f"{share.percent.text.rstrip('%')} %{others}"
        )
    else:
        near = (share.percent.interval * _whole(base) * 0.01).middle
        each = [100.0 * count / base.value for count in (math.floor(near), math.ceil(near))]
        needed = Interval(min(each), max(each))
        words = (
            f"no count of {base.text} is {share.percent.text.rstrip('%')} %: "
            f"{math.floor(near)} are {each[0]:.{decimals}f} % and {math.ceil(near)} are "
            f"{each[1]:.{decimals}f} %"
        )
    return Finding(
        PERCENT.name,
        share.place,
        "%",
        share.percent.text,
        needed,
        needed.text(decimals),
        f"{share.label[:1].upper()}{share.label[1:]}: {words}. These cannot all be right.",
        certainty="impossible" if share.of is not None else "implausible",
        severity="minor",
        concerns=("sample",),
    )


def shares_of_a_list(paper: Published) -> Iterator[Outcome]:
    """Check that the shares of one list sum to all."""
    groups: dict[str, list[PrintedShare]] = {}
    for share in paper.sample.shares:
        if share.group:
            groups.setdefault(share.group, []).append(share)
    for group, shares in groups.items():
        if len(shares) < 2:
            continue
        place = shares[0].place
        total = _sum([share.percent.interval for share in shares])
        if 100.0 in total:
            yield Held(LIST.name, place)
        else:
            yield _list_finding(group, shares, "%", total, Interval.exact(100.0))
        bases = {_whole(share.of) for share in shares if share.of is not None}
        counts = [share.count for share in shares if share.count is not None]
        if len(bases) == 1 and len(counts) == len(shares):
            of = next(iter(bases))
            counted = _sum([_whole(one) for one in counts])
            if counted.overlaps(of):
                yield Held(LIST.name, place)
            else:
                yield _list_finding(group, shares, "counts", counted, of)


def _sum(values: list[Interval]) -> Interval:
    total = Interval.exact(0.0)
    for value in values:
        total = total + value
    return total


def _whole(value: Printed) -> Interval:
    """Return a count as it is: what is printed without decimals was counted, not rounded."""
    finite = math.isfinite(value.interval.width)
    return Interval.exact(value.value) if finite and value.decimals == 0 else value.interval


def _list_finding(
    group: str, shares: list[PrintedShare], what: str, total: Interval, wanted: Interval
) -> Finding:
    percent = what == "%"
    each = [share.percent if percent else share.count for share in shares]
    printed = " + ".join(one.text for one in each if one is not None)
    decimals = max((one.decimals for one in each if one is not None), default=0)
    return Finding(
        LIST.name,
        shares[0].place,
        f"{what} of {group}",
        printed,
        wanted,
        wanted.text(0),
        f"The {'percentages' if percent else 'counts'} of {group}, {printed}, sum to "
        f"{total.text(decimals)}, not {wanted.text(0)}, whatever was rounded: these cannot all be "
        "right.",
        severity="minor",
        concerns=("sample",),
    )


def whole_sums(paper: Published) -> Iterator[Outcome]:
    """Check that means of answers in whole numbers are of a whole sum (GRIM)."""
    for name, place, mean, _, n, k in _scores(paper):
        if n is None or mean.interval.width * n * k >= 1.0:
            continue  # every rounded mean occurs
        if len(sums(mean.interval, n * k)):
            yield Held(GRIM.name, place)
            continue
        near = [round(mean.value * n * k) + step for step in (-1, 0, 1)]
        around = sorted(near, key=lambda total: abs(total / (n * k) - mean.value))[:2]
        ends = Interval(min(around) / (n * k), max(around) / (n * k))
        answers = f"{n} answers" if k == 1 else f"{n} answers to each of {k} items"
        yield Finding(
            GRIM.name,
            place,
            "mean",
            mean.text,
            ends,
            " or ".join(f"{total / (n * k):.{mean.decimals}f}" for total in sorted(around)),
            f"No {answers} in whole numbers have the mean {mean.text} that is printed for {name}; "
            f"the nearest are {ends.lower:.{mean.decimals + 1}f} and "
            f"{ends.upper:.{mean.decimals + 1}f}: mean and number of answers cannot both be right.",
            severity="minor",
            concerns=("sample",),
        )


def means_on_the_scale(paper: Published) -> Iterator[Outcome]:
    """Check that means lie between the lowest and the highest answer."""
    scale = paper.sample.scale
    if scale is None:
        return
    ends = Interval(float(scale[0]), float(scale[1]))
    for name, place, mean, _, _, k in _scores(paper, summed=True):
        if mean.interval.overlaps(ends) or (k > 1 and mean.interval.overlaps(ends * float(k))):
            yield Held(SCALE.name, place)
            continue
        yield Finding(
            SCALE.name,
            place,
            "mean",
            mean.text,
            ends,
            ends.text(0),
            f"The mean of {name} is {mean.text}, but answers go from {scale[0]} to {scale[1]}: "
            "these cannot both be right.",
            concerns=("sample",),
        )


def deviations(paper: Published) -> Iterator[Outcome]:
    """Check standard deviations against the mean, the scale and the number of answers."""
    scale = paper.sample.scale
    if scale is None:
        return
    limits = (float(scale[0]), float(scale[1]))
    for name, place, mean, sd, n, k in _scores(paper):
        if sd is None or not mean.interval.overlaps(Interval(*limits)):
            continue
        # Where some may not have answered, at least half of them are taken to have.
        certain = n if n is not None else _half(paper.sample)
        possible = sd_range(mean.interval, limits, n=certain, step=1.0 / k)
        if not sd.interval.overlaps(possible):
            yield Finding(
                SPREAD.name,
                place,
                "standard deviation",
                sd.text,
                possible,
                possible.text(max(sd.decimals, 2)),
                f"Answers from {scale[0]} to {scale[1]} with a mean of {mean.text} have a standard "
                f"deviation of {possible.text(max(sd.decimals, 2))}; {sd.text} is printed for "
                f"{name}: these cannot both be right.",
                concerns=("sample",),
            )
            continue
        exact = n is not None and k == 1 and len(sums(mean.interval, n)) > 0
        if exact and n is not None and not sd_exists(mean.interval, sd.interval, scale, n):
            yield Finding(
                SPREAD.name,
                place,
                "standard deviation",
                sd.text,
                None,
                "one that whole numbers can have",
                f"No {n} answers in whole numbers have the mean {mean.text} and the standard "
                f"deviation {sd.text} that are printed for {name}, with the divisor n or n - 1: "
                "these cannot all be right.",
                severity="minor",
                concerns=("sample",),
            )
            continue
        yield Held(SPREAD.name, place)


def _scores(
    paper: Published, *, summed: bool = False
) -> Iterator[tuple[str, str, Printed, Printed | None, int | None, int]]:
    """Yield name, place, mean, SD, exact number of answers and number of items of each score.

    Construct scores whose mean is not on the scale may be sums; they come on request only.
    """
    sample = paper.sample
    if sample.scale is None:
        return
    everybody = _exact(sample.n) if sample.complete else None
    for item in paper.items:
        if item.mean is not None:
            n = _exact(item.n) if item.n is not None else everybody
            yield item.name, item.mean.place or item.place, item.mean, item.sd, n, 1
    ends = Interval(float(sample.scale[0]), float(sample.scale[1]))
    for construct in paper.constructs:
        mean, k = construct.mean, len(construct.items)
        if mean is not None and k and (summed or mean.interval.overlaps(ends)):
            place = mean.place or construct.place
            yield construct.name, place, mean, construct.sd, everybody, k


def _exact(n: Printed | None) -> int | None:
    if n is None or n.decimals > 0 or not math.isfinite(n.interval.width):
        return None
    return round(n.value) if n.interval.width <= 1.0 + 1e-5 and n.value >= 2 else None


def _half(sample: PrintedSample) -> int | None:
    n = _exact(sample.n)
    return n // 2 if n is not None and n >= 4 else None


_GRIM = (
    "Brown, N. J. L., & Heathers, J. A. J. (2017). The GRIM test: A simple technique detects "
    "numerous anomalies in the reporting of results in psychology. Social Psychological and "
    "Personality Science, 8(4), 363-369. doi:10.1177/1948550616673876"
)
_STROBE = (
    "von Elm, E., et al. (2007). The STROBE statement: guidelines for reporting observational "
    "studies. PLoS Medicine, 4(10), e296. doi:10.1371/journal.pmed.0040296"
)

ORDER = Rule(
    "questionnaires",
    "No more questionnaires come back than went out, and no more are analysed than came back.",
    _STROBE,
    "two of: distributed, returned, n",
    questionnaires,
)
ONE_N = Rule(
    "one sample, one n",
    "The number of respondents of one sample is the same wherever it is printed.",
    _STROBE,
    "n in several places",
    counts_of_one_sample,
)
PERCENT = Rule(
    "percentage and count",
    "A percentage is a whole count of a whole number, rounded.",
    _GRIM,
    "a percentage with its count or what it is of",
    percentages,
)
LIST = Rule(
    "shares of a list",
    "The percentages of a list of which everybody is in one category sum to 100, and the counts "
    "to the number of respondents.",
    _GRIM,
    "all percentages of one list",
    shares_of_a_list,
)
GRIM = Rule(
    "mean of whole numbers",
    "The mean of n answers in whole numbers, times n, is a whole number (GRIM).",
    _GRIM,
    "means, the answer scale, and an n without missing answers below one over the rounding",
    whole_sums,
)
SCALE = Rule(
    "mean on the scale",
    "A mean lies between the lowest and the highest answer.",
    _GRIM,
    "means and the answer scale",
    means_on_the_scale,
)
SPREAD = Rule(
    "standard deviation of whole numbers",
    "The standard deviation of answers on a scale is bounded by their mean (Bhatia & Davis, 2000, "
    "doi:10.1080/00029890.2000.12005203), and their sum of squares is a whole number, odd where "
    "their sum is (GRIMMER).",
    "Anaya, J. (2016). The GRIMMER test: A method for testing the validity of reported measures "
    "of variability. PeerJ Preprints, 4, e2400v1. doi:10.7287/peerj.preprints.2400v1; as corrected "
    "by Allard, A. (2018), Analytic-GRIMMER.",
    "means and standard deviations, the answer scale; for whole sums of squares an exact n",
    deviations,
)

RULES: tuple[Rule, ...] = (ORDER, ONE_N, PERCENT, LIST, GRIM, SCALE, SPREAD)
