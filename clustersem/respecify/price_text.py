"""A price as a page of text."""

from __future__ import annotations

import math
import re
import textwrap

from clustersem.fit.hypotheses import Path
from clustersem.respecify.columns import name_width, named, number, raw_number
from clustersem.respecify.price_result import Price

_NAMES = {
    "chisq": "chi2",
    "cmin_df": "chi2/df",
    "rmsea": "RMSEA",
    "cfi": "CFI",
    "srmr": "SRMR",
    "ecvi": "ECVI",
}
#: Stands for a space at which no line is broken.
_GLUE = "\N{NO-BREAK SPACE}"
#: Fewer shown models than found ones keep the page a page.
_MOST = 5
# A longer name would push the numbers beyond 100 columns.
_LONGEST = 34


def text_of(price: Price) -> str:
    """Return the page."""
    return "\n".join(
        [*_head(price), *_fit(price), *_validation(price), *_steps(price), *_rest(price)]
    )


def label_of(index: str) -> str:
    """Return an index as it is printed: ``"RMSEA (robust)"``."""
    for suffix in ("_scaled", "_robust"):
        if index.endswith(suffix):
            return f"{_NAMES[index.removesuffix(suffix)]} ({suffix[1:]})"
    return _NAMES[index]


def _head(price: Price) -> list[str]:
    c, n = price.counts, len(price.steps)
    lines = [
        f"The price of {n} freed parameter{'' if n == 1 else 's'} (n = {price.final.n_obs},"
        f" seed = {price.seed})",
        "",
    ]
    if not n:
        lines += _wrapped(
            "No parameter was freed. What follows says what the search does in parts of the sample"
            " and in resamples."
        )
    table = price.fit_table
    rmsea = next(name for name in table.index if name.startswith("rmsea"))
    cfi = next(name for name in table.index if name.startswith("cfi"))
    if price.given:
        lines += _wrapped(
            "The steps were given, not searched for. If they were indeed named before these answers"
            " were seen, the fit of the revised model has no optimism, and the corrected values are"
            " the plain ones. If they were read off modification indices of these answers, let"
            " cs.respecify find them and take the price of that search."
        )
    elif n and math.isfinite(table.loc[rmsea, "corrected"]):
        row, other = table.loc[rmsea], table.loc[cfi]
        lines += _wrapped(
            f"The revised model's {label_of(rmsea)} {_three(row['plain'])} would be about"
            f" {_three(row['corrected'])} on as many new respondents, its {label_of(cfi)}"
            f" {_three(other['plain'])} about {_three(other['corrected'])}; before the steps they"
            f" are {_three(row['initial'])} and {_three(other['initial'])}."
        )
    if c["resamples_searched"]:
        who = "A search by the same policy" if price.given else "The search"
        same = f"in {c['final_set']:g}" if c["final_set"] else "in none"
        lines += _wrapped(
            f"{who} leads to {c['distinct_sets']:g} different"
            f" {'model' if c['distinct_sets'] == 1 else 'models'} in"
            f" {c['resamples_searched']:g} resamples, to this one {same} of them; it frees"
            f" {c['mean_freed']:.1f} parameters on average."
        )
    return [*lines, ""]


def _fit(price: Price) -> list[str]:
    head = (
        f"{'fit':<18}{'initial':>10}{'revised':>10}{'corrected':>11}{'optimism':>10}{'(MC se)':>9}"
    )
    lines = [head]
    for name, row in price.fit_table.iterrows():
        digits = 2 if str(name).startswith("chisq") else 3
        cells = [
            number(row[column], width, digits)
            for column, width in (
                ("initial", 10),
                ("plain", 10),
                ("corrected", 11),
                ("optimism", 10),
                ("mc_se", 9),
            )
        ]
        lines.append(f"{label_of(str(name)):<18}{''.join(cells)}")
    used, all_ = price.counts["partings_used"], price.counts["partings"]
    if not price.given:
        lines += _wrapped(
            "corrected: for the search having been made on these answers, from"
            f" {used:g} of {all_:g} random partings in halves.",
            "  ",
        )
    return [*lines, ""]


