"""Path diagrams in the manner of AMOS."""

from clustersem.report.diagram.public import path_diagram, path_diagram_svg

__all__ = ["path_diagram", "path_diagram_svg"]
