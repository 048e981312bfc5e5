"""An audit file in TOML."""

from __future__ import annotations

import re
from pathlib import Path

from clustersem.audit.readers.draft import Draft
from clustersem.audit.readers.layout import read_layout
from clustersem.audit.readers.node import Node, TextNumber
from clustersem.errors import CodebookError, DataError
from clustersem.survey.toml import read_toml

_LINE = re.compile(r"at line (\d+), column")
_HINTS = (
    (r"=\s*[+-]?\d*,\d+|\d,0\d", 'TOML has no decimal comma: write 0.472, or "0,472" in quotes'),
    (r"=\s*[+-]?\.\d", 'TOML has no number that begins with its point: write 0.48, or ".48"'),
    (r"=\s*[+-]?\d+\.(\s|$|,)", "TOML has no number that ends with its point: write 4.0, or 4"),
    (r"=\s*\*", 'put stars in quotes: "***"'),
    (r"=\s*[<>≤≥]", 'put what is no plain number in quotes: "<.001"'),
    (r"=\s*\d[\d.]*\s*%", 'put per cents in quotes, "71.9%", or write the number alone'),
)


def read_toml_audit(path: Path) -> Draft:
    """Read an audit file.

    Raises
    ------
    DataError
        If it is not there or not TOML, or says what cannot be; the line is named.
    """
    try:
        document, text = read_toml(path, parse_float=TextNumber)
    except CodebookError as error:
        raise DataError(_hinted(str(error))) from None
    draft = Draft(path.name)
    root = Node(document, source=path.name, text=text)
    if not document:
        root.fail("the file is empty. Write what the paper prints, section by section.")
    if "tables" in document:
        from clustersem.audit.readers import read_draft

        for name in root.child("tables", document["tables"]).names():
            read_draft(path.parent / name, draft)
    return read_layout(document, draft, text=text)


def _hinted(message: str) -> str:
    """Add what to write instead to what the parser says of a line."""
    lines = message.split("\n")
    if _LINE.search(message) is None or len(lines) < 2:
        return message
    for pattern, hint in _HINTS:
        if re.search(pattern, lines[1]):
            return "\n".join([f"{lines[0]}; {hint}", *lines[1:]])
    return message
