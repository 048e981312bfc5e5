"""What is checked of a call before anything is estimated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from functools import lru_cache
from pathlib import Path

import numpy as np

from clustersem.errors import ModelError, UnsupportedError
from clustersem.moments.sources import LARGEST_SD
from clustersem.spec import ModelSpec


def is_off(value: object) -> bool:
    """Whether an option that lists variables lists none."""
    return value is None or value is False or (isinstance(value, Sized) and len(value) == 0)


def check_names(option: str, value: object) -> None:
    """Raise for an option that lists names and is something else."""
    names = [value] if isinstance(value, str) or value is None else value
    if not isinstance(names, Iterable) or not all(n is None or isinstance(n, str) for n in names):
        raise UnsupportedError(f"{option}={value!r}: write a list of names, ['x1', 'x2'] say.")


def check_switches(switches: Mapping[str, object]) -> None:
    """Raise for an option that must be True or False and is neither."""
    for name, value in switches.items():
        if not isinstance(value, (bool, np.bool_)):
            raise UnsupportedError(f"{name}={value!r}: write True or False.")


def check_same_options(spec: ModelSpec, switches: Mapping[str, bool]) -> None:
    """Refuse options that a model which is built already cannot follow any more."""
    for name, value in switches.items():
        default = name == "fixed_x"
        if value != default and value != getattr(spec.options, name):
            raise UnsupportedError(
                f"{name}={value!r} cannot change a ModelSpec, which was built with"
                f" {name}={getattr(spec.options, name)!r}. Pass its text instead: spec.to_text()."
            )


def text_of(model: object) -> str:
    """Return a model text, or say how to make one of what was given."""
    if isinstance(model, str):
        return model
    remedies: dict[type | tuple[type, ...], str] = {
        Path: "Read the file: path.read_text(encoding='utf-8').",
        bytes: "Decode it: model.decode('utf-8').",
        (list, tuple): "Join its lines: '\\n'.join(model).",
        object: "Write, say, 'f =~ x1 + x2 + x3'.",
    }
    remedy = next(text for kind, text in remedies.items() if isinstance(model, kind))
    raise ModelError(f"model: expected text or a ModelSpec, got {type(model).__name__}. {remedy}")


@lru_cache(maxsize=256)
def check_values(spec: ModelSpec) -> None:
    """Refuse fixed and starting values with which nothing can be computed."""
    for row in spec.parameters:
        for value in (row.value, row.start):
            if value is not None and not abs(value) < LARGEST_SD:
                raise ModelError(
                    f"{row.name} is given the value {value:g}, too large to compute with. Give it a"
                    " smaller one, or measure the variables in other units."
                )
