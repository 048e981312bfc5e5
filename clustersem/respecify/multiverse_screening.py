"""The same questionnaires screened in several ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

from clustersem.errors import DataError
from clustersem.survey import NO_SCREENING, ScreeningPolicy, Survey


def screenings(
    survey: Survey, policies: Sequence[ScreeningPolicy] | Mapping[str, ScreeningPolicy]
) -> dict[str, Survey]:
    """Do what :func:`clustersem.screenings` says."""
    if not isinstance(survey, Survey):
        raise DataError(
            f"a {type(survey).__name__} cannot be screened again; read the file with"
            " clustersem.read_survey."
        )
    if isinstance(policies, Mapping):
        named = dict(policies)
    else:
        named = {_name(policy): policy for policy in policies}
    return {name: survey.screen(policy) for name, policy in named.items()}


def _name(policy: ScreeningPolicy) -> str:
    """Return what a policy does differently from the default."""
    if policy == NO_SCREENING:
        return "no screening"
    if not isinstance(policy, ScreeningPolicy):
        raise DataError(f"policies: {policy!r} is no ScreeningPolicy.")
    changed = [
        f"{field.name}={getattr(policy, field.name)}"
        for field in fields(policy)
        if getattr(policy, field.name) != field.default
    ]
    return ", ".join(changed) or "default screening"
