"""Results as tables."""

from clustersem.report.tables.audit import findings_by_rule
from clustersem.report.tables.cutoffs import cutoffs_table, equivalence_table
from clustersem.report.tables.fit import (
    STANDARDS,
    STRICT_STANDARDS,
    FitStandard,
    checks_table,
    equivalents_table,
    estimates_table,
    fit_index_table,
    fit_summary_table,
    hypotheses_table,
    measurement_table,
)
from clustersem.report.tables.frames import frame_table, matrix_table
from clustersem.report.tables.multiverse import multiverse_table
from clustersem.report.tables.price import price_fit_table, price_steps_table
from clustersem.report.tables.published import further_table, published_table
from clustersem.report.tables.respecification import respecification_table
from clustersem.report.tables.sample import flow_table, items_table
from clustersem.report.tables.scale import (
    adequacy_table,
    loadings_table,
    purification_table,
    reliability_table,
)
from clustersem.report.tables.validity import validity_tables

__all__ = [
    "STANDARDS",
    "STRICT_STANDARDS",
    "FitStandard",
    "adequacy_table",
    "checks_table",
    "cutoffs_table",
    "equivalence_table",
    "equivalents_table",
    "estimates_table",
    "findings_by_rule",
    "fit_index_table",
    "fit_summary_table",
    "flow_table",
    "frame_table",
    "further_table",
    "hypotheses_table",
    "items_table",
    "loadings_table",
    "matrix_table",
    "measurement_table",
    "multiverse_table",
    "price_fit_table",
    "price_steps_table",
    "published_table",
    "purification_table",
    "reliability_table",
    "respecification_table",
    "validity_tables",
]
