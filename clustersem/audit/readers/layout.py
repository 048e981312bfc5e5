"""The layout of an audit file: a mapping of sections, each of which may be missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from clustersem.audit.printed import Printed
from clustersem.audit.published import (
    PrintedClaim,
    PrintedCorrelation,
    PrintedShare,
    VarianceExplained,
)
from clustersem.audit.readers import layout_models, layout_rows
from clustersem.audit.readers.draft import Draft
from clustersem.audit.readers.node import Node
from clustersem.audit.readers.numbers import STARS

#: Sections with one number a construct: the field of the construct, and what it is called.
OF_CONSTRUCTS = {
    "alpha": "alpha",
    "composite_reliability": "composite_reliability",
    "ave": "ave",
    "sqrt_ave": "sqrt_ave",
    "r_squared": "r_squared",
    "msv": "msv",
    "asv": "asv",
    "means": "mean",
    "sds": "sd",
}
_ABOUT = (
    "correlations",
    "standardised",
    "loadings",
    "alpha",
    "ave",
    "composite_reliability",
    "kmo",
    "p",
    "discriminant",
)
_BOUND = re.compile(
    r"(exceed\w*|above|greater than|larger than|higher than|over|at least|more than|below|under|"
    r"less than|smaller than|lower than|at most)\s+(?:the\s+)?(?:value\s+of\s+)?(\d*\.\d+|\d+)"
)


def read_layout(document: Mapping[str, Any], draft: Draft, *, text: str | None = None) -> Draft:
    """Add the sections of a mapping, as TOML delivers it, to a draft.

    Parameters
    ----------
    document : mapping
        The sections.
    draft : Draft
        What is added to.
    text : str or None
        The text of the file; with it messages name the line.

    Raises
    ------
    DataError
        Where a key is unknown or a value is not what its place asks for.
    """
    root = Node(document, source=draft.source, text=text)
    sections = root.table((*_SECTIONS, *_HEAD))
    if "title" in sections:
        draft.title = sections["title"].words()
    places = (
        {key: node.words() for key, node in sections["places"].table().items()}
        if "places" in sections
        else {}
    )
    # What names constructs goes before what is said of them; rows keep the order of the paper.
    first = [key for key in _SECTIONS if key in sections and key not in _ROWS]
    for key in (*first, *(key for key in sections if key in _ROWS)):
        _SECTIONS[key](sections[key], draft, places)
    return draft


Places = Mapping[str, str]


def _sample(section: Node, draft: Draft, places: Places) -> None:
    known = (
        "n", "valid", "distributed", "returned", "pilot", "scale", "counts",
        "valid_rate_percent", "return_rate_percent", "complete",
    )  # fmt: skip
    entries = section.table(known)
    at = places.get("sample", "sample")
    # Valid answers that are incomplete may have been left out of what was analysed, so two numbers
    # are no contradiction; where only the valid ones are told, they are what was analysed.
    valid = entries["valid"].count(f"{at}, valid") if "valid" in entries else None
    draft.n = entries["n"].count(f"{at}, n") if "n" in entries else valid
    if draft.n is not None:
        draft.counts.append(draft.n)
    if "distributed" in entries:
        draft.distributed = entries["distributed"].count(f"{at}, distributed")
    if "returned" in entries:
        draft.returned = entries["returned"].count(f"{at}, returned")
    if "pilot" in entries:
        entries["pilot"].count("")
    if "counts" in entries:
        for place, node in entries["counts"].table(shape='a table, "abstract" = 481').items():
            draft.counts.append(node.count(place))
    if "complete" in entries:
        draft.complete = entries["complete"].flag()
    if "scale" in entries:
        ends = [row.whole() for row in entries["scale"].rows(shape="two numbers, [1, 5]")]
        if len(ends) != 2 or ends[0] >= ends[1]:
            entries["scale"].fail("write the lowest and the highest answer, as in [1, 5].")
        draft.scale = (ends[0], ends[1])
    for key, label, count in (
        ("valid_rate_percent", "valid questionnaires", valid or draft.n),
        ("return_rate_percent", "returned questionnaires", draft.returned),
    ):
        if key in entries:
            percent = entries[key].number(f"{at}, {key}")
            draft.shares.append(
                PrintedShare(label, f"{at}, {key}", percent, count, draft.distributed)
            )


def _stars(section: Node, draft: Draft, places: Places) -> None:
    entries = section.table()
    levels = dict(STARS)
    for key, node in entries.items():
        if not key or key.strip("*"):
            node.fail(f'a key of this section is stars, as in "**" = 0.01, not {key!r}.')
        levels[key] = abs(node.number("").value)
    draft.stars = levels


def _constructs(section: Node, draft: Draft, places: Places) -> None:
    for name, node in section.table().items():
        fields = draft.constructs.setdefault(name, {})
        fields.setdefault("place", places.get("constructs", f"constructs, {name}"))
        if isinstance(node.value, (list, tuple)):
            fields["items"] = _once(node)
            continue
        shape = 'a list of items, or { label = "...", items = [...] }'
        entries = node.table(("label", "subsystem", "items", "place"), shape=shape)
        for key in ("label", "subsystem", "place"):
            if key in entries:
                fields[key] = entries[key].words()
        if "items" in entries:
            fields["items"] = _once(entries["items"])


def _once(node: Node) -> tuple[str, ...]:
    """Return the items of a construct; one that is listed twice would count twice."""
    names = node.names()
    for k, name in enumerate(names):
        if name in names[:k]:
            node.fail(f"the item {name!r} is listed twice.")
    return names


def _items(section: Node, draft: Draft, places: Places) -> None:
    at = places.get("items", "items")
    for name, node in section.table().items():
        fields = draft.items.setdefault(name, {"place": f"{at}, {name}"})
        if isinstance(node.value, str):
            continue
        shape = 'its text, or { text = "...", mean = 3.21, sd = 0.98 }'
        entries = node.table(("text", "place", "mean", "sd", "n", "loading"), shape=shape)
        if "place" in entries:
            fields["place"] = entries["place"].words()
        for key in ("mean", "sd", "loading"):
            if key in entries:
                fields[key] = entries[key].number(fields["place"])
        if "n" in entries:
            fields["n"] = entries["n"].count(fields["place"])


def _efa(section: Node, draft: Draft, places: Places) -> None:
    known = (
        "kmo", "kmo_greater_than", "bartlett_p", "loading_cutoff", "deleted", "loadings",
        "cumulative_variance_percent", "n_components", "method", "alpha_greater_than",
    )  # fmt: skip
    entries = section.table(known)
    at = places.get("efa", "factor analysis")
    if "deleted" in entries:
        draft.deleted = (*draft.deleted, *entries["deleted"].names())
    for key in ("kmo", "bartlett_p", "loading_cutoff"):
        if key in entries:
            entries[key].number("")
    for key, about in (("kmo_greater_than", "kmo"), ("alpha_greater_than", "alpha")):
        if key in entries:
            bound = entries[key].number(at)
            words = f"{about if about != 'kmo' else 'KMO'} greater than {bound.text}"
            draft.claims.append(PrintedClaim(about, at, lower=bound, words=words))
    if "cumulative_variance_percent" in entries:
        _variance(entries, draft, at)
    if "loadings" in entries:
        place = places.get("efa.loadings", at)
        for name, node in entries["loadings"].table().items():
            named = node.table() if isinstance(node.value, Mapping) else {name: node}
            for item, value in named.items():
                fields = draft.items.setdefault(item, {"place": f"{place}, {item}"})
                fields["loading"] = value.number(f"{place}, {item}")


def _variance(efa: Mapping[str, Node], draft: Draft, at: str) -> None:
    section, number = efa["cumulative_variance_percent"], efa.get("n_components")
    method: Any = efa["method"].words() if "method" in efa else "components"
    if method not in ("components", "factors"):
        efa["method"].fail(f'write "components" or "factors", not {method!r}.')
    by_subsystem = isinstance(section.value, Mapping)
    entries = section.table() if by_subsystem else {"": section}
    for name, node in entries.items():
        members = [c for c in draft.constructs.values() if not name or c.get("subsystem") == name]
        if name and not members:
            node.fail(f"no construct has the subsystem {name!r}; see [constructs].")
        components = len(members)
        if number is not None:
            own = number.table().get(name) if isinstance(number.value, Mapping) else number
            components = own.whole() if own is not None else components
        draft.variance.append(VarianceExplained(name, at, node.number(at), components, method))


def _of_constructs(key: str) -> Callable[[Node, Draft, Places], None]:
    field = OF_CONSTRUCTS[key]

    def read(section: Node, draft: Draft, places: Places) -> None:
        at = places.get(key, key.replace("_", " "))
        for name, node in section.table().items():
            place = f"{at}, {name}"
            items = {
                *draft.items,
                *(i for c in draft.constructs.values() for i in c.get("items", ())),
            }
            if field in ("mean", "sd") and name in items and name not in draft.constructs:
                draft.items.setdefault(name, {"place": place})[field] = node.number(place)
                continue
            _check_construct(name, node, draft)
            fields = draft.constructs.setdefault(name, {"place": place})
            fields[field] = node.number(place)

    return read


def _check_construct(name: str, node: Node, draft: Draft) -> None:
    declared = [key for key, fields in draft.constructs.items() if "items" in fields]
    if declared and name not in draft.constructs:
        layout_rows.unknown_name(name, node, draft)


def _correlations(section: Node, draft: Draft, places: Places) -> None:
    tables = list(section.rows()) if isinstance(section.value, (list, tuple)) else [section]
    for k, table in enumerate(tables):
        default = places.get("correlations", "correlations" + (f" {k + 1}" if k else ""))
        kinds = ("latent", "scores", "items")
        known = ("place", "kind", "names", "rows", "pairs")
        # [correlations] B1 = { B2 = 0.5 } reads well for a few.
        laid_out = isinstance(table.value, Mapping) and {"names", "pairs", "rows"} & {*table.value}
        entries = table.table(known if laid_out else None)
        at = entries["place"].words() if "place" in entries else default
        kind: Any = entries["kind"].words() if "kind" in entries else "latent"
        if kind not in kinds:
            entries["kind"].fail(f"write one of {', '.join(kinds)}, not {kind!r}.")

        def add(first: str, second: str, node: Node, at: str = at, kind: Any = kind) -> None:  # noqa: ANN401
            place = f"{at}, {first} with {second}"
            value = node.number(place)
            draft.correlations.append(PrintedCorrelation(first, second, place, value, kind, at))

        for key, node in entries.items():
            if key in ("place", "kind", "names"):
                continue
            if key == "pairs":
                for row in node.rows():
                    cells = list(row.rows(shape='["B1", "B2", 0.556]'))
                    if len(cells) != 3:
                        row.fail('write two names and a number, as in ["B1", "B2", 0.556].')
                    add(cells[0].words(), cells[1].words(), cells[2])
            elif key == "rows":
                names = entries["names"].names() if "names" in entries else ()
                _matrix(node, names, draft, at, add)
            else:
                for second, value in node.table(shape="a table, { B2 = 0.556 }").items():
                    add(key, second, value)


def _matrix(
    section: Node,
    names: tuple[str, ...],
    draft: Draft,
    at: str,
    add: Callable[[str, str, Node], None],
) -> None:
    if not names:
        section.fail('a matrix needs names = ["B1", "B2", ...] beside its rows.')
    if len({*names}) < len(names):
        section.fail("names has a name twice.")
    rows = [(row, list(row.rows(shape="a list of numbers"))) for row in section.rows()]
    lengths = [len(cells) for _, cells in rows]
    # Above the diagonal the rows get shorter, and begin with it.
    above = len(names) > 1 and lengths == [len(names) - i for i in range(len(names))]
    for i, (row, cells) in enumerate(rows):
        if len(rows) != len(names):
            section.fail(
                f"there are {len(names)} names, but {len(rows)} rows; write a row for every name,"
                " [] for one without numbers."
            )
        if len(cells) > len(names):
            row.fail(
                f"there are {len(names)} names, but this row has {len(cells)} numbers. A number "
                "with a decimal comma makes two; write a point, or the number in quotes."
            )
        if not above and len(cells) not in (i, i + 1, len(names)):
            row.fail(
                f"this is row {i + 1} of a matrix, so it needs {i + 1} numbers, the last of them "
                f"on the diagonal, or {i} without it, or {len(names)}; it has {len(cells)}."
            )
        for j, cell in enumerate(cells, i if above else 0):
            if cell.blank:
                continue
            if i == j:
                value = cell.number(f"{at}, {names[i]} (diagonal)")
                # Below one it can be no correlation: Fornell and Larcker's root of the AVE.
                if value.interval.upper < 1.0 and names[i] in draft.constructs:
                    draft.constructs[names[i]].setdefault("sqrt_ave", value)
            else:
                add(names[i], names[j], cell)


def _offending(section: Node, draft: Draft, places: Places) -> None:
    entries = section.table(("correlation_range", "statement"))
    at = places.get("offending_estimates", "text on offending estimates")
    if "correlation_range" in entries:
        ends = list(entries["correlation_range"].rows(shape="two numbers, [-0.482, 0.693]"))
        if len(ends) != 2:
            entries["correlation_range"].fail("write two numbers, as in [-0.482, 0.693].")
        low, high = (end.number(at) for end in ends)
        words = f"correlations between {low.text} and {high.text}"
        draft.claims.append(PrintedClaim("correlations", at, low, high, words))
    if "statement" in entries:
        draft.claims.append(_statement(entries["statement"], at))


def _statement(node: Node, place: str) -> PrintedClaim:
    words = node.words()
    found = _BOUND.search(words)
    if found is None:
        return PrintedClaim("standardised", place, words=words)
    bound = Printed.read(found.group(2), place)
    below = re.match(r"below|under|less|smaller|lower|at most", found.group(1)) is not None
    lower, upper = (None, bound) if below else (bound, None)
    return PrintedClaim("standardised", place, lower, upper, words)


def _shares(section: Node, draft: Draft, places: Places) -> None:
    for k, row in enumerate(section.rows()):
        entries = row.table(("label", "place", "percent", "count", "of", "group"))
        if "percent" not in entries:
            row.fail('this row needs a percentage, as in percent = "38.1".')
        label = entries["label"].words() if "label" in entries else f"row {k + 1}"
        at = entries["place"].words() if "place" in entries else places.get("shares", "shares")
        place = f"{at}, {label}"
        count, of = (
            entries[key].count(place) if key in entries else None for key in ("count", "of")
        )
        percent = entries["percent"].number(place)
        group = entries["group"].words() if "group" in entries else ""
        draft.shares.append(PrintedShare(label, place, percent, count, of or draft.n, group))


def _claims(section: Node, draft: Draft, places: Places) -> None:
    for row in section.rows():
        entries = row.table(("about", "place", "lower", "upper", "words"))
        about = entries["about"].words() if "about" in entries else ""
        if about not in _ABOUT:
            row.fail(f"about = {about!r} is none of {', '.join(_ABOUT)}.")
        at = entries["place"].words() if "place" in entries else places.get("claims", "text")
        lower, upper = (
            entries[key].number(at) if key in entries else None for key in ("lower", "upper")
        )
        words = entries["words"].words() if "words" in entries else ""
        draft.claims.append(PrintedClaim(about, at, lower, upper, words))


_SECTIONS: dict[str, Callable[[Node, Draft, Places], None]] = {
    "stars": _stars,
    "constructs": _constructs,
    "items": _items,
    "sample": _sample,
    "shares": _shares,
    "efa": _efa,
    **{key: _of_constructs(key) for key in OF_CONSTRUCTS},
    "model": layout_models.read_model,
    "modifications": layout_models.read_modifications,
    "fit": layout_models.read_fits,
    "every": layout_rows.read_every,
    "loadings": layout_rows.read_loadings,
    "paths": layout_rows.read_paths,
    "effects": layout_rows.read_effects,
    "correlations": _correlations,
    "offending_estimates": _offending,
    "claims": _claims,
}
_ROWS = ("loadings", "paths", "effects", "correlations", "offending_estimates", "claims")
_HEAD = ("title", "places", "tables")
