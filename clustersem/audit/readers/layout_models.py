"""The sections of an audit file on fitted models: fit, modifications, model."""

from __future__ import annotations

import re
from collections.abc import Mapping

from clustersem.audit.readers.draft import Draft, ModelDraft
from clustersem.audit.readers.indices import INDICES, index_label, index_name, nearest_index
from clustersem.audit.readers.names import is_path, read_path
from clustersem.audit.readers.node import Node
from clustersem.audit.readers.numbers import STARS, read_p
from clustersem.survey.names import did_you_mean, listed

#: Estimators whose chi2 is not the plain statistic.
SCALED = re.compile(r"(?i)(mlr|mlm\w*|wlsmv?|wlsm|ulsmv?|dwls|yuan|satorra|robust|scaled)")
#: How answers are used that are not complete.
INCOMPLETE = re.compile(r"(?i)\bfiml\b|full[- ]information|\bdirect ml\b|missing")
_OPTIONS = (
    "place",
    "estimator",
    "n",
    "n_groups",
    "scaled",
    "reached_standard",
    "model",
    "nested_in",
    "freed",
)


def read_model(section: Node, draft: Draft, places: Mapping[str, str]) -> None:
    """Read ``model``: the syntax of the model before its modifications."""
    draft.syntax = section.words()


def read_modifications(section: Node, draft: Draft, places: Mapping[str, str]) -> None:
    """Read ``[modifications]``: what was freed between two fitted models."""
    entries = section.table(("order", "place"))
    if "order" in entries:
        draft.modifications = _rows(entries["order"])


def read_fits(section: Node, draft: Draft, places: Mapping[str, str]) -> None:
    """Read ``[fit.NAME]``: the indices of fitted models, and ``[fit.standard]``."""
    fits = section.table()
    if fits and not any(isinstance(node.value, Mapping) for node in fits.values()):
        # [fit] with the indices of the only model.
        fits = {"model": section}
    for name, node in fits.items():
        entries = node.table(shape="a table of indices, [fit.revised]")
        at = places.get(f"fit.{name}", f"fit of model {name}" if name != "model" else "fit")
        if "place" in entries:
            at = entries["place"].words()
        if name == "standard":
            for key, value in entries.items():
                if key != "place":
                    index = _index(key, value)
                    label = f"{at}, {index_label(index)}"
                    draft.standards[index] = value.number(label)
            continue
        _read_fit(entries, draft, draft.model(name, at), at)
    for name, model in draft.models.items():
        if model.nested_in and model.nested_in not in draft.models:
            near = did_you_mean(model.nested_in, draft.models)
            section.child(name, None).child("nested_in", None).fail(
                f"there is no model {model.nested_in!r}{near or '.'}"
            )


def _read_fit(entries: Mapping[str, Node], draft: Draft, model: ModelDraft, at: str) -> None:
    for key, node in entries.items():
        if key == "estimator":
            model.scaled = model.scaled or SCALED.search(node.words()) is not None
            model.incomplete = INCOMPLETE.search(node.words()) is not None
        elif key == "scaled":
            model.scaled = node.flag()
        elif key == "n_groups":
            model.n_groups = node.whole()
        elif key == "reached_standard":
            model.reached = tuple(_index(name, node) for name in node.names())
        elif key == "model":
            model.syntax = node.words()
        elif key == "nested_in":
            model.nested_in = node.words()
        elif key == "freed":
            model.freed = _rows(node)
        elif key != "place" and not node.blank:
            _read_index(key, node, model, at, draft)


def _read_index(key: str, node: Node, model: ModelDraft, at: str, draft: Draft) -> None:
    name = _index(key, node)
    place = f"{at}, {index_label(name)}"
    if name == "n":
        model.n = node.count(place)
    elif name == "df":
        text = node.printed_text()
        # A scaled-shifted or mean-and-variance adjusted test can have a broken df.
        model.indices[name] = node.number(place) if "." in text else node.count(place)
    elif name in ("npar", "baseline_df", "df_diff"):
        model.indices[name] = node.count(place)
    elif name == "rmsea_ci":
        ends = list(node.rows(shape='two numbers, ["0.051", "0.072"]'))
        if len(ends) != 2:
            node.fail("write the lower and the upper end, as in [0.051, 0.072].")
        for end, side in zip(ends, ("lower", "upper"), strict=True):
            model.indices[f"rmsea_ci_{side}"] = end.number(place)
    elif name.startswith(("pvalue", "rmsea_pvalue", "baseline_pvalue")):
        read = read_p(node.printed_text(), draft.stars or STARS, node.where)
        model.indices[name] = read.at(place)
    else:
        model.indices[name] = node.number(place)


def _index(key: str, node: Node) -> str:
    name = index_name(key)
    if name is None:
        near = nearest_index(key) or did_you_mean(key, _OPTIONS)
        node.fail(
            f"{key!r} is no index of fit{near or f'; known are {listed(INDICES, limit=40)}.'}"
        )
    return name


def _rows(node: Node) -> tuple[tuple[str, str, str], ...]:
    rows = []
    shape = 'a list of pairs, [["C11", "C12"], ["C2", "C3"]], or of parameters, ["C11 ~~ C12"]'
    for row in node.rows(shape=shape):
        if isinstance(row.value, str):
            path = read_path(row.words(), row.where)
            rows.append((path.lhs, path.op, path.rhs))
            continue
        names = row.names()
        if len(names) != 2 or any(is_path(name) for name in names):
            row.fail('write a pair of names, ["C11", "C12"], or a parameter, "C11 ~~ C12".')
        rows.append((names[0], "~~", names[1]))
    return tuple(rows)
