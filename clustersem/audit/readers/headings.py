"""What a column of a table holds, by what stands above it."""

from __future__ import annotations

import re
from typing import Literal

Role = Literal[
    "path", "id", "construct", "item", "est", "se", "cr", "p", "std", "ci", "ci_lower", "ci_upper",
    "supported", "expect", "loading", "alpha", "composite_reliability", "ave", "sqrt_ave",
    "r_squared", "msv", "asv",
    "mean", "sd", "n", "index", "standard", "value", "coefficient", "model", "ignored",
    "effect",
]  # fmt: skip

_HEADINGS: dict[Role, str] = {
    "path": "path paths relationship relationships relation relations structuralpath regression "
    "regressionpath hypothesizedpath hypothesisedpath parameter hypothesispath causalpath link "
    "structuralrelationship structuralrelationships pathway route effectpath effectpaths",
    "id": "hypothesis hypotheses hypothesisno no hypothesisnumber serialnumber",
    "construct": "construct constructs latentvariable latentvariables latentconstruct factor "
    "factors dimension dimensions latent scale scales dependentvariable endogenousconstruct "
    "endogenousvariable outcome variables variable latentvariableconstruct",
    "item": "item items indicator indicators measure question questions observedvariable code "
    "itemcode observedvariables measurementitem measurementitems manifestvariable "
    "observedindicator itemname measureitem",
    "est": "estimate estimates est b unstd unstandardized unstandardised unstandardizedestimate "
    "unstandardizedcoefficient regressionweight rawestimate unstdestimate unstdcoefficient "
    "unstandardizedloading unstdloading covariance",
    "coefficient": "coefficient coefficients pathcoefficient pathcoefficients coef originalsample "
    "originalsampleo",
    "effect": "effect indirecteffect totaleffect directeffect pointestimate effectsize",
    "se": "se standarderror stderr stderror standarderrors ses",
    "cr": "cr criticalratio z zvalue zscore t tvalue tstatistic tstatistics tstat tvalues zstat "
    "tstatisticsostdev tratio",
    "p": "p pvalue pvalues sig significance pz significancelevel twotailedp probability",
    "std": "std standardized standardised beta β stdestimate stdall stdbeta standardizedbeta "
    "normalized standardizedregressionweight stdregressionweight λ standardizedloadings stdloading "
    "correlation stdcoefficient stdcoeff stdest stdloadings",
    "loading": "loading loadings factorloading factorloadings outerloading outerloadings "
    "itemloading itemloadings",
    "ci": "ci 95ci confidenceinterval 95confidenceinterval ci95 95bci biascorrectedci",
    "ci_lower": "lower llci lowerci cilower lowerbound 95cilower ll lower95ci lowerlimit 25 "
    "boot llci bootllci lower25",
    "ci_upper": "upper ulci upperci ciupper upperbound 95ciupper ul upper95ci upperlimit 975 "
    "bootulci upper975",
    "supported": "result results conclusion decision supported remark remarks support verdict "
    "testresult hypothesistest inference finding findings comment hypothesissupported status "
    "accepted",
    "expect": "expected expectedsign sign hypothesizedsign",
    "alpha": "alpha cronbachsalpha cronbachalpha cronbach cronbachsα cronbachα α cronbachsa "
    "cronbachsalphaα coefficientalpha alphacoefficient cronbachsalphavalue ca "
    "cronbachsαcoefficient cronbachsalphacoefficient",
    "composite_reliability": "compositereliability constructreliability rhoc jöreskogrho "
    "compositereliabilityvalue ρc",
    "ave": "ave averagevarianceextracted avevalue averagevariance",
    "sqrt_ave": "sqrtave √ave squarerootofave rootave squarerootave",
    "r_squared": "r2 rsquare rsquared smc r²",
    "mean": "mean m means average meanvalue meanscore",
    "sd": "sd stddev stddeviation standarddeviation stdev standarddev",
    "n": "n nobs observations",
    "index": "index indices fitindex fitindices fitmeasure fitmeasures fitstatistic fitstatistics "
    "goodnessoffit fitmetrics fitmetric goodnessoffitindex modelfitindex modelfitindices "
    "fitindicator fitindicators gofindices modelfit name evaluationindex statistic statistics",
    "standard": "referencestandard recommended recommendedvalue threshold criterion criteria "
    "cutoff cutoffvalue acceptable standard standardvalue recommendedvalues acceptablevalue "
    "goodfit acceptablefit recommendedcriteria suggestedvalue reference referencevalue "
    "evaluationstandard cutoffcriteria thresholds acceptedvalue idealvalue recommendedcutoff "
    "acceptancelevel judgmentcriteria adaptationstandard",
    "value": "value values estimatedvalue measuredvalue obtained modelvalue actualvalue",
    "model": "model models",
    "msv": "msv maximumsharedvariance maximumsharedsquaredvariance",
    "asv": "asv averagesharedvariance averagesharedsquaredvariance",
    "ignored": "maxrh vif skewness kurtosis f2 q2 htmt label stdlv df omega mcdonaldsomega "
    "judgment judgement modelfitjudgment interpretation bootse numberofitems noofitems "
    "numberofobservedvariables description source references evaluation nitems stdnox kmo",
}  # fmt: skip
_ROLES = {word: role for role, words in _HEADINGS.items() for word in words.split()}
_STANDARDISED = re.compile(r"^(standardi[sz]ed|normali[sz]ed|std\.?)\s*(?!dev|err)\W*", re.I)
_RAW = re.compile(r"^(unstandardi[sz]ed|unstd\.?|non-?standardi[sz]ed|raw)\s*\W*", re.I)
_VALUES = ("est", "coefficient", "std", "loading", "effect")


