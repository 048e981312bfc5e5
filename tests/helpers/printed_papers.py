"""Records of what a paper prints: the home study's, and those of fits and answers."""

from types import MappingProxyType

import numpy as np

import clustersem as cs
from clustersem.audit.printed import Printed
from clustersem.audit.published import (
    PrintedClaim,
    PrintedCoefficient,
    PrintedConstruct,
    PrintedCorrelation,
    PrintedItem,
    PrintedModel,
    PrintedSample,
    PrintedShare,
    Published,
    VarianceExplained,
)
from clustersem.spec import build_spec, options_for
from clustersem.studies.cross_border.models import INITIAL_MODEL, REVISED_MODEL
from clustersem.studies.cross_border.paper import published

_STANDARD = ("cr_standardized", "ave_standardized")


def read(value, place="", *, decimals=3):
    return Printed.read(f"{value:.{decimals}f}", place)


def home_paper():
    """All that the home study prints and these rules use, as records of the audit."""
    paper = published()
    kept = {row.item for row in paper.loadings}
    models = tuple(
        PrintedModel(
            name,
            place,
            indices=MappingProxyType({k: read(v, place) for k, v in indices.items()}),
            standards=MappingProxyType(standards),
            reached=reached,
            spec=build_spec(text, options_for("sem")),
        )
        for name, place, indices, standards, reached, text in (
            ("initial", "section 4.2", paper.fit_initial, {}, paper.reached_standard,
             INITIAL_MODEL),
            ("revised", "Table 6", paper.fit_revised,
             {k: Printed.read(v, "Table 6") for k, v in {
                 "cmin_df": "<5", "gfi": ">0.9", "rmsea": "<0.1", "cfi": ">0.9", "nfi": ">0.9",
                 "ifi": ">0.9", "pgfi": ">0.5"}.items()}, None, REVISED_MODEL),
        )
    )  # fmt: skip
    loadings = tuple(
        PrintedCoefficient(
            row.construct, "=~", row.item, f"Table 9, {row.item}",
            est=read(row.est), std=read(row.std),
        )
        for row in paper.loadings
    )  # fmt: skip
    paths = tuple(
        PrintedCoefficient(
            row.lhs, row.op, row.rhs, f"Table 7, {row.id}: {row.path}", id=row.id,
            est=read(row.est), std=read(row.std),
        )
        for row in paper.paths
    )  # fmt: skip
    low, high = paper.correlation_range
    return Published(
        title="Wang et al. (2022)",
        sample=PrintedSample(
            n=Printed.count(481),
            distributed=Printed.count(532),
            returned=Printed.count(503),
            scale=(1, 5),
            shares=(
                PrintedShare("valid questionnaires", "section 3", Printed.read("90.41%"),
                             Printed.count(481), Printed.count(532)),
            ),
        ),
        models=models,
        coefficients=(*paths, *loadings),
        constructs=tuple(
            PrintedConstruct(
                one.name, f"Tables 3 to 5, {one.name}", one.label,
                tuple(item for item in one.items if item in kept),
                alpha=read(paper.alphas[one.name]), subsystem=one.subsystem,
            )
            for one in paper.constructs.values()
        ),
        items=tuple(
            PrintedItem(item, f"Tables 3 to 5, {item}", loading=read(value))
            for item, value in paper.efa_loadings.items()
        ),
        variance=tuple(
            VarianceExplained(name, "Tables 3 to 5", read(value),
                              sum(one.subsystem == name for one in paper.constructs.values()))
            for name, value in paper.cumulative_variance.items()
        ),
        claims=(
            PrintedClaim("correlations", "section 4.2", read(low), read(high)),
            PrintedClaim("standardised", "section 4.2", Printed.read("0.95"),
                         words="the standardized estimates in this research all exceed 0.95"),
            PrintedClaim("alpha", "section 3.2.2", Printed.read(">0.7")),
        ),
    )  # fmt: skip


