"""Synthetic respondents (route 2): 532 questionnaires that never existed.

Nobody gave these answers. They are drawn so that the analysis of the paper, run on them from
screening to hypotheses, returns the printed numbers as far as these can be returned at all:

1. 481 rows of standard normal scores from one seed, made to have exactly the identity as sample
   covariance matrix, so that no sampling error stands between design and answers.
2. The latent correlations at which rounded responses have the designed correlations of
   `answer_covariance` (26 items) and those of the three poor items.
3. Rounding at quantiles: every item has the designed share of each answer.
4. Rounding leaves errors of about .02 in the correlations. Pairs of respondents exchange
   neighbouring answers to an item where that brings its correlations nearer to the design;
   about one answer in fourteen moves by one step.
5. Twenty-two invalid questionnaires are planted, the rows shuffled, and 29 questionnaires
   counted as never returned.

No seed was searched for: `SEED` is the only one that this code was run with before its answers
were shipped. What was chosen by looking at the outcome are the constants of `design`.
"""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg
from scipy.special import ndtri

from clustersem.studies.cross_border.design import answer_covariance, answer_mean
from clustersem.studies.cross_border.likert import (
    LikertItem,
    discretise,
    latent_correlation,
    likert_item,
    nearest_definite,
)
from clustersem.studies.cross_border.paper import n_valid
from clustersem.studies.cross_border.populations import Matrix, population

if TYPE_CHECKING:
    import pandas as pd

SEED = 3576
"""The article's number in its journal."""

ID_COLUMN = "synthetic_respondent"

POOR_ITEMS = MappingProxyType(
    {
        "C13": (1.00, MappingProxyType({"B3": 0.2, "B1": 0.2, "B2": 0.2})),
        "C14": (0.95, MappingProxyType({"B4": 0.2, "B5": 0.2, "B6": 0.2})),
        "C25": (1.05, MappingProxyType({"B6": 0.2, "B4": 0.2, "B5": 0.2})),
    }
)
"""Standard deviation and standardised loadings of the items that purification deletes.

They load as much on foreign constructs of their subsystem as on their own.
"""

INVALID = MappingProxyType({"missing": 8, "out of range": 4, "straight-lining": 5, "duplicate": 5})
"""Planted invalid questionnaires by reason, 22 in all."""

_SMALLEST_EIGENVALUE = 0.005
_EXCHANGE_ROUNDS = 200
_EXCHANGE_CANDIDATES = 600


