"""The command line: a thin layer over the library."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from typer.core import TyperGroup

import clustersem
from clustersem.errors import ClusterSemError, ClusterSemWarning, DataError, ModelSyntaxError
from clustersem.fit.resolve import check_option
from clustersem.fit.summary import p_text
from clustersem.spec import parse_model
from clustersem.survey.encoding import text_of_file

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class _Commands(TyperGroup):
    """All commands, with errors that a user can mend shown without a traceback."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # noqa: ANN401 - typer's
        with warnings.catch_warnings():
            # The results carry every warning as a sentence; the console shows those.
            warnings.simplefilter("ignore", ClusterSemWarning)
            try:
                return super().invoke(ctx)
            except ClusterSemError as error:
                err.print(f"Error: {error}", markup=False)
                raise typer.Exit(1) from None
            except KeyboardInterrupt:
                err.print("Interrupted; nothing was written.", markup=False)
                raise typer.Exit(130) from None


app = typer.Typer(
    name="clustersem",
    cls=_Commands,
    help="Structural equation modelling for Likert surveys, from a questionnaire to hypotheses.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Folder = Annotated[Path, typer.Option("--out", "-o", help="Folder for the report.")]


@contextmanager
def _stages() -> Iterator[Callable[[str], None]]:
    """Show the stage that is running, and how long the whole has taken."""
    if not err.is_terminal:
        yield lambda stage: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("starting", total=None)
        yield lambda stage: progress.update(task, description=stage)


@app.command()
def reproduce(folder: Folder = Path("clustersem-report")) -> None:
    """Reproduce the study of cross-border e-commerce and industrial clusters."""
    from clustersem.studies import cross_border

    with _stages() as progress:
        result = cross_border.reproduce(progress=progress)
        progress("writing the report")
        report = result.report(folder)
    out.print(cross_border.summary_of(result), markup=False)
    out.print(f"\nReport: {report.resolve()}", markup=False)


@app.command()
def run(
    study: Annotated[Path, typer.Argument(help="The study file (TOML).")],
    folder: Folder = Path("clustersem-report"),
) -> None:
    """Run a study file, from answers to report."""
    with _stages() as progress:
        result = clustersem.Study.from_file(study).run(progress)
        progress("writing the report")
        report = result.report(folder)
    out.print(str(result.survey.flow), markup=False)
    if result.deleted:
        out.print(f"\nDeleted items: {', '.join(result.deleted)}", markup=False)
    if result.respecification is not None:
        out.print(f"\n{result.respecification}", markup=False)
    out.print(f"\n{result.fit!r}", markup=False)
    if result.hypotheses is not None:
        columns = ["id", "path", "expect", "std_all", "est", "se", "z", "p_value", "verdict"]
        table = result.hypotheses[columns].to_string(
            index=False, float_format="{:.3f}".format, formatters={"p_value": p_text}
        )
        out.print(f"\n{table}", markup=False)
    for warning in result.warnings:
        err.print(f"Note: {warning}", markup=False)
    out.print(f"\nReport: {report.resolve()}", markup=False)


@app.command()
def fit(
    model: Annotated[Path, typer.Argument(help="Model syntax, as lavaan's, in a text file.")],
    data: Annotated[Path, typer.Argument(help="Answers: CSV, XLSX, SAV, DTA or Parquet.")],
    codebook: Annotated[
        Path | None,
        typer.Option(help="Codebook (TOML): answer range, missing codes, reversed items."),
    ] = None,
    estimator: Annotated[
        str | None,
        typer.Option(help="ML, MLR, MLM, GLS, ULS, WLSMV, ...; WLSMV with ordered items."),
    ] = None,
    missing: Annotated[
        str, typer.Option(help="listwise, pairwise, or ml (full information).")
    ] = "listwise",
    ordered: Annotated[
        str | None,
        typer.Option(help="Items with ordered categories: their names with commas, or all."),
    ] = None,
    group: Annotated[str | None, typer.Option(help="Column whose values make the groups.")] = None,
    group_equal: Annotated[
        str | None,
        typer.Option(help="What is equal in all groups: loadings,intercepts,residuals, ..."),
    ] = None,
    se: Annotated[
        str | None, typer.Option(help="Standard errors, where not the estimator's.")
    ] = None,
    test: Annotated[
        str | None, typer.Option(help="Test of the model, where not the estimator's.")
    ] = None,
    parameterization: Annotated[
        str, typer.Option(help="Of ordered items: delta or theta.")
    ] = "delta",
    bounds: Annotated[
        str | None, typer.Option(help="pos.var, standard or wide: bounds of parameters.")
    ] = None,
    sampling_weights: Annotated[
        str | None, typer.Option(help="Column with the respondents' weights.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Column with what respondents were sampled together in.")
    ] = None,
    likelihood: Annotated[
        str, typer.Option(help="normal (as lavaan, Mplus) or wishart (as AMOS, EQS, LISREL).")
    ] = "normal",
    indices: Annotated[
        int, typer.Option("--mi", min=0, help="Show so many modification indices.")
    ] = 0,
    diagram: Annotated[
        Path | None, typer.Option(help="Draw the path diagram: a file .svg, .png or .pdf.")
    ] = None,
) -> None:
    """Fit a model to a file of answers and print the result."""
    given = {
        "estimator": estimator,
        "missing": missing,
        "likelihood": likelihood,
        "se": se,
        "test": test,
        "parameterization": parameterization,
        "bounds": bounds,
    }
    _check_options(given)
    try:
        text = _read_text(model)
        # A mistake in the model is told before the answers are read.
        parse_model(text)
        survey = clustersem.read_survey(data, codebook, screening=None)
        result = clustersem.sem(
            text,
            survey,
            ordered=True if ordered == "all" else _names(ordered) or None,
            group=group,
            group_equal=_names(group_equal),
            sampling_weights=sampling_weights,
            cluster=cluster,
            **given,
        )
    except ModelSyntaxError as error:
        raise ClusterSemError(f"{model.name}, {error}") from None
    drawn = [] if diagram is None else _draw(result, diagram)
    out.print(result.summary(), markup=False)
    if indices:
        table = result.modification_indices().head(indices)
        several = len(result.groups) > 1
        shown = table.drop(columns=[] if several else "group").to_string(
            index=False, float_format=lambda v: f"{v:.3f}"
        )
        out.print(f"\nModification indices\n{shown}", markup=False)
    for path in drawn:
        out.print(f"\nDiagram: {path.resolve()}", markup=False)


@app.command()
def power(
    source: Annotated[
        Path,
        typer.Argument(help="A model in which every parameter has a value, or a study file."),
    ],
    n: Annotated[list[int] | None, typer.Option(help="Respondents; once for every size.")] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(help="'y ~ x', 'H1: y ~ x, +', 'indirect: x -> m -> y', fit; repeatable."),
    ] = None,
    wanted: Annotated[
        float | None, typer.Option(help="Find the size that has this power, in place of --n.")
    ] = None,
    analytic: Annotated[
        bool, typer.Option("--analytic", help="Noncentral distributions, no simulation.")
    ] = False,
    standardized: Annotated[
        bool, typer.Option("--standardized", help="The model's values are standardised.")
    ] = False,
    replications: Annotated[int, typer.Option(help="Samples of each size.")] = 1000,
    seed: Annotated[int | None, typer.Option(help="Repeats a simulation.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes; -1 takes all cores.")] = 1,
    figure: Annotated[
        Path | None, typer.Option(help="Draw the curves: a file .svg, .png or .pdf.")
    ] = None,
) -> None:
    """Say how likely studies of some sizes find what is there."""
    population, claims = _population(source, target)
    if n and wanted is not None:
        raise ClusterSemError("--n asks for a power, --wanted for a size; give one of them.")
    if not n and wanted is None and isinstance(population, str):
        raise ClusterSemError("how many respondents? --n 300; or which power? --wanted 0.8.")
    given: dict[str, Any] = {
        "method": "analytic" if analytic else "simulation",
        "standardized": standardized,
        "n_replications": replications,
        "seed": seed,
        "n_jobs": jobs,
    }
    found: clustersem.Power | clustersem.SampleSize
    try:
        if wanted is None:
            found = clustersem.power(population, claims, n=n or None, **given)
        else:
            found = clustersem.sample_size(population, claims, wanted=wanted, **given)
    except ModelSyntaxError as error:
        raise ClusterSemError(f"{source.name}, {error}") from None
    drawn = None if figure is None else clustersem.power_figure(found, figure)
    out.print(found.summary(), markup=False)
    if drawn is not None:
        out.print(f"\nFigure: {drawn.resolve()}", markup=False)


