"""What a paper prints, from files that hold it."""

from __future__ import annotations

from pathlib import Path

from clustersem.audit.readers.draft import Draft
from clustersem.errors import DataError
from clustersem.survey.names import did_you_mean

_KINDS = (".toml", ".csv", ".tsv", ".txt", ".html", ".htm", ".docx")


def read_draft(path: Path, draft: Draft | None = None) -> Draft:
    """Read a file of printed numbers, by the ending of its name.

    Parameters
    ----------
    path : pathlib.Path
        ``.toml``, ``.csv``, ``.tsv``, ``.html`` or ``.docx``.
    draft : Draft, optional
        What the tables are added to.

    Raises
    ------
    DataError
        Where it is not there, or cannot be read.
    """
    kind = path.suffix.casefold()
    if path.is_dir():
        raise DataError(f"{path} is a folder; name a file in it ({', '.join(_KINDS)}).")
    if kind not in _KINDS:
        raise DataError(
            f"{path.name}: an audit reads {', '.join(_KINDS)}, not {kind or 'such a file'}."
            + (" Save it as .docx." if kind in (".doc", ".odt", ".rtf", ".pdf") else "")
        )
    if not path.is_file():
        beside = path.parent.iterdir() if path.parent.is_dir() else ()
        near = did_you_mean(path.name, sorted(p.name for p in beside if p.suffix in _KINDS))
        raise DataError(
            f"there is no file {path.name} in folder {path.parent.resolve()}"
            f"{near or '; check the name and the folder.'}"
        )
    if kind == ".toml":
        from clustersem.audit.readers.toml import read_toml_audit

        if draft is not None:
            raise DataError(f"{path.name}: tables are read of Word, HTML and CSV files.")
        return read_toml_audit(path)
    draft = draft if draft is not None else Draft(path.name)
    if kind == ".docx":
        from clustersem.audit.readers.docx import read_docx as read
    elif kind in (".html", ".htm"):
        from clustersem.audit.readers.html import read_html as read
    else:
        from clustersem.audit.readers.csv import read_csv as read
    read(path, draft)
    return draft
