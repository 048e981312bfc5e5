"""How an estimation ended, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

StatusCode = Literal["converged", "max_iterations", "stalled", "saddle", "no_start", "infeasible"]

REMEDIES: dict[StatusCode, tuple[str, str]] = {
    "converged": ("The optimiser converged.", ""),
    "max_iterations": (
        "The optimiser stopped at its limit of iterations before it converged.",
        "The numbers are not estimates. Look for a model that is nearly unidentified (a factor with"
        " two weak items), for wrong fixed values, or give starting values: f =~ start(0.5)*x2.",
    ),
    "stalled": (
        "The optimiser found no step that lowers the discrepancy, though its gradient is not zero.",
        "The numbers are not estimates. The implied covariance matrix is close to singular there:"
        " look for items that are nearly copies of each other, or give starting values; with"
        " engine='semopy', let the native engine fit.",
    ),
    "saddle": (
        "The optimiser ended at a saddle: some direction lowers the discrepancy further.",
        "The numbers are not estimates. Give starting values with the signs that you expect:"
        " f =~ start(0.5)*x2.",
    ),
    "infeasible": (
        "No parameters near the starting values meet the constraints of the model.",
        "Look for constraints that contradict each other or the fixed values, or give starting"
        " values that meet them: f =~ start(0.5)*x2.",
    ),
    "no_start": (
        "The implied covariance matrix is not positive definite at the starting values.",
        "Check fixed values and user-given starting values for contradictions.",
    ),
}


@dataclass(frozen=True)
class Status:
    """How an estimation ended.

    Attributes
    ----------
    code : str
        ``"converged"``, ``"max_iterations"``, ``"stalled"``, ``"saddle"``, ``"infeasible"``
        or ``"no_start"``.
    message : str
        The same in a sentence.
    remedy : str
        What to do about it; empty when converged.
    iterations : int
        Steps of the optimiser.
    decrement : float
        Newton decrement g' H^-1 g at the end, in units of the discrepancy.
    """

    code: StatusCode
    message: str
    remedy: str
    iterations: int
    decrement: float

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


def status_of(code: StatusCode, iterations: int, decrement: float) -> Status:
    """Return the status with its sentence and remedy."""
    message, remedy = REMEDIES[code]
    return Status(code, message, remedy, iterations, decrement)
