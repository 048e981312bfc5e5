"""A study of measurement invariance in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd

from clustersem.fit.invariance_rules import Finding
from clustersem.fit.summary import p_text

#: What a level allows, and what is not allowed without it.
MEANING = {
    "configural": "the same items measure the same constructs in every group",
    "thresholds": "answers of all groups stand on one latent response scale",
    "metric": "relations between the constructs (paths, covariances) can be compared across groups",
    "scalar": "means of the constructs can be compared across groups",
    "strict": "differences in observed scores are differences in the constructs",
}
FORBIDDEN = {
    "thresholds": "the items' answer categories mean different things in the groups",
    "metric": "do not compare paths or covariances between groups",
    "scalar": "do not compare means between groups, whether latent or observed",
    "strict": "do not compare observed scores of the groups; latent means are unaffected",
}
KINDS = {
    "loadings": "loadings",
    "thresholds": "thresholds",
    "intercepts": "intercepts",
    "residuals": "residual variances",
    "residual_covariances": "residual covariances",
    "lv_variances": "latent variances",
    "lv_covariances": "latent covariances",
    "means": "latent means",
    "regressions": "regressions",
    "composite_loadings": "weights of composites",
}

CANNOT_BE_READ = "cannot be read"
# Up to here the RMSEA of a model that is right is often above its limit (Kenny et al., 2015).
FEW_DF = 10


class StepInWords(NamedTuple):
    """What the verdict needs of a step."""

    level: str
    name: str
    finding: Finding
    reason: str
    equal: tuple[str, ...]


def findings_in_words(steps: Sequence[StepInWords]) -> list[str]:
    """Return what the table says of every step: nothing of the first, nor of those after a failure.

    A step that was repeated after releases is judged by the last of its models.
    """
    last = {step.level: step.finding for step in steps}
    levels = list(last)
    failed = next((i for i, name in enumerate(levels) if last[name] == "does not hold"), math.inf)
    return [
        ""
        if step.level == levels[0]
        else CANNOT_BE_READ
        if levels.index(step.level) > failed
        else step.finding
        for step in steps
    ]


def verdict_text(
    steps: Sequence[StepInWords],
    cfi: float,
    rmsea: float,
    released: Sequence[str],
    *,
    df: int,
) -> tuple[str, str]:
    """Return the verdict and the last step that holds.

    Parameters
    ----------
    steps : sequence of StepInWords
        In order; a step that was repeated after releases comes twice.
    cfi, rmsea : float
        Of the configural model.
    released : sequence of str
        For every released restriction the step where that happened.
    df : int
        Degrees of freedom of the configural model.

    Returns
    -------
    verdict, level : str
    """
    lines = [_configural(cfi, rmsea, df)]
    level, broken = steps[0].name, ""
    equal_before: tuple[str, ...] = ()
    last = {step.level: step for step in steps}
    for step in list(last.values())[1:]:
        added = " and ".join(KINDS[k] for k in step.equal if k not in equal_before)
        equal_before = step.equal
        count = list(released).count(step.level)
        but = f" but for {count} release{'s' if count > 1 else ''}" if count else ""
        title = f"{step.level.capitalize()} (equal {added}{but})"
        if broken:
            lines.append(
                f"{title}: {CANNOT_BE_READ}, as the {broken} step before it does not hold."
            )
        elif step.finding == "not tested":
            lines.append(f"{title}: {step.reason}.")
        else:
            lines.append(f"{title}: {step.finding}: {step.reason}.")
            if step.finding == "does not hold":
                broken = step.level
            else:
                level = step.name
    reached = [step.level for step in last.values()]
    reached = reached[: reached.index(level.removesuffix(" (partial)")) + 1]
    lines.append(_conclusion(level, broken, sum(name in reached for name in released)))
    return "\n".join(lines), level


def _configural(cfi: float, rmsea: float, df: int) -> str:
    numbers = f"CFI {_short(cfi)}, RMSEA {_short(rmsea)}"
    # Hu and Bentler (1999, doi:10.1080/10705519909540118) and the older, wider limits.
    if cfi >= 0.95 and rmsea <= 0.06:
        return f"Configural: the same structure fits all groups well ({numbers})."
    if cfi >= 0.90 and rmsea <= 0.08:
        return f"Configural: the same structure fits all groups acceptably ({numbers})."
    look = "Look at the model before reading on: steps are compared with a model that"
    if cfi >= 0.90 and rmsea > 0.08:
        good = "good" if cfi >= 0.95 else "acceptable"
        few = (
            f" With few degrees of freedom, here {df}, it often is so in models that are right,"
            " most of all in small samples: RMSEA is inflated there (Kenny, Kaniskan & McCoach,"
            " 2015, doi:10.1177/0049124114543236)."
            if df <= FEW_DF
            else ""
        )
        return (
            f"Configural: CFI and RMSEA disagree. CFI {_short(cfi)} is {good} (.90 or more), RMSEA"
            f" {_short(rmsea)} is wanting (above .08).{few} {look} may not be right."
        )
    if rmsea <= 0.08:
        return (
            f"Configural: CFI and RMSEA disagree. RMSEA {_short(rmsea)} is"
            f" {'good' if rmsea <= 0.06 else 'acceptable'} (.08 or less), CFI {_short(cfi)} is"
            f" wanting (below .90). {look} may not be right."
        )
    return (
        f"Configural: the structure itself does not fit well ({numbers}; wanted are CFI of .90 or"
        f" more and RMSEA of .08 or less). {look} is not right."
    )


def _conclusion(level: str, broken: str, n_released: int) -> str:
    base = level.removesuffix(" (partial)")
    meaning = MEANING.get("scalar" if n_released and base == "strict" else base)
    allowed = f"Conclusion: {base} invariance" + (" holds in part" if n_released else " holds")
    if meaning is None:
        allowed = f"Conclusion: the {base} step holds."
    else:
        allowed += f": {meaning}."
    if n_released:
        count = f"{n_released} parameter{'s differ' if n_released > 1 else ' differs'}"
        allowed += (
            f" {count} between groups: say which when you report it, and do not compare sum scores,"
            " which mix them in."
        )
    if broken in FORBIDDEN:
        allowed += f" {broken.capitalize()} invariance does not: {FORBIDDEN[broken]}."
    return allowed


def table_text(table: pd.DataFrame, method: str, indices: str) -> str:
    """Return the table of the steps as text."""
    columns: dict[str, tuple[str, Callable[[float], str]]] = {
        "df": ("df", lambda x: f"{x:.0f}"),
        "chisq": ("chi2", _three),
        "p_value": ("p", _p),
        "cfi": ("CFI", _three),
        "tli": ("TLI", _three),
        "rmsea": ("RMSEA", _three),
        "srmr": ("SRMR", _three),
        "bic": ("BIC", lambda x: "" if math.isnan(x) else f"{x:.1f}"),
        "delta_chisq": ("d chi2", _three),
        "delta_df": ("d df", lambda x: "" if math.isnan(x) else f"{x:g}"),
        "delta_p": ("p of d", _p),
        "delta_cfi": ("d CFI", _signed),
        "delta_rmsea": ("d RMSEA", _signed),
        "delta_srmr": ("d SRMR", _signed),
    }
    shown = table[[c for c in columns if not table[c].isna().all()]].rename_axis(None)
    text = shown.to_string(
        header=[columns[c][0] for c in shown.columns],
        formatters=[columns[c][1] for c in shown.columns],
        na_rep="",
    )
    which = "" if indices == "plain" else f" CFI, TLI and RMSEA: {indices}."
    return f"Measurement invariance\n\n{text}\n\nDifference test: {method}.{which}"


def released_text(partial: pd.DataFrame) -> str:
    """Return the released restrictions, one line each."""
    lines = ["Released, each as the largest score test of its step:"]
    texts = partial[["step", "parameter", "group", "also"]].to_numpy(dtype=str)
    numbers = partial[["score", "p_value", "n_candidates", "epc", "cfi"]].to_numpy(dtype=float)
    for (step, parameter, group, also), (score, p, among, epc, cfi) in zip(
        texts.tolist(), numbers.tolist(), strict=True
    ):
        with_it = f", with {also}" if also else ""
        lines.append(
            f"  {step}: {parameter} in {group}{with_it}: score {score:.2f}, p {_equals(p)} (of"
            f" {among:.0f}), differs by {epc:+.3f}; CFI then {_short(cfi)}"
        )
    return "\n".join(lines)


def _equals(p: float) -> str:
    text = p_text(p)
    return text if text.startswith("<") else f"= {text}"


def _short(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}".removeprefix("0")


def _p(value: float) -> str:
    return "" if math.isnan(value) else p_text(value)


def _three(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"


def _signed(value: float) -> str:
    return "" if math.isnan(value) else f"{value:+.3f}"