def plain(text: str) -> str:
    """Return the letters and digits of a heading."""
    return re.sub(r"[^\w√²]|_", "", text.casefold().replace("|", "").replace("χ", "chi"))


def role_of(heading: str) -> Role | None:
    """Return what a column holds, or None for a heading that is not known.

    Examples
    --------
    >>> role_of("S. E."), role_of("Std. Error"), role_of("P(>|z|)"), role_of("β")
    ('se', 'se', 'p', 'std')
    >>> role_of("Normalized Path Coefficients"), role_of("Cronbach's α"), role_of("Mood")
    ('std', 'alpha', None)
    """
    text = " ".join(heading.split())
    found = _ROLES.get(plain(text))
    if found is not None:
        return found
    if _RAW.match(text):
        rest = role_of(_RAW.sub("", text)) if _RAW.sub("", text) else "est"
        return "est" if rest in _VALUES else rest
    if _STANDARDISED.match(text):
        rest = role_of(_STANDARDISED.sub("", text)) if _STANDARDISED.sub("", text) else "std"
        # The S.E. and C.R. of a standardised estimate belong to it, not to the raw one.
        return "std" if rest in _VALUES else "ignored" if rest in ("se", "cr", "ci") else rest
    # What stands in brackets is a symbol, as in Cronbach's alpha (α), or a threshold.
    outside = re.sub(r"[(\[].*?[)\]]", "", text).strip()
    if outside and outside != text and (found := role_of(outside)):
        return found
    inside = re.search(r"[(\[](.*?)[)\]]", text)
    if inside and (found := _ROLES.get(plain(inside.group(1)))):
        return found
    return _ROLES.get(plain(text).removesuffix("s")) or _last_words(text)


def _last_words(text: str) -> Role | None:
    """Read ``Structural model Estimate``: a heading with another one above it."""
    words = text.split()
    for k in range(1, len(words)):
        found = _ROLES.get(plain(" ".join(words[k:])))
        if found not in (None, "std") and len(plain(" ".join(words[k:]))) > 1:
            return found
    return None


def bracketed_role(heading: str) -> Role | None:
    """Return what stands in brackets after the numbers of a column: ``Estimate (S.E.)``."""
    inside = re.search(r"[(\[](.*?)[)\]]", heading)
    found = _ROLES.get(plain(inside.group(1))) if inside else None
    return found if found in ("se", "cr", "p") else None


def roles_of(headings: list[str], caption: str = "") -> list[Role | None]:
    """Return what the columns hold, with what their company says of ambiguous headings.

    ``CR`` beside AVE or alpha, and without an estimate, is composite reliability; ``Path
    coefficient`` without a standard error or a standardised column is standardised.
    """
    roles = [role_of(heading) for heading in headings]
    if "cr" in roles:
        scale = {"ave", "alpha", "sqrt_ave", "composite_reliability"} & set(roles)
        tested = {"se", "p", "path"} & set(roles)
        if (scale or re.search(r"reliab|valid", caption, re.I)) and not tested:
            roles = [
                "composite_reliability"
                if role == "cr" and plain(heading).startswith("cr")
                else role
                for role, heading in zip(roles, headings, strict=True)
            ]
    known: Role = "est" if {"se", "std"} & set(roles) else "std"
    if "est" in roles:
        known = "ignored"
    roles = [known if role == "coefficient" else role for role in roles]
    # AMOS heads its tables of standardised weights and of correlations with "Estimate", too.
    standardised = re.search(r"(?<!un)(?<!un-)standardi[sz]ed|correlation", caption, re.I)
    if standardised and not {"std", "se", "cr"} & set(roles):
        roles = ["std" if role == "est" else role for role in roles]
    return roles