def _population(source: Path, target: list[str] | None) -> tuple[clustersem.Fit | str, Any]:
    """Return what there is to find, and what the power is asked of."""
    if source.suffix.lower() != ".toml":
        return _read_text(source), target or None
    study = clustersem.Study.from_file(source)
    with _stages() as progress:
        result = study.run(progress)
    return result.fit, target or list(study.hypotheses) or None


@app.command()
def audit(
    published: Annotated[
        Path,
        typer.Argument(help="What a paper prints: TOML, or its tables as DOCX, HTML or CSV."),
    ],
    html: Annotated[Path | None, typer.Option(help="Write the page to a file .html.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the findings to a file .json.")] = None,
) -> None:
    """Find printed numbers that cannot all be right."""
    from clustersem.report import audit_html, audit_json

    for target in (html, json):
        if target is not None and target.resolve() == published.resolve():
            raise DataError(f"{target} is what is audited, and would be overwritten; name another.")
    found = clustersem.audit(published)
    written = []
    if html is not None:
        written.append(("Page", audit_html(found, html)))
    if json is not None:
        written.append(("Findings", audit_json(found, json)))
    out.print(str(found), markup=False)
    for what, path in written:
        out.print(f"\n{what}: {path.resolve()}", markup=False)


@app.command()
def init(
    answers: Annotated[Path, typer.Argument(help="The file with the answers.")],
    study: Annotated[
        Path | None, typer.Option("--study", help="Where to write; by default beside the answers.")
    ] = None,
) -> None:
    """Write a study file to edit, drafted from a file of answers."""
    from clustersem.study.template import draft

    target = study if study is not None else answers.parent / "study.toml"
    text = draft(answers, beside=target.parent)
    try:
        with target.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise ClusterSemError(
            f"{target} is there already and is left as it is. Name another file with --study."
        ) from None
    except OSError as error:
        raise ClusterSemError(f"{target} cannot be written: {error.strerror}.") from None
    out.print(f"Wrote {target}. Edit it, then: clustersem run {target}", markup=False)


