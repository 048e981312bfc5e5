"""Name the nearest existing name, so that a typing mistake is corrected in one reading."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: object, candidates: Iterable[str]) -> str | None:
    """Return the candidate that `name` was most likely meant to be, or None.

    Case, surrounding blanks and the difference between ``_``, ``-`` and a blank are not held
    against a candidate. What is no text is taken as it prints.
    """
    plain: dict[str, str] = {}
    for candidate in candidates:
        plain.setdefault(_plain(candidate), candidate)
    found = difflib.get_close_matches(_plain(name), list(plain), n=1, cutoff=0.6)
    return plain[found[0]] if found else None


def did_you_mean(name: object, candidates: Iterable[str]) -> str:
    """Return ``"; did you mean 'C13'?"``, or an empty text when nothing is near."""
    found = nearest(name, candidates)
    return "" if found is None else f"; did you mean {found!r}?"


def listed(names: Iterable[object], *, limit: int = 6) -> str:
    """Return ``"a, b, c and 4 more"``."""
    texts = [str(name) for name in names]
    if len(texts) <= limit:
        return ", ".join(texts)
    return f"{', '.join(texts[:limit])} and {len(texts) - limit} more"


def _plain(name: object) -> str:
    return str(name).strip().casefold().replace("-", "_").replace(" ", "_")
