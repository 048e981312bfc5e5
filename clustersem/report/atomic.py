"""Files that are either the old ones or the new ones, never half of each."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from clustersem.errors import ClusterSemError


def replace_file(path: Path, content: bytes) -> None:
    """Write a file; if anything fails, the previous one stays as it was.

    Raises
    ------
    ClusterSemError
        Where it cannot be written.
    """
    replace_files({path: content})


def replace_files(contents: Mapping[Path, bytes], *, stale: Iterable[Path] = ()) -> None:
    """Write files that belong together: all are there in full before the first takes its place.

    Parameters
    ----------
    contents : mapping
        What to write where. Folders are made.
    stale : iterable of Path
        Files of an earlier run, to be removed unless they are written again.

    Raises
    ------
    ClusterSemError
        Where a file cannot be written; then all files are as they were.
    """
    written: dict[Path, Path] = {}
    at = next(iter(contents), Path())
    try:
        for at, content in contents.items():
            at.parent.mkdir(parents=True, exist_ok=True)
            if at.is_dir():
                raise IsADirectoryError(None, "it is a folder")
            handle, name = tempfile.mkstemp(dir=at.parent, prefix=f".{at.name}.")
            written[at] = Path(name)
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            # mkstemp makes files that only their owner may read; a report is to be shared.
            written[at].chmod(0o644)
        for at in list(written):
            written[at].replace(at)
            del written[at]
        for at in stale:
            if at not in contents:
                at.unlink(missing_ok=True)
    except OSError as error:
        raise ClusterSemError(
            f"{at} cannot be written: {error.strerror or error}. Close it in other programs, or"
            " choose another folder."
        ) from None
    finally:
        for left in written.values():
            left.unlink(missing_ok=True)