def paper_of_fit(fit, answers=None, *, decimals=3, columns=_STANDARD, est=True, drawn=True):
    """What a paper prints of a fit: its loadings, correlations, reliability and validity.

    With `answers` also alpha, means and standard deviations.
    """
    table = cs.validity(fit).table
    rows = fit.estimates
    constructs = {
        name: tuple(rows.loc[(rows["op"] == "=~") & (rows["lhs"] == name), "rhs"])
        for name in table.index
    }
    scores, items = {}, ()
    if answers is not None:
        scores = _scores(answers, constructs, decimals)
        items = tuple(_items(answers, constructs, decimals))
    r_squared = fit.r_squared
    printed = []
    for name in table.index:
        one = table.loc[name]
        numbers = {
            "composite_reliability": one[columns[0]],
            "ave": one[columns[1]],
            "sqrt_ave": one["sqrt_ave"],
            "msv": one["msv"],
            "asv": one["asv"],
        }
        fields = {
            key: read(value, decimals=decimals)
            for key, value in numbers.items()
            if np.isfinite(value)
        }
        if name in r_squared.index:
            fields["r_squared"] = read(float(r_squared[name]), decimals=decimals)
        printed.append(
            PrintedConstruct(
                name, f"Table 1, {name}", items=constructs[name], **fields, **scores.get(name, {})
            )
        )
    model = PrintedModel(
        "final", "Table 4",
        indices=MappingProxyType(
            {
                name: read(float(fit.measures[name]), decimals=decimals)
                for name in ("chisq", "df", "aic")
                if np.isfinite(fit.measures.get(name, np.nan))
            }
        ),
        spec=fit.spec if drawn else None,
        scaled="chisq_scaled" in fit.measures,
    )  # fmt: skip
    return Published(
        sample=PrintedSample(n=Printed.count(int(fit.n_obs)), scale=(1, 6), complete=True),
        models=(model,),
        coefficients=tuple(_coefficients(rows, decimals, est=est)),
        constructs=tuple(printed),
        items=items,
        correlations=tuple(
            _matrix(fit.latent_cor.loc[list(constructs), list(constructs)], "latent", decimals)
        ),
    )


def _coefficients(rows, decimals, *, est):
    columns = ["lhs", "op", "rhs", "est", "std_all"]
    for lhs, op, rhs, value, std in rows[columns].itertuples(index=False):
        if op in ("=~", "~") or (op == "~~" and lhs != rhs):
            yield PrintedCoefficient(
                lhs, op, rhs, f"Table 2, {lhs} {op} {rhs}",
                est=read(value, decimals=decimals) if est else None,
                std=read(std, decimals=decimals),
            )  # fmt: skip


def _matrix(correlation, kind, decimals):
    for j, a in enumerate(correlation.index):
        for b in correlation.index[:j]:
            value = read(correlation.loc[a, b], decimals=decimals)
            yield PrintedCorrelation(a, b, f"Table of {kind}, {a} with {b}", value, kind, kind)


def _scores(answers, constructs, decimals):
    """Alpha as Cronbach defines it, and the mean of the items, of those who answered all."""
    found = {}
    for name, items in constructs.items():
        values = answers[list(items)].dropna().to_numpy(dtype=float)
        k = values.shape[1]
        covariance = np.cov(values, rowvar=False)
        alpha = k / (k - 1) * (1 - np.trace(covariance) / covariance.sum())
        found[name] = {"alpha": read(alpha, decimals=decimals)}
    return found


def _items(answers, constructs, decimals, *, ddof=1):
    """Mean and standard deviation of items answered in whole numbers."""
    for item in [item for items in constructs.values() for item in items]:
        values = answers[item].dropna().to_numpy(dtype=float)
        if np.any(values != np.round(values)) or values.min() < 1 or values.max() > 6:
            continue
        yield PrintedItem(
            item, f"Table 5, {item}", read(values.mean(), decimals=decimals),
            read(values.std(ddof=ddof), decimals=decimals), Printed.count(len(values)),
        )  # fmt: skip
