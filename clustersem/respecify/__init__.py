"""A fit into better models, with the evidence for every step and its price."""

from clustersem.respecify.policy import GivenStep, RespecificationPolicy
from clustersem.respecify.result import Respecification, Step
from clustersem.respecify.search import respecify

__all__ = ["GivenStep", "Respecification", "RespecificationPolicy", "Step", "respecify"]
