"""Model text into tokens that know where they stood, so that an error can point at them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

from clustersem.errors import ModelSyntaxError

TokenKind = Literal["name", "number", "string", "operator", "symbol", "newline"]

#: Operators that relate the two sides of a formula or constraint.
OPERATORS = frozenset({"=~", "<~", "~", "~~", "~*~", "|", ":=", "==", "<", ">"})

_RELATION_CHARACTERS = frozenset("=~<>:|")
_SYMBOLS = frozenset("+-*/^(),;?")

# What word processors, PDF files and Chinese input methods put in the place of a plain character.
_LOOKALIKES = {
    **dict.fromkeys("“”„‟«»＂″", '"'),
    **dict.fromkeys("‘’‚‛′＇", "'"),
    **dict.fromkeys("‐‑‒–—―−－﹣", "-"),
    **dict.fromkeys("～∼˜〜∽", "~"),
    **dict.fromkeys("＝﹦", "="),
    **dict.fromkeys("＋﹢", "+"),
    **dict.fromkeys("＊×∗✕·•﹡", "*"),
    **dict.fromkeys("／÷∕", "/"),
    **dict.fromkeys("（﹙", "("),
    **dict.fromkeys("）﹚", ")"),
    **dict.fromkeys("，、﹐", ","),
    **dict.fromkeys("；﹔", ";"),
    **dict.fromkeys("：﹕", ":"),
    **dict.fromkeys("＜﹤‹", "<"),
    **dict.fromkeys("＞﹥›", ">"),
    **dict.fromkeys("｜￨", "|"),
    **dict.fromkeys("＾", "^"),
    **dict.fromkeys("＃﹟", "#"),
    **dict.fromkeys("！﹗", "!"),
    "≈": "~~",
    "≅": "=~",
    "≃": "=~",
    "≤": "<",
    "≥": ">",
    "→": "~",
    "←": "~",
    "↔": "~~",
    "＿": "_",
    "．": ".",
    "。": ".",
}

_WRONG_OPERATORS = {
    "=": "write =~ for indicators, ~ for a regression, ~~ for a covariance or == for a constraint",
    "~=": "the operator for indicators is written the other way round: =~",
    "~<": "the operator for a composite is written the other way round: <~",
    "=:": "a new parameter is defined with :=",
    "<=": "write <; the bound itself is always allowed",
    ">=": "write >; the bound itself is always allowed",
    "=<": "write <; the bound itself is always allowed",
    "=>": "write > for a constraint, or ~ for a regression with the dependent variable on the left",
    "===": "write == for an equality constraint",
    "~~~": "write ~~ for a covariance",
    "==~": "write =~ for indicators",
    "=~~": "write =~ for indicators or ~~ for a covariance",
    "~>": "write ~ with the dependent variable on the left",
    "<>": "write ~~ for a covariance",
    "||": "write | for thresholds",
    "::": "interaction terms are not supported",
}

_INVISIBLE = frozenset("\ufeff\u200b\u200c\u200d\u2060")


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the model text.

    Attributes
    ----------
    kind : str
        ``name``, ``number``, ``string``, ``operator``, ``symbol`` or ``newline``.
    text : str
        The characters; of a string, what stands between its quotes.
    position : int
        Offset of the first character in the source.
    length : int
        How many characters of the source the token covers.
    """

    kind: TokenKind
    text: str
    position: int
    length: int

    @property
    def end(self) -> int:
        """Offset of the first character after the token."""
        return self.position + self.length


def tokenize(source: str) -> list[Token]:
    """Split a model text into tokens; comments and blanks are dropped, line ends are kept.

    Parameters
    ----------
    source : str
        Model text.

    Returns
    -------
    list of Token

    Raises
    ------
    ModelSyntaxError
        For a character or an operator that the language does not have.

    Examples
    --------
    >>> [token.text for token in tokenize("f =~ x1 + 0.5*x2  # two items")]
    ['f', '=~', 'x1', '+', '0.5', '*', 'x2']
    """
    tokens: list[Token] = []
    at = 0
    while at < len(source):
        character = source[at]
        if character in "\n\r":
            tokens.append(Token("newline", "\n", at, 1))
            at += 1
        elif character.isspace() or character in _INVISIBLE:
            at += 1
        elif character in "#!":
            at = _end_of_line(source, at)
        else:
            token = _read(source, at)
            tokens.append(token)
            at = token.end
    return tokens


