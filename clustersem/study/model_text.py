"""The model that constructs and hypotheses imply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clustersem.errors import CodebookError
from clustersem.fit.hypotheses import Hypothesis, parse_path
from clustersem.survey.names import did_you_mean


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
        Paths (``~``) and covariances (``~~``) among constructs.
    markers : mapping
        Construct to the item whose loading is fixed at one; the others begin with their first.

    Raises
    ------
    CodebookError
        Where a marker is not an item of its construct, or a hypothesis names something else.

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
    lines = []
    for name, items in constructs.items():
        first = markers.get(name, items[0])
        lines.append(f"{name} =~ " + " + ".join([first, *(i for i in items if i != first)]))
    causes: dict[str, list[str]] = {}
    covariances = []
    for hypothesis in hypotheses:
        path = parse_path(hypothesis.path)
        for side in (path.lhs, path.rhs):
            if side and side not in constructs:
                raise CodebookError(
                    f"hypothesis {hypothesis.id}: {side!r} is not a construct"
                    f"{did_you_mean(side, constructs)}"
                )
        if path.op == "~":
            causes.setdefault(path.lhs, []).append(path.rhs)
        elif path.op == "~~":
            covariances.append(str(path))
    lines += [f"{effect} ~ " + " + ".join(found) for effect, found in causes.items()]
    return "\n".join(lines + covariances)
