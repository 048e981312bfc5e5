"""Read TOML and say in which line a key stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from clustersem.errors import CodebookError, DataError
from clustersem.survey.encoding import text_of_file
from clustersem.survey.names import did_you_mean

_HEADER = re.compile(r"\s*\[{1,2}\s*([^\[\]]+?)\s*\]{1,2}\s*(#.*)?$")
_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY = re.compile(rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")


def read_toml(
    path: Path, *, parse_float: Callable[[str], Any] = float
) -> tuple[dict[str, Any], str]:
    """Return the document and its text.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    parse_float : function
        Makes what stands for a number with a decimal point of its text.

    Raises
    ------
    CodebookError
        If there is no such file, it is not text, or not TOML; the line is shown.
    """
    try:
        text = text_of_file(path)
    except FileNotFoundError:
        names = sorted(p.name for p in path.parent.glob("*.toml")) if path.parent.is_dir() else []
        hint = did_you_mean(path.name, names) or "; check the name and the folder."
        raise CodebookError(
            f"there is no file {path.name} in folder {path.parent.resolve()}{hint}"
        ) from None
    except OSError as error:
        raise CodebookError(f"{path} cannot be read: {error.strerror}.") from None
    except DataError as error:
        raise CodebookError(str(error)) from None
    try:
        return tomllib.loads(text, parse_float=parse_float), text
    except tomllib.TOMLDecodeError as error:
        raise CodebookError(f"{path.name}: not valid TOML: {_shown(str(error), text)}") from None
    except (ValueError, RecursionError):
        # Of the parser itself: a whole number of thousands of digits, thousands of brackets.
        raise CodebookError(
            f"{path.name}: a number is too long, or lists lie too deep in one another, to be read."
        ) from None


def line_of(text: str, *locations: Sequence[object]) -> int | None:
    """Return the line, from 1, of the key at one of the places, or of the nearest key around it."""
    targets = [[str(part) for part in location] for location in locations]
    table: list[str] = []
    best, best_rest = None, max(map(len, targets))
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _parts(header.group(1))
            path = table
        elif key := _KEY.match(line):
            path = table + _parts(key.group(1))
        else:
            continue
        for target in targets:
            rest = len(target) - len(path)
            if 0 <= rest < best_rest and target[: len(path)] == path:
                best, best_rest = number, rest
    return best


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(_PART, dotted)]


def _shown(message: str, text: str) -> str:
    found = re.search(r"\(at line (\d+), column (\d+)\)", message)
    if not found:
        return message
    line, column = int(found.group(1)), int(found.group(2))
    shown = text.split("\n")[line - 1]
    if shown[column - 1 : column] > "\x7f":
        message += ". Put names in other letters than A to Z in quotes"
    return f"{message}\n    {shown}\n    {' ' * (column - 1)}^"
