"""The survey: answers that are read, coded and screened, and know where they come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clustersem.errors import CodebookError, DataError
from clustersem.survey.coding import reverse
from clustersem.survey.describe import count_answers, describe_items
from clustersem.survey.flow import Flow
from clustersem.survey.names import did_you_mean, listed
from clustersem.survey.screening import (
    REASONS,
    Finding,
    Scale,
    ScreeningPolicy,
    find_invalid,
)

if TYPE_CHECKING:
    from clustersem.survey.codebook import Codebook

_EXACT_INTEGERS = 2.0**53


@dataclass(frozen=True, eq=False, repr=False)
class Questionnaires:
    """All rows of a file, coded as numbers: what a `Survey` is screened from.

    Attributes
    ----------
    coded : pandas.DataFrame
        Rows x items in the order of the file, NaN where missing, before reverse coding.
    others : pandas.DataFrame
        The same rows, covariates.
    ids : tuple of str or None, or None
        Respondent ids; None where the file has none.
    where : str
        How messages call the source.
    source : str
        The path as given, or ``"data frame"``.
    read_as : mapping of str to str
        How the file was read.
    notes : tuple of str
        What was noticed while reading.
    distributed : int or None
        Questionnaires sent out.
    fingerprint : str
        SHA-256 of the content.
    """

    coded: pd.DataFrame
    others: pd.DataFrame
    ids: tuple[str | None, ...] | None
    where: str
    source: str
    read_as: Mapping[str, str]
    notes: tuple[str, ...]
    distributed: int | None
    fingerprint: str


@dataclass(frozen=True, eq=False, repr=False)
class Survey:
    """Screened answers with the codebook that explains them.

    Made by `read_survey`. Nothing in it changes: `screen` and `select` return another survey, and
    every data frame that it hands out is a copy.

    Attributes
    ----------
    codebook : Codebook
        Constructs, items, texts, answer ranges.
    policy : ScreeningPolicy
        What was screened for.
    flow : Flow
        Distributed, returned and valid questionnaires, with the reasons for exclusion.
    items : tuple of str
        The items, in the order of the columns of `answers`.
    """

    codebook: Codebook
    policy: ScreeningPolicy
    flow: Flow
    items: tuple[str, ...]
    _all: Questionnaires
    _valid: tuple[int, ...]
    _findings: Mapping[int, tuple[Finding, ...]]

    @property
    def answers(self) -> pd.DataFrame:
        """Valid respondents x items: float, NaN where missing, reverse-keyed items turned.

        The index holds the rows of the file: the row number that a spreadsheet shows, with the
        header in row 1, for text and Excel files; the case number, from 1, for SPSS, Stata
        and Parquet; the index of a data frame. A reverse-keyed answer x is lowest + highest - x.
        """
        answers = self._all.coded.iloc[list(self._valid)][list(self.items)].copy()
        for item in self.codebook.reversed_items:
            limits = self.codebook.answer_range(item)
            if item in self.items and limits is not None:
                answers[item] = reverse(answers[item].to_numpy(), *limits)
        return answers

    @property
    def raw(self) -> pd.DataFrame:
        """All rows of the file x items, as numbers, before reverse coding and screening."""
        return self._all.coded.copy()

    @property
    def covariates(self) -> pd.DataFrame:
        """Columns that are not items, such as group variables, of the valid respondents."""
        return self._all.others.iloc[list(self._valid)].copy()

    @property
    def respondents(self) -> pd.Series[str]:
        """Ids of the valid respondents as texts, missing where there is none."""
        ids = self._all.ids or (None,) * len(self._all.coded)
        return pd.Series(
            [ids[i] for i in self._valid],
            index=self._all.coded.index[list(self._valid)],
            dtype=object,
            name=self.codebook.id or "respondent",
        )

    @property
    def excluded(self) -> pd.DataFrame:
        """Returned but invalid questionnaires, one row each.

        Columns: ``row`` in the file, ``respondent`` id or None, ``reason`` under which `flow`
        counts it, ``reasons`` all that apply, ``detail`` what exactly was found.
        """
        ids = self._all.ids or (None,) * len(self._all.coded)
        positions = sorted(self._findings)
        findings = [self._findings[i] for i in positions]
        return pd.DataFrame(
            {
                "row": [self._all.coded.index[i] for i in positions],
                "respondent": pd.Series([ids[i] for i in positions], dtype=object),
                "reason": [found[0].reason for found in findings],
                "reasons": ["; ".join(finding.reason for finding in found) for found in findings],
                "detail": ["; ".join(finding.detail for finding in found) for found in findings],
            }
        )

    @property
    def constructs(self) -> dict[str, tuple[str, ...]]:
        """The items of each construct, as far as they are in `items`."""
        kept = {
            name: tuple(item for item in construct.items if item in self.items)
            for name, construct in self.codebook.constructs.items()
        }
        return {name: items for name, items in kept.items() if items}

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the content of the file, as 64 hexadecimal digits.

        Covers names, coded answers, covariates and ids of all rows; the same data give the same
        fingerprint in every file format, as long as covariates are numbers or texts.
        """
        return self._all.fingerprint

    @property
    def source(self) -> str:
        """The path as given to `read_survey`, or ``"data frame"``."""
        return self._all.source

    @property
    def read_as(self) -> dict[str, str]:
        """How the file was read: format and, where they apply, encoding, delimiter, sheet."""
        return dict(self._all.read_as)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was readable but needs the researcher's eye, in plain sentences."""
        answers = self.answers
        notes = list(self._all.notes)
        empty = [item for item in self.items if answers[item].isna().all()]
        if empty and len(answers):
            notes.append(f"item {listed(empty)}: no valid respondent answered; leave it out.")
        constant = [item for item in self.items if answers[item].nunique() == 1]
        if constant and len(answers) > 1:
            notes.append(
                f"item {listed(constant)}: all answers are the same, so it has no correlation "
                "with anything; leave it out."
            )
        huge = [item for item in self.items if (answers[item].abs() > _EXACT_INTEGERS).any()]
        if huge:
            notes.append(
                f"item {listed(huge)}: numbers beyond 2^53 lose digits; is this an identifier?"
            )
        if not self.policy.out_of_range:
            scale = scale_of(self.codebook, self._all.coded.columns)
            wrong = scale.wrong(self._all.coded.iloc[list(self._valid)].to_numpy())
            odd = [item for j, item in enumerate(scale.items) if wrong[:, j].any()]
            if odd:
                notes.append(f"item {listed(odd)}: answers out of range were not screened out.")
        return tuple(notes)

    def screen(self, policy: ScreeningPolicy) -> Survey:
        """Screen all returned questionnaires again, by another policy.

        Every item that was read is looked at, also those that `select` left out.

        Parameters
        ----------
        policy : ScreeningPolicy
            What makes a questionnaire invalid. `NO_SCREENING` keeps all that were returned.

        Raises
        ------
        DataError
            If nobody is left.
        """
        return replace(screened(self._all, self.codebook, policy), items=self.items)

    def select(self, items: Iterable[str]) -> Survey:
        """Keep the same respondents and only these items, in this order.

        Parameters
        ----------
        items : iterable of str
            Names of items, or of constructs for all their items.

        Raises
        ------
        DataError
            If an item is not in the survey or none is left.
        """
        if isinstance(items, str):
            items = [items]
        constructs = self.constructs
        wanted: list[str] = []
        for name in items:
            if name not in self.items and name not in constructs:
                hint = did_you_mean(name, [*self.items, *constructs])
                raise DataError(f"{self._all.where}: {name!r} is not an item of the survey{hint}")
            wanted += [name] if name in self.items else constructs[name]
        if not wanted:
            raise DataError(f"{self._all.where}: no item was selected. Name one at least.")
        return replace(self, items=tuple(dict.fromkeys(wanted)))

    def describe(self) -> pd.DataFrame:
        """Describe each item of `answers`, reverse-keyed items turned.

        Returns
        -------
        pandas.DataFrame
            Items x ``n`` answers, ``missing``, ``mean``, ``sd`` (divisor n - 1), ``skewness``,
            ``kurtosis`` (excess, 0 for a normal variable), ``minimum``, ``maximum``. Skewness and
            kurtosis are NaN for a constant item and for n < 3 and n < 4.

        Notes
        -----
        With central moments m2, m3, m4 (divisor n), g1 = m3 / m2^1.5 and g2 = m4 / m2^2 - 3,
        skewness is G1 = g1 sqrt(n (n - 1)) / (n - 2) and kurtosis is
        G2 = (n - 1) / ((n - 2) (n - 3)) ((n + 1) g2 + 6), as SPSS prints them [1]_.
        AMOS prints g1 and g2.

        References
        ----------
        .. [1] Joanes, D. N., & Gill, C. A. (1998). Comparing measures of sample skewness and
           kurtosis. The Statistician, 47(1), 183-189. doi:10.1111/1467-9884.00122
        """
        return describe_items(self.answers)

    def answer_counts(self) -> pd.DataFrame:
        """Return how often each answer was given: items x answers, reverse-keyed items turned."""
        return count_answers(self.answers)

    def __repr__(self) -> str:
        constructs = f", {len(self.constructs)} constructs" if self.constructs else ""
        return (
            f"<Survey {self.source}: {len(self._valid)} respondents x "
            f"{len(self.items)} items{constructs}>"
        )


