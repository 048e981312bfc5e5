"""The model that constructs and hypotheses imply."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from clustersem.errors import CodebookError
from clustersem.fit.hypotheses import Hypothesis, Path, parse_path
from clustersem.spec.syntax import is_name
from clustersem.survey.names import did_you_mean, listed


def model_of(
    constructs: Mapping[str, Sequence[str]],
    hypotheses: Sequence[Hypothesis],
    markers: Mapping[str, str],
) -> str:
    """Return model syntax: a factor for each construct, and what the hypotheses relate.

    Parameters
    ----------
    constructs : mapping
        Construct to its items.
    hypotheses : sequence of Hypothesis
        Paths (``~``) and covariances (``~~``) among constructs, or loadings (``=~``).
    markers : mapping
        Construct to the item whose loading is fixed at one; the others begin with their first.

    Raises
    ------
    CodebookError
        Where a marker is not an item of its construct, a hypothesis names something else, or a
        name is none that a model can hold.

    Examples
    --------
    >>> print(model_of({"F": ["a", "b"], "G": ["c", "d"]},
    ...                [Hypothesis("H1", "G ~ F", "+")], {"F": "b"}))
    F =~ b + a
    G =~ c + d
    G ~ F
    """
    for name, marker in markers.items():
        if name not in constructs:
            raise CodebookError(
                f"[model] markers: there is no construct {name!r}{did_you_mean(name, constructs)}"
            )
        if marker not in constructs[name]:
            raise CodebookError(
                f"[model] markers: {marker!r} is not among the items of {name},"
                f" {', '.join(constructs[name])}. It may have been deleted by purification; choose"
                " another."
            )
    _check_names([*constructs, *(item for items in constructs.values() for item in items)])
    lines = []
    for name, items in constructs.items():
        first = markers.get(name, items[0])
        lines.append(f"{name} =~ " + " + ".join([first, *(i for i in items if i != first)]))
    causes: dict[str, list[str]] = {}
    covariances: dict[frozenset[str], str] = {}
    for hypothesis in hypotheses:
        path = _checked_path(hypothesis, constructs)
        if path.op == "~" and path.rhs not in causes.setdefault(path.lhs, []):
            causes[path.lhs].append(path.rhs)
        elif path.op == "~~":
            covariances.setdefault(frozenset((path.lhs, path.rhs)), str(path))
    lines += [f"{effect} ~ " + " + ".join(found) for effect, found in causes.items()]
    return "\n".join([*lines, *covariances.values()])


def _check_names(names: Iterable[str]) -> None:
    wrong = [name for name in names if not is_name(name)]
    if wrong:
        plain = re.sub(r"[^\w.]+", "_", wrong[0]).strip("_")
        safe = plain if is_name(plain) else f"q{plain}"
        raise CodebookError(
            f"a model cannot hold the name {listed(map(repr, wrong))}: names consist of letters,"
            " digits, '.' and '_', begin with no digit, and are no word of R such as NA. Rename it,"
            f" to {safe!r} for example, in the data and in the study."
        )


def _checked_path(hypothesis: Hypothesis, constructs: Mapping[str, Sequence[str]]) -> Path:
    path = parse_path(hypothesis.path)
    where = f"hypothesis {hypothesis.id}"
    if path.op == ":=":
        raise CodebookError(
            f"{where}: {hypothesis.path!r} is no path among constructs, such as A1 ~ B1; a defined"
            " parameter needs model syntax under [model]."
        )
    loading = path.op == "=~"
    for side in (path.lhs,) if loading else (path.lhs, path.rhs):
        if side not in constructs:
            hint = did_you_mean(side, constructs) or f"; there are {listed(constructs, limit=20)}."
            raise CodebookError(f"{where}: {side!r} is not a construct{hint}")
    if loading and path.rhs not in constructs[path.lhs]:
        raise CodebookError(
            f"{where}: {path.rhs!r} is not among the items of {path.lhs},"
            f" {', '.join(constructs[path.lhs])}. It may have been deleted by purification."
        )
    if path.lhs == path.rhs:
        raise CodebookError(f"{where} relates {path.lhs} to itself; name two constructs.")
    return path
