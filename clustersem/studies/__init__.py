"""Published studies that the library reproduces."""

from clustersem.studies import cross_border

__all__ = ["cross_border"]
