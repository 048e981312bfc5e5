"""Indices of fit under the names that papers and programs give them."""

from __future__ import annotations

import re

from clustersem.survey.names import did_you_mean

#: By the names of ``fit.measures``.
_ALIASES: dict[str, tuple[str, ...]] = {
    "chisq": ("chi2", "chisquare", "chisquared", "x2", "cmin", "chi", "likelihoodratio"),
    "df": ("degreesoffreedom", "dof"),
    "pvalue": ("p", "sig", "pchi2", "pofchi2", "chi2p", "probability"),
    "cmin_df": (
        "chi2/df",
        "cmin/df",
        "chisq/df",
        "x2/df",
        "chisquare/df",
        "chi2/dof",
        "chisquared/df",
        "normedchisquare",
        "normedchi2",
        "relativechisquare",
        "relativechi2",
        "fracchi2df",
    ),
    "rmsea": ("rootmeansquareerrorofapproximation",),
    "rmsea_ci_lower": (
        "lo90",
        "rmsealo90",
        "rmsealower",
        "rmseacilow",
        "rmsealo",
        "rmsea.ci.lower",
    ),
    "rmsea_ci_upper": (
        "hi90",
        "rmseahi90",
        "rmseaupper",
        "rmseacihigh",
        "rmseahi",
        "rmsea.ci.upper",
    ),
    "rmsea_pvalue": ("pclose", "rmseap", "closefit"),
    "rmsea_ci": ("rmsea90ci", "90cirmsea", "90ci", "rmsea90%ci", "90%ci", "90%cirmsea", "ci90"),
    "srmr": ("standardizedrmr", "standardisedrmr", "standardizedrootmeansquareresidual"),
    "rmr": ("rootmeansquareresidual",),
    "cfi": ("comparativefitindex",),
    "tli": ("nnfi", "tlinnfi", "tuckerlewis", "tuckerlewisindex", "rho2", "nnfitli", "tli/nnfi"),
    "nfi": ("normedfitindex", "delta1"),
    "ifi": ("incrementalfitindex", "delta2", "bl89"),
    "rfi": ("relativefitindex", "rho1"),
    "rni": (),
    "gfi": ("goodnessoffitindex", "goodnessoffit"),
    "agfi": ("adjustedgoodnessoffitindex", "adjustedgfi"),
    "pgfi": ("parsimonygoodnessoffitindex", "parsimoniousgoodnessoffitindex"),
    "pnfi": ("parsimonynormedfitindex", "parsimoniousnormedfitindex", "pnorfi"),
    "pcfi": ("parsimonycomparativefitindex",),
    "aic": ("akaike",),
    "bic": ("bayesian", "bayesianinformationcriterion"),
    "bic2": ("sabic", "abic", "ssabic", "samplesizeadjustedbic"),
    "ecvi": (),
    "cn_05": ("hoelter05", "hoelter0.05", "hoelter.05", "hoelter", "cn", "criticaln"),
    "cn_01": ("hoelter01", "hoelter0.01", "hoelter.01"),
    "npar": ("parameters", "freeparameters", "nparameters", "numberofparameters"),
    "baseline_chisq": ("nullchi2", "nullmodelchi2", "baselinechi2", "independencechi2"),
    "baseline_df": ("nulldf", "nullmodeldf", "baselinedf", "independencedf"),
    "baseline_pvalue": ("nullp", "baselinep"),
    "chisq_diff": ("δchi2", "deltachi2", "chi2diff", "chi2difference", "dchi2", "chisqdiff"),
    "df_diff": ("δdf", "deltadf", "dfdiff", "dfdifference", "ddf"),
    "pvalue_diff": ("pdiff", "pofdifference", "pδchi2", "pvaluediff"),
    "caic": (),
    "fmin": ("f0", "discrepancy"),
    "unrestricted_logl": ("saturatedlogl",),
    "logl": ("loglikelihood", "ll"),
    "mfi": ("mcdonald", "mci"),
    "crmr": (),
    "n": ("samplesize", "nobs", "observations", "ntotal"),
}
_SUFFIX = re.compile(r"(.*?)[\s_.(]+(scaled|robust)\)?$", re.I)
_LABELS = {
    "chisq": "chi2",
    "cmin_df": "chi2/df",
    "df": "df",
    "pvalue": "p",
    "npar": "parameters",
    "logl": "log-likelihood",
    "baseline": "null model",
    "unrestricted": "saturated",
    "n": "n",
}
INDICES = tuple(name for name in _ALIASES if name not in ("n", "rmsea_ci"))


def _plain(text: str) -> str:
    plain = text.strip().casefold().replace("χ", "chi").replace("²", "2").replace("^", "")
    plain = plain.replace("\u03c72", "chi2").replace("χ2", "chi2").replace("d.f.", "df")
    return re.sub(r"[^\w/.%]|_", "", plain).rstrip(".")


_NAMES = {_plain(alias): name for name, aliases in _ALIASES.items() for alias in (name, *aliases)}


def index_name(text: str) -> str | None:
    """Return the measure that a text names, or None.

    Examples
    --------
    >>> index_name("χ²/df"), index_name("CMIN/DF"), index_name("cfi_robust"), index_name("alpha")
    ('cmin_df', 'cmin_df', 'cfi_robust', None)
    """
    if index_pair(text):
        return None
    found = _NAMES.get(_plain(text))
    if found is not None:
        return found
    suffixed = _SUFFIX.fullmatch(text.strip())
    if suffixed is not None and (name := _NAMES.get(_plain(suffixed.group(1)))):
        return f"{name}_{suffixed.group(2).casefold()}"
    # The short name in brackets after the long one, or a threshold after either.
    known = dict.fromkeys(named for _, named in _bracketed(text))
    return next(iter(known)) if len(known) == 1 else None


def index_pair(text: str) -> tuple[str, str] | None:
    """Return two measures that share a heading, the second in brackets.

    Examples
    --------
    >>> index_pair("χ² (df)"), index_pair("RMSEA [90% CI]"), index_pair("CFI")
    (('chisq', 'df'), ('rmsea', 'rmsea_ci'), None)
    """
    known = list(dict.fromkeys(named for _, named in _bracketed(text)))
    return (known[0], known[1]) if len(known) == 2 else None


def _bracketed(text: str) -> list[tuple[str, str]]:
    """Return the parts of a text around its brackets that name measures."""
    parts = [part for part in re.split(r"[()\[\],;:]", text) if part.strip()]
    return [(part, _NAMES[_plain(part)]) for part in parts if _plain(part) in _NAMES]


def index_label(name: str) -> str:
    """Return a measure as papers write it.

    Examples
    --------
    >>> index_label("cmin_df"), index_label("rmsea_ci_lower"), index_label("cfi_robust")
    ('chi2/df', 'RMSEA CI lower', 'CFI robust')
    """
    if name in _LABELS:
        return _LABELS[name]
    first, *rest = name.split("_")
    tail = ["CI" if word == "ci" else "p" if word == "pvalue" else word for word in rest]
    return " ".join([_LABELS.get(first, first.upper()), *tail])


def nearest_index(text: str) -> str:
    """Return ``"; did you mean 'rmsea'?"``, or an empty text."""
    return did_you_mean(text, INDICES)