def screened(everyone: Questionnaires, codebook: Codebook, policy: ScreeningPolicy) -> Survey:
    """Make a survey of all rows of a file.

    Raises
    ------
    CodebookError
        If more questionnaires came back than the codebook says were sent out.
    DataError
        If nobody answered, or nobody is left after screening.
    """
    if not isinstance(policy, ScreeningPolicy):
        raise DataError(
            f"screening: expected a ScreeningPolicy, got {policy!r}. Write, say, "
            "clustersem.ScreeningPolicy(max_missing=0.1)."
        )
    coded = everyone.coded.to_numpy()
    returned = np.flatnonzero(~np.isnan(coded).all(axis=1))
    if not returned.size:
        raise DataError(
            f"{everyone.where}: no row has an answer to any of {coded.shape[1]} items. "
            "Check the columns and the missing codes of the codebook."
        )
    distributed = everyone.distributed
    if distributed is not None and distributed < returned.size:
        raise CodebookError(
            f"distributed = {distributed}, but {everyone.where} holds {returned.size} answered "
            "questionnaires. Correct distributed, or delete rows that are not questionnaires."
        )
    if distributed is None and returned.size < len(coded):
        distributed = len(coded)
    findings = _findings(everyone, returned, codebook, policy)
    valid = tuple(int(i) for i in returned if int(i) not in findings)
    counts = dict.fromkeys(REASONS, 0)
    for found in findings.values():
        counts[found[0].reason] += 1
    exclusions = tuple((reason, n) for reason, n in counts.items() if n)
    if not valid:
        said = listed(f"{n} for {reason}" for reason, n in exclusions)
        raise DataError(
            f"{everyone.where}: screening excludes all {returned.size} respondents ({said}). "
            "Check the answer range and the missing codes, or pass another screening policy."
        )
    flow = Flow(distributed, int(returned.size), len(valid), exclusions)
    items = codebook.item_names
    return Survey(codebook, policy, flow, items, everyone, valid, findings)


def scale_of(codebook: Codebook, items: Iterable[str]) -> Scale:
    """Gather what answers the items have."""
    names = tuple(items)
    limits: NDArray[np.float64] = np.array(
        [codebook.answer_range(name) or (np.nan, np.nan) for name in names], dtype=np.float64
    ).reshape(-1, 2)
    whole = np.array([codebook.is_whole(name) for name in names], dtype=np.bool_)
    return Scale(names, limits[:, 0], limits[:, 1], whole)


def _findings(
    everyone: Questionnaires,
    returned: NDArray[np.intp],
    codebook: Codebook,
    policy: ScreeningPolicy,
) -> dict[int, tuple[Finding, ...]]:
    found = find_invalid(
        everyone.coded.to_numpy()[returned],
        scale_of(codebook, everyone.coded.columns),
        policy,
        rows=list(everyone.coded.index[returned]),
        ids=None if everyone.ids is None else [everyone.ids[i] for i in returned],
    )
    return {int(returned[i]): findings for i, findings in found.items()}
