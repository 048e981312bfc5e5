"""Cells of a table into numbers: decimal commas, stars, brackets and what marks no number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from clustersem.audit.interval import Interval
from clustersem.audit.printed import Printed
from clustersem.errors import DataError

#: What stars mean where a paper gives no key; AMOS prints ``***`` for p < .001.
STARS: Mapping[str, float] = MappingProxyType({"*": 0.05, "**": 0.01, "***": 0.001})

_EMPTY = frozenset({"", "-", "--", "---", "–", "—", "−", "/", "n/a", "na", "nan", "n.a.", "."})
_STARS = re.compile(r"(.*?[\d)%.])\s*([*∗＊]{1,4}|[†‡+]|[a-d](?=$))$")
_BRACKETED = re.compile(r"([^()\[\]]+?)\s*[(\[]([^()\[\]]+)[)\]]")
_COMMA = re.compile(r"([<>=≤≥\s]*[+−–-]?\d*),(\d+)(?=\D|$)")
_THOUSANDS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(,\d{3})+(?![\d,])")
_INSIGNIFICANT = frozenset({"ns", "n.s.", "n.s", "n. s.", "not significant"})


# The signs of a Chinese or Japanese keyboard, and marks that take no room on a page.
_WIDE = str.maketrans(
    {wide: chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)}
    | {0x3000: " ", 0x200B: "", 0x2060: "", 0xFEFF: ""}
)
# Beyond these no table prints a number, and arithmetic with it would overflow.
_LARGEST, _LONGEST = 1e30, 60


def half_width(text: str) -> str:
    """Return ``０．４７２`` as ``0.472``."""
    return text.translate(_WIDE)


def is_empty(text: str) -> bool:
    """Whether a cell says that there is no number."""
    return text.strip().casefold() in _EMPTY


def has_point(text: str) -> bool:
    """Whether a number is written with a decimal point."""
    return re.search(r"(?<![\d.])\d*\.\d", text) is not None


def has_decimal_comma(text: str) -> bool:
    """Whether a number is written with a comma that cannot be one of thousands."""
    return _COMMA.search(_THOUSANDS.sub("", text)) is not None


def with_point(text: str) -> str:
    """Return ``0,472`` as ``0.472``."""
    return _COMMA.sub(r"\1.\2", text)


def without_thousands(text: str) -> str:
    """Return ``1,234.5`` as ``1234.5``."""
    return _THOUSANDS.sub(lambda found: found.group().replace(",", ""), text)


def split_stars(text: str) -> tuple[str, str]:
    """Return a number and the stars after it.

    Examples
    --------
    >>> split_stars("0.472***"), split_stars("0.472")
    (('0.472', '***'), ('0.472', ''))
    """
    found = _STARS.fullmatch(text.strip())
    if found is None:
        return text.strip(), ""
    stars = found.group(2).replace("∗", "*").replace("＊", "*")
    return found.group(1), stars if stars.startswith("*") else ""


def split_bracketed(text: str) -> tuple[str, str]:
    """Return a number and the one in brackets after it.

    Examples
    --------
    >>> split_bracketed("0.81 (0.05)"), split_bracketed("(0.05)")
    (('0.81', '0.05'), ('(0.05)', ''))
    """
    found = _BRACKETED.fullmatch(text.strip())
    return (found.group(1), found.group(2)) if found else (text.strip(), "")


def parts_of(cell: str) -> tuple[str, str, str]:
    """Return the number of a cell, the stars after it, and what stands in brackets behind.

    Examples
    --------
    >>> parts_of("0.512*** (0.061)"), parts_of("(.85)")
    (('0.512', '***', '0.061'), ('(.85)', '', ''))
    """
    text, stars = split_stars(cell)
    text, second = split_bracketed(text)
    text, inner = split_stars(text)
    return text, stars or inner, second


def read_number(text: str, place: str) -> Printed:
    """Read a number of a table; ``0,472`` is 0.472.

    Raises
    ------
    DataError
        Where this is no number; the place is named.
    """
    plain = with_point(text) if has_decimal_comma(text) else text
    try:
        read = Printed.read(plain.strip(), place) if len(plain) <= _LONGEST else None
    except OverflowError:
        read = None
    if read is None or abs(read.value) > _LARGEST:
        shown = text if len(text) <= _LONGEST else f"{text[:20]}..."
        raise DataError(f"{place}: {shown!r} is too large for a number of a table.")
    return read


def cell_number(text: str, where: str) -> Printed:
    """Read a number of a cell that ought to hold one.

    Raises
    ------
    DataError
        Where it holds something else; `where` names the cell.
    """
    try:
        return read_number(text, where)
    except DataError as error:
        raise DataError(
            f"{error} Write the number as printed, or leave the cell empty where there is none."
        ) from None


def read_count(text: str, place: str) -> Printed:
    """Read a number that was counted.

    Raises
    ------
    DataError
        Where it is no whole number.
    """
    plain = without_thousands(text.strip()).replace(" ", "")
    if not re.fullmatch(r"\d{1,15}", plain):
        raise DataError(f"{place}: {text!r} is no count. Write a whole number, such as 481.")
    return Printed.count(int(plain), place)


def read_p(text: str, stars: Mapping[str, float], place: str) -> Printed:
    """Read a p-value, stars for one, or ``n.s.``.

    Parameters
    ----------
    text : str
        As printed.
    stars : mapping of str to float
        Which p stars stay below.
    place : str
        Where it stands.

    Raises
    ------
    DataError
        Where it is none of these.

    Examples
    --------
    >>> read_p("***", STARS, "").interval, read_p(".012", STARS, "").interval.text(4)
    (Interval(lower=0.0, upper=0.001), '0.0115 to 0.0125')
    """
    plain = text.strip().replace("∗", "*").replace("＊", "*").replace("\\*", "*")
    if plain.casefold() in _INSIGNIFICANT:
        # What the paper calls significant is at most its widest level.
        return Printed(plain, Interval(min(0.05, max(stars.values(), default=0.05)), 1.0), place)
    if plain and not plain.strip("*"):
        if plain not in stars:
            keys = ", ".join(stars) or "none"
            raise DataError(
                f"{place}: the key of the stars has no {plain}; it has {keys}. Add it to [stars], "
                f'as in "{plain}" = 0.001.'
            )
        return Printed(plain, Interval(0.0, stars[plain]), place)
    number, _ = split_stars(re.sub(r"^[pP]\s*(?=[<>=≤])=?\s*", "", plain))
    return read_number(number.lstrip("="), place)
