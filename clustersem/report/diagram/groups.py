"""Which of a fit's groups is drawn."""

from __future__ import annotations

from clustersem.errors import ModelError
from clustersem.report.diagram.graph import FitLike, group_labels


def group_number(fit: FitLike, group: int | str | None) -> int:
    """Return the number of a group, counted from 0.

    Raises
    ------
    ModelError
        If there is no such group, or there are several and none is named.
    """
    labels = group_labels(fit)
    choices = ", ".join(f"group={label!r}" for label in labels)
    if group is None:
        if len(labels) > 1:
            raise ModelError(
                f"the fit has {len(labels)} groups, and a path diagram shows one of them: pass"
                f" {choices}."
            )
        return 0
    if isinstance(group, str):
        if group in labels:
            return labels.index(group)
    elif 0 <= group < len(labels):
        return int(group)
    if len(labels) == 1:
        raise ModelError(f"there is no group {group!r}: the fit has one. Leave group= out.")
    raise ModelError(
        f"there is no group {group!r}: pass {choices}, or group=0 to group={len(labels) - 1}."
    )


def group_heading(fit: FitLike, number: int) -> str:
    """Return what stands under the drawing of one group of several; empty where there is one."""
    labels = group_labels(fit)
    if len(labels) < 2:
        return ""
    return f"Group {labels[number]}, one of {len(labels)}. Fit of all groups together:"
