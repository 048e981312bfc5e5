"""How a study's model is estimated: the keys of ``[model]`` that are options of a fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clustersem.errors import CodebookError
from clustersem.fit.checks import is_off
from clustersem.fit.options import FitOptions
from clustersem.fit.resolve import options_from
from clustersem.survey.names import did_you_mean, listed

#: Keys that one might look for in a study file, and where their work is done instead.
ELSEWHERE = {
    "group": "a study is about one group of respondents. Compare groups in Python:"
    " cs.invariance(model, answers, group='region') tests whether they understand the items alike,"
    " cs.sem(model, answers, group='region') fits them together. Or keep one study file a group",
}
ELSEWHERE["group_equal"] = ELSEWHERE["group_partial"] = ELSEWHERE["groups"] = ELSEWHERE["group"]


def decided(settings: Mapping[str, object]) -> FitOptions:
    """Return the options that a study's settings decide on.

    Raises
    ------
    UnsupportedError
        Where they do not go together.
    """
    return options_from(
        settings,
        weighted=not is_off(settings["sampling_weights"]),
        clustered=not is_off(settings["cluster"]),
        ordinal=not is_off(settings["ordered"]),
    )


def check_ordered(ordered: object, items: Iterable[str]) -> None:
    """Refuse an ordered item that is none of the study's.

    Raises
    ------
    CodebookError
        With the nearest name.
    """
    known = list(items)
    if not isinstance(ordered, list) or not known:
        return
    unknown = [name for name in ordered if name not in known]
    if unknown:
        raise CodebookError(
            f"[model] ordered: {listed(map(repr, unknown))} is no item of the study"
            f"{did_you_mean(unknown[0], known) or '; there are ' + listed(known, limit=20) + '.'}"
        )


def ordered_of(ordered: bool | list[str] | None, deleted: Iterable[str]) -> bool | list[str] | None:
    """Return the ordered items of the model, without those that purification deleted."""
    if not isinstance(ordered, list):
        return ordered
    gone = set(deleted)
    return [name for name in ordered if name not in gone]
