"""Results into tables, figures and pages: pure rendering, computes no statistic."""

from clustersem.report.atomic import replace_files
from clustersem.report.audit_page import audit_document, audit_html, audit_json
from clustersem.report.diagram import path_diagram, path_diagram_svg
from clustersem.report.document import (
    Band,
    Cell,
    Column,
    Document,
    Figure,
    KeyFacts,
    Listing,
    Note,
    Points,
    Section,
    Table,
    Text,
)
from clustersem.report.figure_file import figure_bytes, figure_svg, write_figure
from clustersem.report.figures import (
    cutoff_figure,
    forest_figure,
    influence_figure,
    power_figure,
    price_figure,
    residual_heatmap,
    scree_figure,
    specification_curve,
)
from clustersem.report.html import render_html, write_html
from clustersem.report.plain import render_table, render_text
from clustersem.report.sheets import csv_files, document_to_csvs, earlier_csvs, table_csv
from clustersem.report.study_document import study_document
from clustersem.report.study_view import FittedModel, PublishedView, ScaleBlock, StudyView

__all__ = [
    "Band",
    "Cell",
    "Column",
    "Document",
    "Figure",
    "FittedModel",
    "KeyFacts",
    "Listing",
    "Note",
    "Points",
    "PublishedView",
    "ScaleBlock",
    "Section",
    "StudyView",
    "Table",
    "Text",
    "audit_document",
    "audit_html",
    "audit_json",
    "csv_files",
    "cutoff_figure",
    "document_to_csvs",
    "earlier_csvs",
    "figure_bytes",
    "figure_svg",
    "forest_figure",
    "influence_figure",
    "path_diagram",
    "path_diagram_svg",
    "power_figure",
    "price_figure",
    "render_html",
    "render_table",
    "render_text",
    "replace_files",
    "residual_heatmap",
    "scree_figure",
    "specification_curve",
    "study_document",
    "table_csv",
    "write_figure",
    "write_html",
]
