"""Hypotheses about single paths, and what a fit says about each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Real
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from clustersem.errors import EstimationError, ModelError, ModelSyntaxError
from clustersem.fit.result import Fit
from clustersem.spec import ModelSpec

Hypotheses = str | pd.DataFrame | Sequence["str | Mapping[str, object] | Hypothesis"]

_EXPECTATIONS = {
    "+": "+",
    "positive": "+",
    "-": "-",
    "negative": "-",
    "!=0": "!=0",
    "≠0": "!=0",
    "?": "!=0",
    "nonzero": "!=0",
}
# What Word and Chinese input methods write in the place of a plain character, one for one, so that
# a place in the plain text is the same place in what the user typed.
_PLAIN = str.maketrans("：﹕，、﹐＋﹢－﹣−–—～∼〜＝＃！？（）　", "::,,,++-----~~~=#!?() ")
_OPERATORS = {"<->": "~~", "↔": "~~", "<-": "~", "←": "~", "=~": "=~", "~~": "~~", "~": "~"}
_FORWARD = ("->", "→")
_OPERATOR = re.compile("<->|<-|->|=~|~~|~|[←→↔]")
_NAME = re.compile(r"[^\W\d][\w.]*|\.[\w.]*")
_HOW = 'write it as "H1: A1 ~ B1, +"'


class Path(NamedTuple):
    """One parameter: ``lhs op rhs``; of a defined parameter op is ``:=`` and rhs is empty."""

    lhs: str
    op: str
    rhs: str

    def __str__(self) -> str:
        return self.lhs if self.op == ":=" else f"{self.lhs} {self.op} {self.rhs}".rstrip()


@dataclass(frozen=True)
class Hypothesis:
    """One hypothesis about one parameter.

    Attributes
    ----------
    id : str
        What the hypothesis is called, as ``"H1"``.
    path : str
        ``"A1 ~ B1"`` (A1 depends on B1), ``"B1 ~~ B4"``, ``"B1 =~ C1"``, or the name of a parameter
        that the model defines with ``:=``. Also arrows, as papers print them: ``"A1 <- B1"``,
        ``"B1 <-> B4"``.
    expect : str
        ``"+"``, ``"-"`` or ``"!=0"`` (also ``"?"``).

    Raises
    ------
    ModelSyntaxError, ModelError
        Where one of the three cannot be read.

    Examples
    --------
    >>> Hypothesis("H1", "A1 <- B1", "+")
    Hypothesis(id='H1', path='A1 ~ B1', expect='+')
    """

    id: str
    path: str
    expect: str

    def __post_init__(self) -> None:
        if not self.id:
            raise ModelError(f"a hypothesis on {self.path} has no id; {_HOW}.")
        expect = _expectation(self.expect)
        if expect is None:
            raise ModelError(
                f"hypothesis {self.id} expects {self.expect!r}; write '+', '-' or '!=0'."
            )
        object.__setattr__(self, "path", str(parse_path(self.path)))
        object.__setattr__(self, "expect", expect)


def parse_path(text: str) -> Path:
    """Read one parameter as a user writes it.

    Parameters
    ----------
    text : str
        ``"C11 ~~ C12"``, ``"A1 ~ B1"``, ``"B1 =~ C1"``, an arrow in place of the operator, or the
        name of a defined parameter.

    Returns
    -------
    Path

    Raises
    ------
    ModelSyntaxError
        Where it cannot be read, with a caret under the place.

    Examples
    --------
    >>> parse_path("A1 ~ B1"), str(parse_path("B1 → A1"))
    (Path(lhs='A1', op='~', rhs='B1'), 'A1 ~ B1')
    """
    return _read_path(text, 0, len(text))


def parse_hypotheses(hypotheses: Hypotheses) -> tuple[Hypothesis, ...]:
    """Read hypotheses in any of the forms that :func:`test_hypotheses` takes.

    Raises
    ------
    ModelSyntaxError
        Where a text cannot be read, with a caret under the place.
    ModelError
        Where a field is missing or two hypotheses have the same id.
    """
    found: dict[str, Hypothesis] = {}
    for hypothesis in _each(hypotheses):
        if hypothesis.id in found:
            raise ModelError(
                f"two hypotheses are called {hypothesis.id}: {found[hypothesis.id].path} and"
                f" {hypothesis.path}; give one of them another id."
            )
        found[hypothesis.id] = hypothesis
    if not found:
        raise ModelError(f"there is no hypothesis to test; {_HOW}.")
    return tuple(found.values())


def test_hypotheses(
    fit: Fit,
    hypotheses: Hypotheses,
    *,
    alpha: float = 0.05,  # noqa: PT028 - not a test of pytest's
    main_path: float = 0.6,  # noqa: PT028
) -> pd.DataFrame:
    """Hold the estimates against what was hypothesised.

    Parameters
    ----------
    fit : Fit
        A converged fit.
    hypotheses : str, sequence or DataFrame
        A text with one hypothesis a line, ``"H1: A1 ~ B1, +"`` (``#`` starts a comment; punctuation
        typed in Chinese or pasted from Word is understood); a sequence of such lines, of
        :class:`Hypothesis` or of mappings with ``id``, ``path`` and ``expect``; or a DataFrame with
        these columns.
    alpha : float
        Level of the two-sided z test, between 0 and 1.
    main_path : float
        A supported path with a standardised value above this in size is a main one.

    Returns
    -------
    DataFrame
        One row a hypothesis, in the order given. ``id path expect``; ``est se z p_value``, raw;
        ``std_all``, standardised; ``ci_lower ci_upper``, the raw interval of level 1 - alpha;
        ``verdict``:

        - ``"supported"``: p < alpha, and the sign is the expected one;
        - ``"contradicted"``: p < alpha, and the sign is the other one;
        - ``"not supported"``: p >= alpha;
        - ``"not tested"``: the estimate has no standard error.

        ``strength``, of supported paths only, is ``"main"`` or ``"auxiliary"``, as Wang et al. read
        them. ``std_ci_lower std_ci_upper`` is the interval of ``std_all`` (delta method; NaN for a
        defined parameter). ``group`` is the group, 0 for a defined parameter.

    Raises
    ------
    ModelSyntaxError
        Where a text cannot be read.
    ModelError
        Where a hypothesis is about a parameter that the model does not have or that is fixed.
    EstimationError
        Where the fit did not converge.

    References
    ----------
    Wang, C., et al. (2022). Cross-border e-commerce trade and industrial clusters: Evidence from
    China. Sustainability, 14(6), 3576. doi:10.3390/su14063576

    Examples
    --------
    >>> import numpy as np, pandas as pd, clustersem as cs
    >>> s = pd.DataFrame([[1.0, 0.5], [0.5, 1.0]], index=["x", "y"], columns=["x", "y"])
    >>> fit = cs.sem("y ~ x", cov=s, n_obs=200)
    >>> test_hypotheses(fit, "H1: y ~ x, -")["verdict"].tolist()
    ['contradicted']
    """
    if not _is_level(alpha):
        raise ModelError(f"alpha = {alpha} is no level of a test; 0.05 is usual.")
    if not fit.converged:
        raise EstimationError(f"no hypothesis can be tested on this fit. {fit.status}")
    estimates = fit.estimates
    # The rows of the standardised solution are those of the estimates, without defined ones.
    std_se = fit.standardized()["se"]
    half = float(ndtri(1.0 - alpha / 2.0))
    rows: list[dict[str, object]] = []
    for hypothesis in parse_hypotheses(hypotheses):
        for found in _rows_of(fit.spec, estimates, hypothesis):
            est, se, p_value = float(found["est"]), float(found["se"]), float(found["p_value"])
            std_all = float(found["std_all"])
            std_half = half * float(std_se.get(found.name, np.nan))
            verdict = _verdict(hypothesis.expect, est, p_value, alpha)
            rows.append(
                {
                    "id": hypothesis.id,
                    "path": hypothesis.path,
                    "expect": hypothesis.expect,
                    "est": est,
                    "se": se,
                    "z": float(found["z"]),
                    "p_value": p_value,
                    "std_all": std_all,
                    "ci_lower": est - half * se,
                    "ci_upper": est + half * se,
                    "verdict": verdict,
                    "strength": _strength(verdict, std_all, main_path),
                    "std_ci_lower": std_all - std_half,
                    "std_ci_upper": std_all + std_half,
                    "group": int(found["group"]),
                }
            )
    return pd.DataFrame(rows)


# pytest must not take the function for a test where a test module imports it.
test_hypotheses.__test__ = False  # type: ignore[attr-defined]


def suggestion(spec: ModelSpec, path: Path) -> str:
    """Say what a user may have meant by a parameter that a model does not have."""
    if path.op == ":=":
        defined = [c.lhs for c in spec.constraints if c.op == ":="]
        near = get_close_matches(path.lhs, defined, n=1)
        if near:
            return f"did you mean {near[0]!r}?"
        listed = f"It defines {', '.join(defined)}." if defined else "It defines none with :=."
        return f"{listed} A path is written as A1 ~ B1 or B1 ~~ B4."
    names = (*spec.latent, *spec.observed)
    for name in (path.lhs, path.rhs):
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(names)}."
            return f"it has no variable {name!r}; {hint}"
    pair = {path.lhs, path.rhs}
    related = [p.name for p in spec.parameters if {p.lhs, p.rhs} == pair and p.group == 1]
    if related:
        return f"it has {' and '.join(related)} instead."
    same = [p.name for p in spec.parameters if p.op == path.op and p.lhs != p.rhs and p.group == 1]
    touching = [name for name in same if pair & set(name.split())]
    near = touching[:4] or get_close_matches(str(path), same, n=3)
    return f"the nearest that it has: {', '.join(near)}." if near else "add it to the model."


def _each(hypotheses: Hypotheses) -> Iterator[Hypothesis]:
    if isinstance(hypotheses, pd.DataFrame):
        for record in hypotheses.to_dict("records"):
            yield _from_mapping({str(field): value for field, value in record.items()})
        return
    if isinstance(hypotheses, (str, Hypothesis)):
        hypotheses = (hypotheses,)
    if isinstance(hypotheses, Mapping) or not isinstance(hypotheses, Iterable):
        raise ModelError(
            f"hypotheses come as a text, a list or a DataFrame, not as {type(hypotheses).__name__};"
            f" {_HOW}."
        )
    for entry in hypotheses:
        if isinstance(entry, Hypothesis):
            yield entry
        elif isinstance(entry, str):
            yield from _from_text(entry)
        elif isinstance(entry, Mapping):
            yield _from_mapping(entry)
        else:
            raise ModelError(f"{entry!r} is no hypothesis; {_HOW}.")


def _from_mapping(entry: Mapping[str, object]) -> Hypothesis:
    missing = [field for field in ("id", "path", "expect") if field not in entry]
    if missing:
        raise ModelError(
            f"the hypothesis {dict(entry)} has no {' and no '.join(missing)}; it needs id, path and"
            " expect ('+', '-' or '!=0')."
        )
    return Hypothesis(*(str(entry[field]).strip() for field in ("id", "path", "expect")))


def _from_text(text: str) -> Iterator[Hypothesis]:
    plain = text.translate(_PLAIN)
    at = 0
    for line in plain.splitlines(keepends=True):
        end = at + len(line.split("#")[0].rstrip())
        if plain[at:end].strip():
            yield _from_line(text, plain, at, end)
        at += len(line)


def _from_line(text: str, plain: str, start: int, end: int) -> Hypothesis:
    colon = plain.find(":", start, end)
    if colon < 0 or not plain[start:colon].strip():
        first = start + len(plain[start:end]) - len(plain[start:end].lstrip())
        raise ModelSyntaxError(f"this hypothesis has no id before a colon; {_HOW}", text, first)
    comma = plain.rfind(",", colon, end)
    if comma < 0:
        raise ModelSyntaxError(
            f"what is expected is missing: end the line with ', +', ', -' or ', !=0'; {_HOW}",
            text,
            end,
        )
    path = _read_path(text, colon + 1, comma)
    expect = plain[comma + 1 : end].strip()
    if _expectation(expect) is None:
        where = comma + 1 + len(plain[comma + 1 : end]) - len(plain[comma + 1 : end].lstrip())
        raise ModelSyntaxError(
            f"{expect!r} is no expectation; write +, - or !=0", text, where, end - where
        )
    return Hypothesis(plain[start:colon].strip(), str(path), expect)


def _read_path(text: str, start: int, end: int) -> Path:
    plain = text.translate(_PLAIN)
    found = _OPERATOR.search(plain, start, end)
    if found is None:
        return Path(_read_name(text, plain, start, end), ":=", "")
    lhs = _read_name(text, plain, start, found.start())
    rhs = _read_name(text, plain, found.end(), end)
    if found.group() in _FORWARD:
        return Path(rhs, "~", lhs)
    return Path(lhs, _OPERATORS[found.group()], rhs)


def _read_name(text: str, plain: str, start: int, end: int) -> str:
    written = plain[start:end]
    name = written.strip()
    where = start + len(written) - len(written.lstrip())
    if not name:
        raise ModelSyntaxError("a variable's name is missing here", text, end)
    valid = _NAME.match(name)
    if valid is None or valid.end() < len(name):
        known = valid.end() if valid else 0
        wrong = where + len(name) - len(name[known:].lstrip())
        raise ModelSyntaxError(
            f"{name!r} is not the name of one variable; write one path, as A1 ~ B1, B1 ~~ B4 or"
            " B1 =~ C1",
            text,
            wrong,
        )
    return name


def _expectation(text: str) -> str | None:
    return _EXPECTATIONS.get(text.translate(_PLAIN).replace(" ", "").lower())


def _rows_of(
    spec: ModelSpec, estimates: pd.DataFrame, hypothesis: Hypothesis
) -> Iterator[pd.Series]:
    path = parse_path(hypothesis.path)
    same = estimates["op"] == path.op
    if path.op == ":=":
        chosen = same & (estimates["lhs"] == path.lhs)
    else:
        chosen = same & (estimates["lhs"] == path.lhs) & (estimates["rhs"] == path.rhs)
        if path.op == "~~":
            chosen |= same & (estimates["lhs"] == path.rhs) & (estimates["rhs"] == path.lhs)
    if not chosen.any():
        raise ModelError(
            f"hypothesis {hypothesis.id} is about {path}, which is not in the model:"
            f" {suggestion(spec, path)}"
        )
    for _, row in estimates[chosen].iterrows():
        group = int(row["group"])
        parameter = None if path.op == ":=" else spec.find(*path, group=group)
        if parameter is not None and not parameter.free:
            what = (
                "taken from the sample as a covariate's moment (fixed_x=False estimates it)"
                if parameter.from_sample
                else f"fixed at {row['est']:g}"
            )
            raise ModelError(
                f"hypothesis {hypothesis.id} is about {path}, which is not estimated but {what}:"
                " free it in the model, or leave the hypothesis out."
            )
        yield row


def _verdict(expect: str, est: float, p_value: float, alpha: float) -> str:
    if np.isnan(p_value):
        return "not tested"
    if p_value >= alpha:
        return "not supported"
    if expect == "!=0" or (est > 0) == (expect == "+"):
        return "supported"
    return "contradicted"


def _strength(verdict: str, std_all: float, main_path: float) -> str:
    if verdict != "supported":
        return ""
    return "main" if abs(std_all) > main_path else "auxiliary"


def _is_level(alpha: object) -> bool:
    return isinstance(alpha, Real) and 0.0 < float(alpha) < 1.0