def _validation(price: Price) -> list[str]:
    if not price.counts["folds_used"]:
        return []
    lines = [
        f"{'cross-validation':<18}{'chi2':>10}{'CV chi2':>10}{'se':>8}{'ECVI':>9}{'CV ECVI':>9}"
        f"{'se':>7}{'hold-out':>10}{'se':>7}"
    ]
    words = {
        "initial": "initial model",
        "revised": "revised model",
        "searched": "search repeated",
    }
    for name, row in price.validation.iterrows():
        own = name != "searched"
        if price.given and not own:
            continue
        lines.append(
            f"{words[str(name)]:<18}{number(row['chisq'] if own else math.nan, 10, 2)}"
            f"{number(row['cv_chisq'], 10, 2)}{number(row['cv_chisq_se'], 8, 2)}"
            f"{number(row['ecvi'] if own else math.nan, 9, 3)}{number(row['cv_ecvi'], 9, 3)}"
            f"{number(row['cv_ecvi_se'], 7, 3)}"
            f"{number(row['holdout_ecvi'], 10, 3)}{number(row['holdout_ecvi_se'], 7, 3)}"
        )
    notes = f"{price.n_folds} folds; hold-out: F of one half from the other's estimates."
    if not price.given:
        notes += (
            " The revised model was chosen on all answers, so only the search repeated in each"
            " training part is judged honestly."
        )
    return [*lines, *_wrapped(notes, "  "), ""]


def _steps(price: Price) -> list[str]:
    if not len(price.steps):
        return []
    names = [str(Path(*row)) for row in price.steps[["lhs", "op", "rhs"]].to_numpy()]
    width = name_width(names, "step", _LONGEST) + 2
    lines = [
        f"{'step':<{width}}{'picked':>8}{'halves':>8}{'EPC':>9}{'estimate':>10}"
        f"{'found':>9}{'elsewhere':>11}{'ratio':>7}"
    ]
    for name, (_, row) in zip(names, price.steps.iterrows(), strict=True):
        lines += named(
            name,
            width,
            f"{_share(row['picked'], 8)}{_share(row['picked_halves'], 8)}"
            f"{raw_number(row['epc'], 9)}{raw_number(row['est'], 10)}"
            f"{raw_number(row['est_found'], 9)}{raw_number(row['est_new'], 11)}"
            f"{number(row['shrinkage'], 7, 2)}",
        )
        if row["caution"]:
            lines += _wrapped(f"caution: {row['caution']}", "    ", "      ")
    lines += _wrapped(
        "picked: share of resamples"
        + (" in which a search by the policy frees it" if price.given else " that free it")
        + ("" if price.given else "; halves: share of halves")
        + ". found, elsewhere: mean estimate in the halves that freed it and in the other halves"
        " of those partings.",
        "  ",
    )
    return [*lines, ""]


def _rest(price: Price) -> list[str]:
    lines: list[str] = []
    others = price.candidates[~price.candidates["in_final"] & (price.candidates["picked"] > 0)]
    if len(others):
        best = others.head(_MOST)
        rows = best[["lhs", "op", "rhs"]].to_numpy()
        shown = [
            f"{Path(*row)} {_share(share, 0)}"
            for row, share in zip(rows, best["picked"].tolist(), strict=True)
        ]
        more = f", and {len(others) - _MOST} more" if len(others) > _MOST else ""
        lines += _wrapped(f"Also picked in resamples: {', '.join(shown)}{more}.")
    if len(price.sets):
        lines.append("Models found most often in resamples:")
        for _, row in price.sets.head(_MOST).iterrows():
            mark = " (the revised model)" if row["is_final"] else ""
            lines += _wrapped(
                f"{_share(row['share'], 6)}  {row['freed'] or 'the initial model'}{mark}",
                "",
                " " * 8,
            )
    for _, row in price.failures.iterrows():
        lines += _wrapped(
            f"Failed: {row['what']}, {row['times']} times: {row['failure']}. {row['example']}"
        )
    if price.stopped:
        lines += _wrapped(price.stopped)
    return lines


def _three(value: float) -> str:
    text = f"{value:.3f}"
    return text.removeprefix("0") if text.startswith("0.") else text


def _share(value: float, width: int) -> str:
    return f"{'-' if math.isnan(value) else f'{100 * value:.0f} %':>{width}}"


def _wrapped(text: str, first: str = "", rest: str | None = None) -> list[str]:
    """Break a text into lines, no parameter and no percentage in two."""
    whole = re.sub(r" (=~|~~|~) ", rf"{_GLUE}\1{_GLUE}", text).replace(" %", f"{_GLUE}%")
    rest = first if rest is None else rest
    lines = textwrap.wrap(whole, 96, initial_indent=first, subsequent_indent=rest)
    return [line.replace(_GLUE, " ") for line in lines]
