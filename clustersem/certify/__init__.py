"""A fit into a verdict on whether its solution can be trusted."""

from clustersem.certify.certificate import Certificate
from clustersem.certify.check import Check
from clustersem.certify.entry_point import certificate

__all__ = ["Certificate", "Check", "certificate"]