def _read(source: str, at: int) -> Token:
    character = source[at]
    if character in "\"'":
        return _read_string(source, at)
    if character in _LOOKALIKES:
        raise _lookalike(source, at)
    if character.isdigit() or (character == "." and source[at + 1 : at + 2].isdigit()):
        return _read_number(source, at)
    if _starts_name(character):
        end = at + 1
        while end < len(source) and _continues_name(source[end]):
            end += 1
        return Token("name", source[at:end], at, end - at)
    if character in _RELATION_CHARACTERS:
        return _read_relation(source, at)
    if source.startswith("->", at):
        raise ModelSyntaxError(
            "there are no arrows; a regression is written with the dependent variable on the "
            "left: y ~ x",
            source,
            at,
            2,
        )
    if character in _SYMBOLS:
        return Token("symbol", character, at, 1)
    raise _unknown_character(source, at)


def _end_of_line(source: str, at: int) -> int:
    while at < len(source) and source[at] not in "\n\r":
        at += 1
    return at


def _starts_name(character: str) -> bool:
    return character.isalpha() or character in "._"


def _continues_name(character: str) -> bool:
    # Marks (category M) are the accents of decomposed letters and the vowel signs of Indic scripts.
    return (
        character.isalnum()
        or character in "._"
        or (ord(character) > 127 and unicodedata.category(character).startswith("M"))
    )


def _read_string(source: str, at: int) -> Token:
    quote = source[at]
    end = source.find(quote, at + 1)
    if end < 0 or "\n" in source[at:end]:
        raise ModelSyntaxError(
            f"this quotation mark is never closed; put {quote} at the end of the text",
            source,
            at,
        )
    return Token("string", source[at + 1 : end], at, end + 1 - at)


def _read_number(source: str, at: int) -> Token:
    end = at
    while end < len(source) and (source[end].isdigit() or source[end] == "."):
        end += 1
    if source[end : end + 1] in ("e", "E"):
        exponent = end + 1
        if source[exponent : exponent + 1] in ("+", "-"):
            exponent += 1
        if source[exponent : exponent + 1].isdigit():
            end = exponent
            while end < len(source) and source[end].isdigit():
                end += 1
    word = end
    while word < len(source) and _continues_name(source[word]):
        word += 1
    if word > end:
        raise ModelSyntaxError(
            f"a name cannot start with a digit; rename {source[at:word]!r} (for example "
            f"'v{source[at:word]}') in the data and here",
            source,
            at,
            word - at,
        )
    text = source[at:end]
    try:
        float(text)
    except ValueError:
        raise ModelSyntaxError(f"{text!r} is not a number", source, at, end - at) from None
    return Token("number", text, at, end - at)


def _read_relation(source: str, at: int) -> Token:
    if source.startswith("~*~", at):
        return Token("operator", "~*~", at, 3)
    end = at
    while end < len(source) and source[end] in _RELATION_CHARACTERS:
        end += 1
    text = source[at:end]
    if text == ":":
        return Token("symbol", ":", at, 1)
    if text not in OPERATORS:
        if source[end : end + 1] in _LOOKALIKES:
            raise _lookalike(source, at)
        remedy = _WRONG_OPERATORS.get(text, "the operators are =~ <~ ~ ~~ ~*~ | := == < >")
        raise ModelSyntaxError(f"{text!r} is not an operator: {remedy}", source, at, end - at)
    return Token("operator", text, at, end - at)


def _lookalike(source: str, at: int) -> ModelSyntaxError:
    end = at + 1
    while end < len(source) and (source[end] in _RELATION_CHARACTERS or source[end] in _LOOKALIKES):
        end += 1
    plain = "".join(_LOOKALIKES.get(character, character) for character in source[at:end])
    names = " ".join(
        f"({unicodedata.name(character, 'unnamed character').lower()})"
        for character in source[at:end]
        if character in _LOOKALIKES
    )
    return ModelSyntaxError(
        f"{source[at:end]!r} {names} is not plain text, as happens with text from a word processor "
        f"or an input method; type {plain}",
        source,
        at,
        end - at,
    )


def _unknown_character(source: str, at: int) -> ModelSyntaxError:
    character = source[at]
    remedies = {
        "@": "to fix a parameter at a value write the value before the name: 1*x",
        "[": "a mean or an intercept is written x ~ 1",
        "]": "a mean or an intercept is written x ~ 1",
        "{": "parameters of several groups are written c(a, b)*x",
        "}": "parameters of several groups are written c(a, b)*x",
        "`": "names are written without quotes",
        "%": "there is no such operator",
        "&": "terms are joined by +",
        "$": "a threshold is written y | t1",
        "\\": "a formula may simply go on in the next line after a +",
    }
    remedy = remedies.get(
        character, "names consist of letters, digits, '.' and '_'; rename the variable in the data"
    )
    return ModelSyntaxError(f"{character!r} has no meaning here: {remedy}", source, at)
