"""A study file to start from, drafted from the answers themselves."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from clustersem.fit.likert_notes import ENOUGH_CATEGORIES
from clustersem.spec.syntax import is_name
from clustersem.survey import read_survey

_STEM = re.compile(r"(.*?)[_.\- ]?\d+[A-Za-z]?$")


def draft(answers: str | os.PathLike[str], *, beside: Path | None = None) -> str:
    """Return the text of a study file for a file of answers.

    Items whose names differ in their number only are taken for one construct, and the answer range
    is the one seen. The researcher corrects both, and writes the hypotheses.

    Parameters
    ----------
    answers : path
        The file of answers.
    beside : path, optional
        The folder in which the study file will stand; by default that of the answers.

    Raises
    ------
    DataError
        Where the file cannot be read.
    """
    survey = read_survey(answers, screening=None)
    low, high, codes = _seen_range(survey.raw)
    constructs = guess_constructs(survey.items)
    names = list(constructs)
    whole = bool((survey.raw.stack() % 1 == 0).all())
    unfit = [item for members in constructs.values() for item in members if not is_name(item)]
    lines = [
        "# A study for clustersem. Correct what is guessed, then: clustersem run study.toml",
        *([f"# A model cannot hold these names; rename them: {', '.join(unfit)}"] if unfit else []),
        "",
        'title = "My survey"',
        "",
        "[data]",
        f"file = {_text(_relative(Path(answers), beside))}",
        f"answers = [{low:g}, {high:g}]          # lowest and highest answer, as seen in the data",
        *(["whole = false           # answers are not whole numbers"] if not whole else []),
        f"missing = [{codes}]          # far from the other answers: do they mean no answer?"
        if codes
        else "# missing = [9, 99]      # codes that mean no answer",
        "# reverse = []           # reverse-keyed items",
        "# distributed = 500      # questionnaires sent out",
        "",
        "# Constructs and their items, guessed from the names of the columns.",
        *_constructs(constructs),
        "",
        "# What the questionnaire asks, for the report.",
        "[items]",
        *(f"{_key(item)} = {_text(survey.codebook.text(item))}" for item in survey.items),
        "",
        "[screening]",
        "max_missing = 0.5       # share of missing answers beyond which a respondent is left out",
        "straight_lining = 1.0   # the same answer to every item; false: do not look",
        "duplicates = true",
        "",
        "[scale]",
        "purify = true           # delete items that load below the cutoff, or elsewhere",
        "cutoff = 0.5",
        "",
        "# Hypotheses: y ~ x, y depends on x; x ~~ y, they covary. expect: +, - or !=0",
        *_hypotheses(names),
        "",
        "# How the model is estimated. Without this section: maximum likelihood.",
        "[model]",
        *_estimation(survey.raw, high - low),
        "",
        "# Cutoffs of fit indices for this model and this n, by simulation.",
        "[cutoffs]",
        "n = 500                 # replications of each level of misspecification",
        "seed = 1",
        "",
        "[options]",
        "alpha = 0.05",
        "",
        "# Free residual covariances within constructs when the model does not fit. Every step is",
        "# kept with its evidence in the report.",
        "# [respecification]",
        '# allow = "within_construct"',
        "# max_steps = 3",
    ]
    return "\n".join(lines) + "\n"


def guess_constructs(items: Sequence[str]) -> dict[str, list[str]]:
    """Group items whose names differ only in the number at their end.

    Examples
    --------
    >>> guess_constructs(["trust1", "trust2", "use_1", "use_2", "age"])
    {'trust': ['trust1', 'trust2'], 'use': ['use_1', 'use_2']}
    """
    groups: dict[str, list[str]] = {}
    for item in items:
        found = _STEM.match(item)
        if found and found.group(1):
            groups.setdefault(found.group(1).rstrip("_.- "), []).append(item)
    named = {name: members for name, members in groups.items() if len(members) > 1 and name}
    # A construct must not bear the name of an item.
    fit: dict[str, list[str]] = {}
    for name, members in named.items():
        fit.setdefault(_fit_name(name), []).extend(members)
    return {name if name not in items else f"F_{name}": m for name, m in fit.items()}


def _fit_name(stem: str) -> str:
    """Return a name for a construct that a model can hold."""
    plain = re.sub(r"[^\w.]+", "_", stem).strip("_")
    return plain if is_name(plain) else f"F_{plain}"


def _seen_range(raw: pd.DataFrame) -> tuple[float, float, str]:
    """Return lowest and highest answer, and codes that stand apart, as text.

    Answers of a scale follow each other; codes such as 9, 99 or -1 leave a gap of two or more.
    """
    seen = sorted({float(v) for v in raw.to_numpy(dtype=float).ravel() if v == v})
    scale = [seen[0]] if seen else [1.0]
    runs = [scale]
    for value in seen[1:]:
        if value - runs[-1][-1] > 2.0:
            runs.append([])
        runs[-1].append(value)
    scale = max(runs, key=len)
    codes = [value for run in runs if run is not scale for value in run]
    low, high = scale[0], scale[-1]
    # A scale of hundreds of values is a measurement, and what stands apart in it no code.
    if len(codes) > 3 or len(scale) < 2:
        low, high, codes = (seen or [1.0])[0], (seen or [1.0])[-1], []
    high = high if low < high else low + 1.0
    return low, high, ", ".join(f"{code:g}" for code in codes)


def _estimation(raw: pd.DataFrame, steps: float) -> list[str]:
    """Return the lines on the estimation, with what suits the answers written in."""
    few = steps + 1 < ENOUGH_CATEGORIES
    gaps = bool(raw.isna().to_numpy().any())
    ordered = (
        "ordered = true          # items with ordered categories: WLSMV, polychoric correlations"
    )
    if few:
        ordered = f"{ordered}; fewer than five answers"
    full = (
        '# missing = "ml"         # use incomplete answers too (full information); not with ordered'
    )
    return [
        '# estimator = "MLR"      # standard errors and tests that need no normal answers',
        ordered if few else f"# {ordered}",
        full + ("; some are missing here" if gaps else ""),
        '# sampling_weights = "w" # column with the respondents\' weights',
        '# cluster = "school"     # column with what respondents were sampled together in',
    ]


def _relative(answers: Path, beside: Path | None) -> str:
    if beside is None:
        return answers.name
    try:
        return Path(os.path.relpath(answers.resolve(), beside.resolve())).as_posix()
    except ValueError:  # on another drive
        return answers.resolve().as_posix()


def _constructs(constructs: Mapping[str, Sequence[str]]) -> list[str]:
    if not constructs:
        return ["# [constructs.Trust]", '# label = "Trust in sellers"', '# items = ["q1", "q2"]']
    lines: list[str] = []
    for name, items in constructs.items():
        listed = ", ".join(_text(item) for item in items)
        lines += [f"[constructs.{_key(name)}]", f"label = {_text(name)}", f"items = [{listed}]", ""]
    return lines[:-1]


def _hypotheses(names: Sequence[str]) -> list[str]:
    if len(names) < 2:
        return ["# [[hypotheses]]", '# id = "H1"', '# path = "y ~ x"', '# expect = "+"']
    outcome, *causes = names[-1], *names[:-1]
    lines: list[str] = []
    for number, cause in enumerate(causes, 1):
        path = f"{outcome} ~ {cause}"
        lines += ["[[hypotheses]]", f'id = "H{number}"', f"path = {_text(path)}"]
        lines += ['expect = "+"', ""]
    return lines[:-1]


def _text(value: str) -> str:
    """Return a TOML basic string; JSON's escapes are a subset of TOML's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)