@app.command()
def version() -> None:
    """Print the version."""
    out.print(clustersem.__version__, markup=False)


def _check_options(given: Mapping[str, object]) -> None:
    """Refuse a value that no option has, under the option's name on the command line."""
    for name, value in given.items():
        if value is not None:
            try:
                check_option(name, value)
            except ClusterSemError as error:
                said = str(error).replace(f"{name}={value!r}", f"--{name} {value}", 1)
                raise ClusterSemError(said) from None


def _names(text: str | None) -> list[str]:
    """Return the names in a list with commas."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _draw(result: clustersem.Fit, path: Path) -> list[Path]:
    """Draw the diagram, or one a group, whose name is then added to the file's."""
    if len(result.groups) == 1:
        return [clustersem.path_diagram(result, path)]
    drawn = []
    for number, label in enumerate(result.groups):
        plain = re.sub(r"[^\w.-]+", "_", label)
        target = path.with_name(f"{path.stem}-{plain}{path.suffix}")
        drawn.append(clustersem.path_diagram(result, target, group=number))
    return drawn


def _read_text(path: Path) -> str:
    try:
        return text_of_file(path)
    except FileNotFoundError:
        raise ClusterSemError(f"there is no file {path}; check the name and folder.") from None
    except OSError as error:
        raise ClusterSemError(f"{path} cannot be read: {error.strerror}.") from None


def main() -> None:
    """Run the command line."""
    app(prog_name="clustersem")


if __name__ == "__main__":
    main()
