"""What the rules of fit need of a printed model: chi2, df, n and the indices, as intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from clustersem.audit.finding import Finding, Severity
from clustersem.audit.interval import Interval
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedModel, Published
from clustersem.audit.rules.drawn_counts import baseline_df, degrees_of_freedom

#: Names of one index, the first of which is used here.
ALIASES = {"tli": "nnfi", "cmin_df": "chisq_df", "nfi": "nfi_delta1", "ifi": "ifi_delta2"}

LABELS = {
    "chisq": "chi2",
    "cmin_df": "chi2/df",
    "pvalue": "p",
    "rmsea_pvalue": "p of close fit",
    "rmsea_ci_lower": "lower end of RMSEA's interval",
    "rmsea_ci_upper": "upper end of RMSEA's interval",
    "baseline_chisq": "chi2 of the null model",
    "baseline_df": "df of the null model",
    "cn_05": "Hoelter's N (.05)",
    "cn_01": "Hoelter's N (.01)",
    "npar": "number of parameters",
    "df": "df",
    "bic2": "adjusted BIC",
    "logl": "log-likelihood",
}

#: What the literature and reviewers ask for, where the paper names no standard of its own.
USUAL = {
    **dict.fromkeys(("cfi", "tli", "nfi", "ifi", "rni", "rfi", "gfi"), Interval(0.9, math.inf)),
    **dict.fromkeys(("pgfi", "pnfi", "pcfi"), Interval(0.5, math.inf)),
    "agfi": Interval(0.8, math.inf),
    "rmsea": Interval(-math.inf, 0.08),
    "srmr": Interval(-math.inf, 0.08),
    "cmin_df": Interval(-math.inf, 5.0),
}


def whole(printed: Printed) -> Interval:
    """Return a count: exact where no digits follow the point."""
    ends = (printed.interval.lower, printed.interval.upper)
    if printed.decimals == 0 and all(map(math.isfinite, ends)):
        return Interval.exact(float(round(printed.interval.middle)))
    return printed.interval


def label(index: str) -> str:
    """Return what a reader calls an index."""
    for suffix in ("_scaled", "_robust"):
        if index.endswith(suffix):
            return f"{suffix[1:]} {label(index.removesuffix(suffix))}"
    return LABELS.get(index, index.upper())


@dataclass(frozen=True)
class FitNumbers:
    """One printed chi2 with what follows from it.

    Attributes
    ----------
    paper : Published
        Where it is printed.
    model : PrintedModel
        The model.
    suffix : str
        ``""``, or ``"_scaled"`` for the indices that are named so.
    """

    paper: Published
    model: PrintedModel
    suffix: str = ""

    def get(self, index: str) -> Printed | None:
        """Return an index of this family as printed."""
        found = self.model.indices.get(index + self.suffix)
        if found is None and index in ALIASES:
            found = self.model.indices.get(ALIASES[index] + self.suffix)
        return found

    def interval(self, index: str) -> Interval | None:
        """Return what an index of this family can be."""
        found = self.get(index)
        return None if found is None else found.interval

    def as_printed(self, index: str) -> str:
        """Return ``"CFI 0.948"``."""
        found = self.get(index)
        assert found is not None
        return f"{label(index + self.suffix)} {found.text}"

    @property
    def is_plain(self) -> bool:
        """Whether indices follow from the printed chi2: scaled ones stand beside robust indices."""
        return not (self.model.scaled and not self.suffix)

    @property
    def n_groups(self) -> int:
        """Groups that were fitted at once."""
        spec = self.model.spec
        return max(self.model.n_groups, spec.n_groups if spec is not None else 1)

    @cached_property
    def n(self) -> Interval | None:
        """Respondents of all groups."""
        printed = self.paper.n_of(self.model)
        if printed is None:
            return None
        n = whole(printed)
        return n if n.lower > self.n_groups else None

    @property
    def multiplier(self) -> Interval | None:
        """What programs multiply the discrepancy with: n, or n less one or less the groups."""
        n = self.n
        return None if n is None else Interval(n.lower - self.n_groups, n.upper)

    @cached_property
    def df(self) -> Interval | None:
        """Degrees of freedom: as printed, or of the model as drawn; None below one."""
        printed = self.get("df")
        if printed is not None:
            df: Interval | None = printed.interval if self.suffix else whole(printed)
        elif self.suffix or self.model.scaled or self.model.spec is None:
            df = None  # a scaled test may have adjusted degrees of freedom
        else:
            drawn = degrees_of_freedom(self.model.spec)
            df = None if drawn is None else Interval.exact(float(drawn))
        return df if df is not None and df.lower > 0.0 and df.upper < math.inf else None

    @cached_property
    def df_baseline(self) -> Interval | None:
        """Degrees of freedom of the null model: as printed, or of the variables as drawn."""
        printed = self.get("baseline_df")
        if printed is not None:
            df: Interval | None = printed.interval if self.suffix else whole(printed)
        elif self.suffix or self.model.scaled or self.model.spec is None:
            df = None
        else:
            drawn = baseline_df(self.model.spec)
            df = None if drawn is None else Interval.exact(float(drawn))
        return df if df is not None and df.lower > 0.0 and df.upper < math.inf else None

    @cached_property
    def per_df(self) -> Interval | None:
        """chi2 / df, from both where both are printed and agree."""
        chisq, printed = self.interval("chisq"), self.interval("cmin_df")
        sources = []
        if chisq is not None and self.df is not None:
            sources.append(chisq.clipped(0.0, math.inf) / self.df)
        if printed is not None:
            sources.append(printed.clipped(0.0, math.inf))
        if not sources:
            return None
        if len(sources) == 1:
            return sources[0]
        return sources[0].intersection(sources[1]) or Interval.hull(sources)

    @cached_property
    def chisq(self) -> Interval | None:
        """chi2, from chi2/df where it is not printed itself."""
        printed = self.interval("chisq")
        if printed is not None:
            return printed.clipped(0.0, math.inf)
        if self.per_df is None or self.df is None:
            return None
        return self.per_df * self.df

    @property
    def chisq_words(self) -> str:
        """Return how chi2 is printed, for a sentence."""
        parts = [self.as_printed(name) for name in ("chisq", "cmin_df") if self.get(name)]
        return " and ".join(parts)

    @property
    def df_words(self) -> str:
        """Return the degrees of freedom for a sentence."""
        assert self.df is not None
        is_printed = self.get("df") is not None or "df" in self.model.indices
        drawn = "" if is_printed else " of the model as drawn"
        return f"{self.df.text(0 if self.df.width == 0.0 else 2)} degrees of freedom{drawn}"

    @property
    def n_words(self) -> str:
        """``"n = 481"``."""
        assert self.n is not None
        return f"n = {self.n.text(0)}"

    def finding(
        self, rule: str, index: str, required: Interval, sentence: str, *, place: str = ""
    ) -> Finding:
        """Return a finding on a printed index, which the other numbers put elsewhere."""
        printed = self.get(index)
        assert printed is not None
        name = index + self.suffix
        return Finding(
            rule,
            place or printed.place or self.model.place,
            label(name),
            printed.text,
            required,
            required.text(max(printed.decimals, 0)),
            sentence,
            severity=severity_of(self.model, index, printed, required),
            concerns=("fit",),
        )


def severity_of(model: PrintedModel, index: str, printed: Printed, required: Interval) -> Severity:
    """Return whether the standard is met by one of two numbers and missed by the other."""
    named = model.standards.get(index)
    standard = named.interval if named is not None else USUAL.get(index)
    if standard is None:
        return "serious"
    met = printed.value in standard
    outside = not required.overlaps(standard)
    inside = standard.lower <= required.lower and required.upper <= standard.upper
    return "decisive" if (met and outside) or (not met and inside) else "serious"


def families(paper: Published) -> Iterator[FitNumbers]:
    """Yield the printed statistics of every model: the plain one, then the scaled one."""
    for model in paper.models:
        yield FitNumbers(paper, model)
        if any(name.endswith("_scaled") for name in model.indices):
            yield FitNumbers(paper, model, "_scaled")