class _Stream:
    """Random numbers that no release of NumPy may change: the raw output of PCG64."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)

    def uniform(self, *shape: int) -> Matrix:
        """Draw uniform numbers inside (0, 1)."""
        raw = np.asarray(self._bits.random_raw(int(np.prod(shape))), dtype=np.uint64)
        return ((raw >> np.uint64(11)).astype(np.float64) + 0.5).reshape(shape) * 2.0**-53

    def normal(self, *shape: int) -> Matrix:
        """Draw standard normal numbers."""
        return np.asarray(ndtri(self.uniform(*shape)))

    def below(self, limit: int, *shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
        """Draw whole numbers from 0 to ``limit - 1``."""
        return (self.uniform(*shape) * limit).astype(np.intp)


def synthetic_answers() -> pd.DataFrame:
    """Load the synthetic answers that ship with the package.

    Returns
    -------
    DataFrame, 503 x 30
        Column ``synthetic_respondent`` and the items C1 to C29; NaN where not answered. Invalid
        questionnaires are among them.

    Examples
    --------
    >>> synthetic_answers().shape
    (503, 30)
    """
    import pandas as pd

    return pd.read_csv(answers_file())


def answers_file() -> Path:
    """Return where the synthetic answers lie as a CSV file."""
    return Path(__file__).with_name("answers_synthetic.csv")


def study_file() -> Path:
    """Return where the study file of the home study lies, beside its answers."""
    return Path(__file__).with_name("study.toml")


def generate_answers(seed: int = SEED) -> pd.DataFrame:
    """Make the synthetic answers anew.

    Parameters
    ----------
    seed : int
        With `SEED` the result is `synthetic_answers`.

    Returns
    -------
    DataFrame, 503 x 30
        As `synthetic_answers`.
    """
    import pandas as pd

    stream = _Stream(seed)
    correlation, likert, names = _questionnaire()
    n = n_valid()
    latent = nearest_definite(
        latent_correlation(correlation, likert), smallest=_SMALLEST_EIGENVALUE
    )
    root = linalg.cholesky(latent, lower=True)
    valid = discretise(_exact_scores(stream, n, len(names)) @ root.T, likert)
    valid = _exchange(valid, correlation, stream)
    spoiled = INVALID["missing"] + INVALID["out of range"]
    extra = discretise(stream.normal(spoiled, len(names)) @ root.T, likert)
    order = [names.index(f"C{k}") for k in range(1, len(names) + 1)]
    rows = _plant(valid[:, order], extra[:, order], stream)
    frame = pd.DataFrame(rows, columns=[names[k] for k in order])
    frame.insert(0, ID_COLUMN, [f"SYN{k:03d}" for k in range(1, len(frame) + 1)])
    return frame


def answers_csv(frame: pd.DataFrame) -> str:
    """Write answers as CSV text: whole numbers, nothing where not answered."""
    header = ",".join(frame.columns)
    items = frame.drop(columns=ID_COLUMN).to_numpy()
    lines = [
        ",".join([name, *("" if np.isnan(value) else f"{value:.0f}" for value in row)])
        for name, row in zip(frame[ID_COLUMN], items, strict=True)
    ]
    return "\n".join([header, *lines]) + "\n"


def _questionnaire() -> tuple[Matrix, list[LikertItem], list[str]]:
    """Correlations, answer shares and names of all 29 items, the poor ones last."""
    good = answer_covariance()
    sd = np.sqrt(np.diag(good.to_numpy()))
    source = population()
    poor = np.zeros((len(POOR_ITEMS), len(source.constructs)))
    for k, (_, loadings) in enumerate(POOR_ITEMS.values()):
        for construct, value in loadings.items():
            poor[k, source.constructs.index(construct)] = value
    carried = poor @ source.latent_correlation
    correlation = np.block(
        [
            [good.to_numpy() / np.outer(sd, sd), source.loadings @ carried.T],
            [carried @ source.loadings.T, carried @ poor.T],
        ]
    )
    np.fill_diagonal(correlation, 1.0)
    names = [*good.columns, *POOR_ITEMS]
    deviations = [*sd, *(deviation for deviation, _ in POOR_ITEMS.values())]
    likert = [
        likert_item(answer_mean(name), float(deviation))
        for name, deviation in zip(names, deviations, strict=True)
    ]
    return correlation, likert, names


def _exact_scores(stream: _Stream, n: int, p: int) -> Matrix:
    """Draw scores with sample mean zero and the identity as sample covariance matrix."""
    scores = stream.normal(n, p)
    scores -= scores.mean(axis=0)
    root = linalg.cholesky(scores.T @ scores / n, lower=True)
    return np.asarray(linalg.solve_triangular(root, scores.T, lower=True).T)


def _exchange(answers: Matrix, correlation: Matrix, stream: _Stream) -> Matrix:
    """Let pairs of respondents exchange neighbouring answers towards the wanted correlations.

    Frequencies of the answers do not change. In each round every item makes the best of a few
    hundred random exchanges, or none.
    """
    answers = answers.copy()
    n, p = answers.shape
    scores = (answers - answers.mean(axis=0)) / answers.std(axis=0)
    gap = correlation - scores.T @ scores / n
    np.fill_diagonal(gap, 0.0)
    for _ in range(_EXCHANGE_ROUNDS):
        for j in range(p):
            first, second = stream.below(n, 2, _EXCHANGE_CANDIDATES)
            near = np.abs(answers[first, j] - answers[second, j]) == 1.0
            first, second = first[near], second[near]
            step = scores[second, j] - scores[first, j]
            change = step[:, None] * (scores[first] - scores[second]) / n
            change[:, j] = 0.0
            left = ((gap[j] - change) ** 2).sum(axis=1)
            best = int(left.argmin())
            # Only gains that matter are taken, so that ties never decide.
            if left[best] < 0.999 * (gap[j] ** 2).sum():
                gap[j] -= change[best]
                gap[:, j] = gap[j]
                pair, swapped = [first[best], second[best]], [second[best], first[best]]
                answers[pair, j] = answers[swapped, j]
                scores[pair, j] = scores[swapped, j]
    return answers


def _plant(valid: Matrix, extra: Matrix, stream: _Stream) -> Matrix:
    """Add the invalid questionnaires and shuffle; duplicates come after their originals."""
    p = valid.shape[1]
    missing, wrong = extra[: INVALID["missing"]].copy(), extra[INVALID["missing"] :].copy()
    for k, row in enumerate(missing):
        # More than half of the answers: from 16 to 23 of the 29.
        row[np.argsort(stream.uniform(p), kind="stable")[: p // 2 + 2 + k]] = np.nan
    for row, slip in zip(wrong, (6.0, 0.0, 44.0, 9.0), strict=True):
        row[stream.below(p, 1)] = slip
    lines = np.repeat(np.arange(1.0, INVALID["straight-lining"] + 1.0)[:, None], p, axis=1)
    rows = np.concatenate([valid, missing, wrong, lines])
    rows = rows[np.argsort(stream.uniform(len(rows)), kind="stable")]
    complete = np.flatnonzero(_ordinary(rows))
    for _ in range(INVALID["duplicate"]):
        original = int(complete[stream.below(len(complete) // 2, 1)[0]])
        place = len(rows) - int(stream.below(len(rows) // 3, 1)[0])
        rows = np.insert(rows, place, rows[original], axis=0)
    return rows


def _ordinary(rows: Matrix) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Mark the rows that screening has no reason to exclude."""
    whole = ~np.isnan(rows).any(axis=1)
    inside = ((rows >= 1.0) & (rows <= 5.0)).all(axis=1)
    return np.asarray(whole & inside & (rows != rows[:, :1]).any(axis=1))
