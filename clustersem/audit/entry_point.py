"""From what a paper prints to an audit of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clustersem.errors import DataError

# The name `audit` of the package is the function, which a script that only fits loads, too. So what
# it needs is loaded when it is called.
if TYPE_CHECKING:
    from clustersem.audit.finding import Finding, Held, Rule
    from clustersem.audit.published import Published
    from clustersem.audit.result import Audit

_RANK = {"decisive": 0, "serious": 1, "minor": 2}


def read_published(path: str | os.PathLike[str]) -> Published:
    r"""Read what a paper prints from a file.

    Parameters
    ----------
    path : str or path
        An audit file (``.toml``), tables of a manuscript (``.docx``, ``.html``), or text
        (``.csv``, ``.tsv``).

    Returns
    -------
    Published
        The numbers as printed; `notes` says what of the file was not understood.

    Raises
    ------
    DataError
        If the file is not there, cannot be read, or has no printed number; file, line or table and
        row are named, and what to write instead.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "paper.csv"
    >>> _ = file.write_text("Path,Estimate,S.E.,C.R.\nA1 <--- B1,0.144,0.031,3.417\n")
    >>> [row.path for row in read_published(file).coefficients]
    ['A1 ~ B1']
    """
    from clustersem.audit.readers import read_draft

    return read_draft(Path(path)).published()


def audit(
    published: Published | Mapping[str, Any] | str | os.PathLike[str],
    *,
    rules: Sequence[Rule] | None = None,
) -> Audit:
    """Find printed numbers that cannot all be right.

    Every number stands for the interval of all numbers that print so, and every rule is a relation
    that holds for any data; so a finding is no artefact of rounding, and needs no tolerance. It
    says that some numbers cannot all be right, never which of them is wrong, or why: misprints,
    and slips in writing the audit file, are the commonest cause.

    Parameters
    ----------
    published : path, mapping or Published
        A file as :func:`read_published` reads it; a mapping with the layout of the audit file, its
        numbers as texts (a float has lost the zeros at its end, and counts with the digits that
        are left); or what was read already.
    rules : sequence of Rule, optional
        Which relations to check; all that the library knows where omitted.

    Returns
    -------
    Audit
        ``.findings``, ``.held``, ``.unchecked``, ``.table``; printed, it is a page of text.

    Raises
    ------
    DataError
        As :func:`read_published`.

    Examples
    --------
    >>> found = audit({"paths": [{"path": "A1 ~ B1", "est": "0.144", "se": "0.031", "p": ".002"}]})
    >>> len(found.published.coefficients)
    1
    """
    from clustersem.audit.finding import Finding, Held, Rule
    from clustersem.audit.published import Published
    from clustersem.audit.readers.draft import Draft
    from clustersem.audit.readers.layout import read_layout
    from clustersem.audit.result import Audit
    from clustersem.audit.rules import ALL_RULES

    if isinstance(published, Mapping):
        draft = Draft("the mapping")
        published = read_layout(published, draft).published()
    elif not isinstance(published, Published):
        if not isinstance(published, (str, os.PathLike)):
            raise DataError(
                "an audit needs the path of a file, a mapping with the layout of an audit file, or "
                f"a Published, not {type(published).__name__}."
            )
        published = read_published(published)
    rules = ALL_RULES if rules is None else rules
    if not isinstance(rules, Sequence) or not all(isinstance(rule, Rule) for rule in rules):
        raise DataError(
            "rules: write a sequence of those that .rules of an audit has, or leave it out for all."
        )
    findings: list[Finding] = []
    held: list[Held] = []
    unchecked: list[Rule] = []
    for rule in rules:
        outcomes = tuple(rule.check(published))
        if not outcomes:
            unchecked.append(rule)
        found = [one for one in outcomes if isinstance(one, Finding)]
        assert all(one.rule == rule.name for one in outcomes), f"{rule.name}: an outcome's own name"
        findings += sorted(found, key=lambda one: _RANK[one.severity])
        held += [one for one in outcomes if isinstance(one, Held)]
    return Audit(published, tuple(rules), tuple(findings), tuple(held), tuple(unchecked))
