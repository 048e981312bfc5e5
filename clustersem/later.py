"""Names of a package that are imported when somebody first asks for them.

A script that fits one model need not wait for what other scripts want.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module


def later(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Return the ``__getattr__`` of a package (PEP 562).

    Parameters
    ----------
    package : str
        Its name.
    homes : mapping of str to str
        For every name the module that it is imported from.

    Examples
    --------
    >>> find = later("clustersem.fit", {"Hypothesis": "clustersem.fit.hypotheses"})
    >>> find("Hypothesis").__name__
    'Hypothesis'
    """

    def find(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    return find
