"""Text in whatever encoding the survey tool, or the editor, wrote."""

from __future__ import annotations

import codecs
from pathlib import Path

from clustersem.errors import DataError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def text_of_file(path: Path) -> str:
    """Return a file of text: a model, a study file or a codebook, in whatever encoding it is.

    Raises
    ------
    DataError
        If it is not text. What the operating system says of a file it cannot open is left to the
        caller.
    """
    where = f"file {path.name}"
    content = path.read_bytes()
    remedy = "Save it as UTF-8."
    found = detect_encoding(content, where, remedy)
    if found == "cp1252":
        # That is a guess which nobody would see, and a wrong one garbles names and labels.
        raise DataError(f"{where} is neither UTF-8 nor UTF-16 nor GB 18030. {remedy}")
    return decode(content, found, where).replace("\r\n", "\n")


def detect_encoding(content: bytes, where: str, remedy: str) -> str:
    """Find the encoding of a file: byte order marks, UTF-16, UTF-8, GB18030, then Windows-1252.

    Parameters
    ----------
    content : bytes
        The whole file.
    where : str
        How messages call it.
    remedy : str
        What to do where no encoding fits.

    Raises
    ------
    DataError
        If it is not text, or in none of these encodings.
    """
    for mark, name in _BOMS:
        if content.startswith(mark):
            return name
    if b"\x00" in content:
        # Digits, delimiters and line ends have a zero byte on the same side of every UTF-16 unit.
        zeros_first = content[0::2].count(0) / max(1, len(content) // 2)
        zeros_second = content[1::2].count(0) / max(1, len(content) // 2)
        if zeros_second > 0.3 and zeros_first < 0.05:
            return "utf-16-le"
        if zeros_first > 0.3 and zeros_second < 0.05:
            return "utf-16-be"
        raise DataError(f"{where} is not a text file. {remedy}")
    if _decodes(content, "utf-8"):
        return "utf-8"
    if _decodes(content, "gb18030"):
        foreign = [c for c in content.decode("gb18030") if ord(c) > 127]
        if 2 * sum(map(_is_common_chinese, foreign)) >= len(foreign):
            return "gb18030"
    if _decodes(content, "cp1252"):
        return "cp1252"
    raise DataError(f"{where}: the encoding was not recognised. {remedy}")


def decode(content: bytes, encoding: str, where: str) -> str:
    """Return the text without its byte order mark.

    Raises
    ------
    DataError
        If there is no such encoding, or the file is in another one; the line is named.
    """
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except LookupError:
        raise DataError(
            f"{where}: there is no encoding called {encoding!r}. "
            "Examples are 'utf-8', 'gb18030', 'utf-16', 'big5', 'shift_jis', 'cp1252'."
        ) from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{where}, line {line}: byte {content[error.start]:#04x} is not {encoding}. "
            "Leave encoding= out to have it found, or save the file as CSV (UTF-8)."
        ) from None


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_common_chinese(character: str) -> bool:
    # Western text, too, decodes as GB 18030, but then as rare characters: its accented small
    # letters are lead bytes above the 3755 common characters of GB 2312, and mostly stand before
    # an ASCII letter, which GB 2312 does not use.
    code = character.encode("gb18030")
    return len(code) == 2 and code[0] <= 0xD7 and code[1] >= 0x80
