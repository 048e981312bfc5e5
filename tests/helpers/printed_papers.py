"""Records of what a paper prints of fits and answers."""

from types import MappingProxyType

import numpy as np

import clustersem as cs
from clustersem.audit.printed import Printed
from clustersem.audit.published import (
    PrintedCoefficient,
    PrintedConstruct,
    PrintedCorrelation,
    PrintedItem,
    PrintedModel,
    PrintedSample,
    Published,
)

_STANDARD = ("cr_standardized", "ave_standardized")


def read(value, place="", *, decimals=3):
    return Printed.read(f"{value:.{decimals}f}", place)


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
