"""What the tables of a document are called."""

from __future__ import annotations

import re

_CAPTION = re.compile(
    r"\s*(table|tab\.|tabelle|tableau|tabla|表)\s*([A-Z]?\d+[\w.-]*?|[IVX]+)\b", re.I
)


def is_caption(text: str) -> bool:
    """Whether a paragraph is the caption of a table."""
    return len(text) < 400 and _CAPTION.match(text) is not None


def place_of(caption: str, number: int) -> str:
    """Return ``Table 7``; where the page has no number, which table of the document it is.

    Examples
    --------
    >>> place_of("Table 7. Path estimation results.", 3), place_of("", 3)
    ('Table 7', 'table 3 of the document')
    """
    found = _CAPTION.match(caption)
    return f"Table {found.group(2).rstrip('.')}" if found else f"table {number} of the document"
