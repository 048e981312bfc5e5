"""The immutable specification of a model: its parameter table and how to change it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property, lru_cache

from clustersem.errors import ModelError, ModelSyntaxError
from clustersem.spec.build import build_table
from clustersem.spec.checks import check_constraints
from clustersem.spec.entries import Key, key_of
from clustersem.spec.expression import Constraint
from clustersem.spec.parser import parse_model
from clustersem.spec.rewrite import append_formulas, make_term, replace_parameter
from clustersem.spec.syntax import ParsedModel
from clustersem.spec.table import Bound, Operator, Parameter, SpecOptions


@dataclass(frozen=True)
class ModelSpec:
    """A model as a parameter table, frozen; a changed model is a new one.

    Attributes
    ----------
    text : str
        The model text. Two specifications that differ only in how they are written are equal.
    parameters : tuple of Parameter
        One row a parameter and group: what the user wrote, then what was added by default, in
        lavaan's order.
    observed, latent : tuple of str
        The variables in lavaan's order; auxiliary ones are the last of the observed.
    exogenous_observed : tuple of str
        Covariates whose moments nothing in the model explains.
    constraints : tuple of Constraint
        Definitions ``:=`` and constraints ``== < >``.
    bounds : tuple of Bound
        Bounds of single parameters, from ``lower()`` and ``upper()``.
    options : SpecOptions
        What the defaults were; `meanstructure` is on where the text has an intercept.
    notes : tuple of str
        Sentences on how the text was understood, for the reader of the results.

    Examples
    --------
    >>> from clustersem.spec.defaults import options_for
    >>> spec = build_spec("f =~ x1 + x2 + x3", options_for("cfa"))
    >>> spec.n_free_rows, spec.observed
    (6, ('x1', 'x2', 'x3'))
    >>> spec.with_parameter("x1", "~~", "x2").n_free_rows
    7
    """

    text: str = field(compare=False)
    parameters: tuple[Parameter, ...]
    observed: tuple[str, ...]
    latent: tuple[str, ...]
    exogenous_observed: tuple[str, ...]
    constraints: tuple[Constraint, ...]
    bounds: tuple[Bound, ...]
    options: SpecOptions
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return (
            f"ModelSpec({len(self.observed)} observed, {len(self.latent)} latent, "
            f"{self.n_free_rows} free parameters)"
        )

    def __str__(self) -> str:
        return self.to_text()

    @property
    def n_free_rows(self) -> int:
        """Free rows of the table; parameters that a label makes equal count one by one."""
        return sum(row.free for row in self.parameters)

    @property
    def target(self) -> tuple[str, ...]:
        """The observed variables of the model itself, without auxiliary ones."""
        return self.observed[: len(self.observed) - len(self.options.auxiliary)]

    @property
    def n_groups(self) -> int:
        """How many groups the rows are repeated for."""
        return self.options.n_groups

    @cached_property
    def endogenous(self) -> tuple[str, ...]:
        """Variables that another one predicts or measures, latent ones first."""
        inner = {row.rhs for row in self.parameters if row.op == "=~" and row.rhs != row.lhs}
        inner |= {row.lhs for row in self.parameters if row.op in ("~", "<~")}
        return tuple(name for name in (*self.latent, *self.observed) if name in inner)

    @cached_property
    def regressions(self) -> tuple[Parameter, ...]:
        """The rows of ``~``, of the first group."""
        return tuple(row for row in self.parameters if row.op == "~" and row.group == 1)

    def indicators(self, latent: str) -> tuple[str, ...]:
        """Return what measures (``=~``) or forms (``<~``) a latent variable.

        Parameters
        ----------
        latent : str
            A latent variable of the model.

        Returns
        -------
        tuple of str
            In the order of the text; first-order factors for a second-order one.

        Raises
        ------
        ModelError
            Where the model has no such latent variable.
        """
        if latent not in self.latent:
            raise ModelError(f"{latent!r} is no latent variable{_nearest(latent, self.latent)}")
        return tuple(
            row.rhs
            for row in self.parameters
            if row.lhs == latent and row.op in ("=~", "<~") and row.group == 1 and row.rhs != latent
        )

    def find(self, lhs: str, op: str, rhs: str = "", group: int = 1) -> Parameter | None:
        """Return a row of the table, or None.

        Parameters
        ----------
        lhs, op, rhs : str
            As in the table; the order of the two variables of a covariance does not matter, and
            rhs may be left out for an intercept (``~1``).
        group : int
            1-based group number.
        """
        index = self._index.get((key_of(lhs, op, rhs), group))
        return None if index is None else self.parameters[index]

    def error_at(self, name: str, reason: str, *, op: str = "", rhs: str = "") -> ModelSyntaxError:
        """Return an error whose caret stands under a variable or a parameter of the text.

        For what turns out only once the data are there: an item that the data do not have.

        Parameters
        ----------
        name : str
            A variable of the model, whose first mention is meant; with `op` and `rhs` the left-hand
            side of a parameter, under whose right-hand side the caret stands where it is written.
        reason : str
            What is wrong and what to do.
        op, rhs : str
            Of a parameter, as in the table.

        Examples
        --------
        >>> from clustersem.spec.defaults import options_for
        >>> spec = build_spec("f =~ x1 + 0.5*x22", options_for("cfa"))
        >>> print(spec.error_at("x22", "the data have no x22; did you mean x2?"))
        line 1, column 15: the data have no x22; did you mean x2?
            f =~ x1 + 0.5*x22
                          ^^^
        """
        parsed = self._parsed
        term = parsed.locate_term(name, op, rhs) if op else None
        position, length = term or parsed.locate(name) or (0, 1)
        return ModelSyntaxError(reason, self.text, position, length)

    def with_parameter(
        self,
        lhs: str,
        op: Operator,
        rhs: str = "",
        *,
        free: bool = True,
        value: float | None = None,
        label: str = "",
    ) -> ModelSpec:
        """Return the model with one parameter freed, fixed or added, in all groups.

        Parameters
        ----------
        lhs, op, rhs : str
            The parameter. One that the text holds is rewritten in its place; another is appended to
            the text, which is what a user would do, and everything added by default is worked out
            anew.
        free : bool
            Estimate it, or fix it at `value`.
        value : float, optional
            The fixed value (0 if left out), or the starting value of a free parameter.
        label : str
            A label, to make it equal to others or to use it in constraints.

        Returns
        -------
        ModelSpec
            With the same options.

        Raises
        ------
        ModelError
            Where the model with that parameter makes no sense.

        Examples
        --------
        >>> from clustersem.spec.defaults import options_for
        >>> spec = build_spec("f =~ x1 + x2 + x3 + x4", options_for("cfa"))
        >>> print(spec.with_parameter("x3", "~~", "x4", free=False, value=0.2))
        f =~ x1 + x2 + x3 + x4
        x3 ~~ 0.2*x4
        """
        rhs = "" if op == "~1" else rhs
        key = key_of(lhs, op, rhs)
        row = self.find(lhs, op, rhs)
        keep_free = self._is_preset(lhs, op, rhs)
        term = make_term(rhs, free=free, value=value, label=label, keep_free=keep_free)
        if row is not None and row.user:
            return self._rebuilt(replace_parameter(self._parsed, key, term))
        return self._rebuilt(append_formulas(self._parsed, [(lhs, op, term)]))

    def with_free(self, parameters: Iterable[tuple[str, Operator, str]]) -> ModelSpec:
        """Return the model with several parameters freed.

        They are freed as :meth:`with_parameter` frees them one after the other, but the model is
        worked out once, which is most of the time that it takes.

        Parameters
        ----------
        parameters : iterable of (lhs, op, rhs)
            The parameters.

        Raises
        ------
        ModelError
            Where the model with these parameters makes no sense.

        Examples
        --------
        >>> from clustersem.spec.defaults import options_for
        >>> spec = build_spec("f =~ x1 + x2 + x3 + x4", options_for("cfa"))
        >>> print(spec.with_free([("x1", "~~", "x2"), ("x3", "~~", "x4")]))
        f =~ x1 + x2 + x3 + x4
        x1 ~~ x2
        x3 ~~ x4
        """
        spec, added = self, []
        for lhs, op, rhs in parameters:
            row = spec.find(lhs, op, rhs)
            if row is not None and row.user:
                spec = spec.with_parameter(lhs, op, rhs)
                continue
            keep_free = spec._is_preset(lhs, op, rhs)
            term = make_term(rhs, free=True, value=None, label="", keep_free=keep_free)
            added.append((lhs, op, term))
        return spec._rebuilt(append_formulas(spec._parsed, added)) if added else spec

    def without_parameter(self, lhs: str, op: Operator, rhs: str = "") -> ModelSpec:
        """Return the model with one parameter taken out, in all groups.

        What the text holds is removed from it. Where the defaults would then bring the parameter
        back as a free one, it is fixed at zero instead.

        Parameters
        ----------
        lhs, op, rhs : str
            The parameter, as in :meth:`find`.

        Returns
        -------
        ModelSpec
            With the same options.

        Raises
        ------
        ModelError
            Where the model has no such parameter.
        """
        rhs = "" if op == "~1" else rhs
        row = self.find(lhs, op, rhs)
        if row is None:
            wanted = f"{lhs} {op} {rhs}".strip()
            known = [row.name for row in self.parameters]
            raise ModelError(f"the model has no parameter {wanted!r}{_nearest(wanted, known)}")
        if row.user:
            smaller = self._rebuilt(replace_parameter(self._parsed, key_of(lhs, op, rhs), None))
            left = smaller.find(lhs, op, rhs)
            if left is None or not left.free:
                return smaller
        return self.with_parameter(row.lhs, row.op, row.rhs, free=False, value=0.0)

    def to_text(self) -> str:
        """Return the model in lavaan's syntax, tidily written and without comments.

        With the same options it makes the same table, here and in lavaan.
        """
        return str(self._parsed)

    def to_semopy(self) -> str:
        """Return the model in semopy's syntax, with every parameter written out.

        Raises
        ------
        UnsupportedError
            For what semopy's syntax does not have.
        """
        from clustersem.spec.semopy_text import to_semopy_text

        return to_semopy_text(self.parameters, self.constraints, latent=self.latent)

    @property
    def _parsed(self) -> ParsedModel:
        return parse_model(self.text)

    def _is_preset(self, lhs: str, op: str, rhs: str) -> bool:
        """Whether the defaults fix a parameter even where the user writes it."""
        if self.options.std_lv:
            return op == "~~" and lhs == rhs and lhs in self.latent
        if op != "=~" or not self.options.auto_fix_first:
            return False
        return lhs not in self.latent or self.indicators(lhs)[:1] in ((rhs,), ())

    def _rebuilt(self, text: str) -> ModelSpec:
        return build_spec(text, self.options)

    @cached_property
    def _index(self) -> dict[tuple[Key, int], int]:
        return {
            (key_of(row.lhs, row.op, row.rhs), row.group): index
            for index, row in enumerate(self.parameters)
        }

    @cached_property
    def _hash(self) -> int:
        return hash((self.parameters, self.constraints, self.bounds, self.options))


@lru_cache(maxsize=4096)
def build_spec(model: str | ParsedModel, options: SpecOptions) -> ModelSpec:
    """Turn a model text into its specification; the same call again costs a look-up.

    Parameters
    ----------
    model : str or ParsedModel
        Model text in lavaan's syntax, or what :func:`parse_model` made of it.
    options : SpecOptions
        What is added by default; see :func:`clustersem.spec.defaults.options_for`.

    Returns
    -------
    ModelSpec

    Raises
    ------
    ModelSyntaxError
        Where the text cannot be read or contradicts itself, with a caret under the place.
    ModelError
        Where the options do not fit the model.
    """
    parsed = parse_model(model) if isinstance(model, str) else model
    table = build_table(parsed, options)
    check_constraints(parsed, table.parameters)
    return ModelSpec(
        text=parsed.text,
        parameters=table.parameters,
        observed=(*table.variables.observed, *table.variables.auxiliary),
        latent=table.variables.latent,
        exogenous_observed=table.variables.exogenous_observed,
        constraints=parsed.constraints,
        bounds=table.bounds,
        options=table.options,
        notes=table.notes,
    )


def _nearest(name: str, known: tuple[str, ...] | list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"
