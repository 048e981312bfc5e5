"""What readers have gathered of a paper so far; several may add to one draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clustersem.audit.fixed import Fixed
from clustersem.audit.printed import Printed
from clustersem.audit.published import (
    PrintedClaim,
    PrintedCoefficient,
    PrintedConstruct,
    PrintedCorrelation,
    PrintedEffect,
    PrintedItem,
    PrintedModel,
    PrintedSample,
    PrintedShare,
    Published,
    VarianceExplained,
)
from clustersem.audit.readers.model import covariance_rows, drawn, model_syntax
from clustersem.audit.readers.names import name_of
from clustersem.audit.readers.numbers import STARS
from clustersem.errors import ClusterSemError, DataError
from clustersem.spec import ModelSpec

Row = tuple[str, str, str]


@dataclass
class ModelDraft:
    """One fitted model, as far as it was read."""

    place: str
    indices: dict[str, Printed] = field(default_factory=dict)
    reached: tuple[str, ...] | None = None
    n: Printed | None = None
    n_groups: int = 1
    scaled: bool = False
    incomplete: bool = False
    syntax: str = ""
    nested_in: str = ""
    freed: tuple[Row, ...] = ()


@dataclass
class Draft:
    """The parts of a :class:`Published`, still open to additions."""

    source: str
    title: str = ""
    n: Printed | None = None
    distributed: Printed | None = None
    returned: Printed | None = None
    counts: list[Printed] = field(default_factory=list)
    scale: tuple[int, int] | None = None
    complete: bool = False
    shares: list[PrintedShare] = field(default_factory=list)
    constructs: dict[str, dict[str, Any]] = field(default_factory=dict)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    models: dict[str, ModelDraft] = field(default_factory=dict)
    standards: dict[str, Printed] = field(default_factory=dict)
    coefficients: list[PrintedCoefficient] = field(default_factory=list)
    correlations: list[PrintedCorrelation] = field(default_factory=list)
    effects: list[PrintedEffect] = field(default_factory=list)
    variance: list[VarianceExplained] = field(default_factory=list)
    claims: list[PrintedClaim] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stars: Mapping[str, float] = field(default_factory=lambda: STARS)
    deleted: tuple[str, ...] = ()
    modifications: tuple[Row, ...] = ()
    syntax: str = ""
    every: dict[str, dict[str, Any]] = field(default_factory=dict)
    alpha_beside: dict[str, Printed] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)

    def name(self, text: str) -> str:
        """Return the name of a variable, the same for its label and its short name."""
        name, label = name_of(text)
        if label and name != label:
            self.aliases.setdefault(name_of(label)[0].casefold(), name)
        if name in self.constructs or name in self.items:
            return name
        return self.aliases.get(name.casefold(), name)

    def construct(self, text: str, place: str) -> dict[str, Any]:
        """Return the fields of a construct, which is made where there is none yet."""
        name = self.name(text)
        found = self.constructs.setdefault(name, {"place": place})
        label = name_of(text)[1]
        if label and not found.get("label"):
            found["label"] = label
            self.aliases.setdefault(name_of(label)[0].casefold(), name)
        return found

    def model(self, name: str, place: str) -> ModelDraft:
        """Return a fitted model, which is made where there is none yet."""
        return self.models.setdefault(name, ModelDraft(place))

    def published(self) -> Published:
        """Close the draft.

        Raises
        ------
        DataError
            Where a model is not one, or nothing at all was read.
        """
        kept = self._kept()
        constructs = tuple(
            PrintedConstruct(name, **{**fields, "items": kept[name]})
            for name, fields in self.constructs.items()
        )
        items = tuple(
            PrintedItem(name, **{"place": name, **fields})
            for name, fields in self.items.items()
            if any(isinstance(value, Printed) for value in fields.values())
        )
        published = Published(
            title=self.title,
            sample=PrintedSample(
                self.n,
                self.distributed,
                self.returned,
                tuple(self.counts),
                self.scale,
                tuple(self.shares),
                self.complete,
            ),
            models=self._models(kept),
            coefficients=tuple(self.coefficients),
            constructs=constructs,
            items=items,
            correlations=tuple(self.correlations),
            effects=tuple(self.effects),
            variance=tuple(self.variance),
            claims=tuple(self.claims),
            notes=tuple(dict.fromkeys(self.notes)),
        )
        if not _has_numbers(published):
            told = "".join(f"\n  {note}" for note in published.notes)
            raise DataError(
                f"{self.source} has no printed number that could be checked. The page on the audit "
                f"shows what a file looks like.{told}"
            )
        return published

    def _kept(self) -> dict[str, tuple[str, ...]]:
        """Return the items of each construct after deletions, with those that only load on it."""
        kept = {
            name: tuple(item for item in fields.get("items", ()) if item not in self.deleted)
            for name, fields in self.constructs.items()
        }
        for row in self.coefficients:
            if row.op == "=~" and row.lhs in kept and row.rhs not in self.constructs:
                kept[row.lhs] = (*kept[row.lhs], *({row.rhs} - set(kept[row.lhs])))
        return kept

    def _models(self, kept: Mapping[str, tuple[str, ...]]) -> tuple[PrintedModel, ...]:
        drafts = dict(self.models)
        if not drafts and (self.syntax or any(row.op != "=~" for row in self.coefficients)):
            drafts["model"] = ModelDraft("the model")
        names = list(drafts)
        # Which model the modifications lead to is only plain where there are two.
        if self.modifications and len(names) == 2 and not drafts[names[1]].freed:
            drafts[names[1]].freed = self.modifications
        for name, draft in drafts.items():
            if draft.freed and (before := self._before(name, drafts)):
                drafts[before].nested_in = drafts[before].nested_in or name
        return tuple(
            PrintedModel(
                name=name,
                place=draft.place,
                indices=Fixed(draft.indices),
                standards=Fixed(self.standards),
                reached=draft.reached,
                n=draft.n,
                n_groups=draft.n_groups,
                scaled=draft.scaled,
                incomplete=draft.incomplete,
                spec=self._spec_of_all_groups(name, drafts, kept),
                nested_in=draft.nested_in,
                freed=draft.freed,
            )
            for name, draft in drafts.items()
        )

    @staticmethod
    def _before(name: str, drafts: Mapping[str, ModelDraft]) -> str:
        """Return the model that is nested in another, which is the one printed before it."""
        said = [other for other, draft in drafts.items() if draft.nested_in == name]
        names = list(drafts)
        at = names.index(name)
        return said[0] if said else names[at - 1] if at else ""

    def _freed(self, name: str, drafts: Mapping[str, ModelDraft]) -> list[Row]:
        """Return what was freed from the first model on the way to this one."""
        freed: list[Row] = []
        seen: set[str] = set()
        while name and name not in seen:
            seen.add(name)
            freed = [*drafts[name].freed, *freed]
            name = self._before(name, drafts) if drafts[name].freed else ""
        return freed

    def _steps(self, name: str, drafts: Mapping[str, ModelDraft]) -> list[Row] | None:
        """Return what was freed from this model to the final one; None where it is not told."""
        at = list(drafts)[-1]
        steps: list[Row] = []
        seen: set[str] = set()
        while at != name:
            if at in seen or not drafts[at].freed or not self._before(at, drafts):
                return None
            seen.add(at)
            steps += drafts[at].freed
            at = self._before(at, drafts)
        return steps

    def _spec_of_all_groups(
        self, name: str, drafts: Mapping[str, ModelDraft], kept: Mapping[str, tuple[str, ...]]
    ) -> ModelSpec | None:
        """Return the model as drawn; None where several groups may have parameters in common."""
        spec = self._spec(name, drafts, kept)
        if spec is None or spec.n_groups >= drafts[name].n_groups:
            return spec
        self.notes.append(
            "A model is drawn for one group only; which parameters its groups have in common is not"
            " told, so nothing was counted that depends on it."
        )
        return None

    def _spec(
        self, name: str, drafts: Mapping[str, ModelDraft], kept: Mapping[str, tuple[str, ...]]
    ) -> ModelSpec | None:
        """Return the model as drawn: as the file has it, or as the tables imply it."""
        draft = drafts[name]
        if draft.syntax:
            try:
                return drawn(draft.syntax)
            except ClusterSemError as error:
                raise DataError(f"{self.source}, the model of fit.{name}: {error}") from None
        # One drawing is that of the final model; of another only where the file says what was freed
        # on the way. What else a paper compares may differ in anything.
        steps = self._steps(name, drafts)
        if steps is None and not any(row.model == name for row in self.coefficients):
            return None
        freed = self._freed(name, drafts)
        if self.syntax:
            syntax = self.syntax
        else:
            own = [r for r in self.coefficients if r.model in ("", name)]
            # Rows of the final model hold what was freed on the way to it; an earlier one has less.
            later = {(op, frozenset((lhs, rhs))) for lhs, op, rhs in steps or ()}
            rows = [r for r in own if (r.op, frozenset((r.lhs, r.rhs))) not in later]
            crossed = {(lhs, rhs) for lhs, op, rhs in steps or () if op == "=~"}
            items = {
                name: [item for item in each if (name, item) not in crossed]
                for name, each in kept.items()
            }
            syntax = model_syntax(items, rows)
            if not syntax:
                return None
            if sum(map(bool, items.values())) > 1 and all(row.op == "=~" for row in rows):
                self.notes.append(
                    "Neither model syntax nor paths or covariances of the constructs were given, so"
                    " the model was not drawn and its degrees of freedom not counted."
                )
                return None
        try:
            spec = drawn("\n".join([syntax, *covariance_rows(syntax, freed)]))
        except ClusterSemError as error:
            if self.syntax:
                raise DataError(f"{self.source}, model: {error}") from None
            self.notes.append(f"The tables do not make a model that can be drawn: {error}")
            return None
        if not self.syntax:
            self.notes.append(
                "No model syntax was given, so the model was drawn from the constructs, their "
                "items, the paths and the modifications, with the defaults of SEM programs (latent "
                "variables that nothing predicts covary, residuals of final outcomes too)."
            )
        return spec


def _has_numbers(published: Published) -> bool:
    return published.sample != PrintedSample() or any(
        (
            published.models,
            published.coefficients,
            published.items,
            published.correlations,
            published.effects,
            published.claims,
            published.variance,
            any(isinstance(v, Printed) for c in published.constructs for v in vars(c).values()),
        )
    )
