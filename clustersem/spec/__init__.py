"""The model language: lavaan syntax into an immutable parameter table."""

from clustersem.spec.defaults import options_for
from clustersem.spec.expression import Constraint, Expression
from clustersem.spec.model import ModelSpec, build_spec
from clustersem.spec.parser import parse_model
from clustersem.spec.table import Bound, Parameter, SpecOptions

__all__ = [
    "Bound",
    "Constraint",
    "Expression",
    "ModelSpec",
    "Parameter",
    "SpecOptions",
    "build_spec",
    "options_for",
    "parse_model",
]
