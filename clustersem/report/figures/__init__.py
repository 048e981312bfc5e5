"""Figures of the report other than the path diagram."""

from clustersem.report.figures.cutoffs import cutoff_figure
from clustersem.report.figures.forest import forest_figure
from clustersem.report.figures.heatmap import residual_heatmap
from clustersem.report.figures.influence import influence_figure
from clustersem.report.figures.power import power_figure
from clustersem.report.figures.price import price_figure
from clustersem.report.figures.scree import scree_figure
from clustersem.report.figures.specification import specification_curve

__all__ = [
    "cutoff_figure",
    "forest_figure",
    "influence_figure",
    "power_figure",
    "price_figure",
    "residual_heatmap",
    "scree_figure",
    "specification_curve",
]
