"""The tree of exceptions and the named warnings.

Every message says what is wrong, where it is and what to do; whoever raises one writes all three.
"""

from __future__ import annotations


class ClusterSemError(Exception):
    """Base of every error that the library raises on purpose."""


class DataError(ClusterSemError):
    """The answers, a covariance matrix or a data file cannot be used as they are."""


class CodebookError(ClusterSemError):
    """A codebook or study file contradicts itself or the data."""


class ModelError(ClusterSemError):
    """The model says something that cannot be fitted, though its syntax is fine."""


class IdentificationError(ModelError):
    """The model's parameters cannot be determined from the moments.

    Attributes
    ----------
    parameters : tuple of str
        The parameters in the null space of the information matrix, as ``"lhs op rhs"``.
    """

    def __init__(self, message: str, parameters: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.parameters = parameters


class EstimationError(ClusterSemError):
    """The estimation could not even start or ended where nothing can be read off."""


class UnsupportedError(ClusterSemError):
    """A legitimate request that this version does not serve."""


class ModelSyntaxError(ModelError):
    """The model text cannot be read.

    Parameters
    ----------
    reason : str
        What is wrong and what to write instead.
    source : str
        The whole model text.
    position : int
        Offset of the first wrong character in `source`.
    length : int
        How many characters are wrong; at least one caret is drawn.

    Examples
    --------
    >>> print(ModelSyntaxError("expected an item name", "f =~ x1 +* x2", 9))
    line 1, column 10: expected an item name
        f =~ x1 +* x2
                 ^
    """

    def __init__(self, reason: str, source: str, position: int, length: int = 1) -> None:
        self._made_of = (reason, source, position, length)
        position = min(max(position, 0), len(source))
        start = source.rfind("\n", 0, position) + 1
        end = source.find("\n", position)
        line = source[start : end if end >= 0 else len(source)]
        self.reason = reason
        self.line = source.count("\n", 0, position) + 1
        self.column = position - start + 1
        carets = "^" * max(1, min(length, len(line) - self.column + 1))
        # A tab before the mistake must stay a tab, or the caret stands in the wrong place.
        lead = "".join("\t" if c == "\t" else " " for c in line[: self.column - 1])
        super().__init__(
            f"line {self.line}, column {self.column}: {reason}\n    {line}\n    {lead}{carets}"
        )

    def __reduce__(self) -> tuple[type[ModelSyntaxError], tuple[str, str, int, int]]:
        """Pickle what it was made of: an error in a worker process must reach its parent."""
        return type(self), self._made_of


class ClusterSemWarning(UserWarning):
    """Base of every warning that the library gives."""


class ConvergenceWarning(ClusterSemWarning):
    """The optimiser stopped before its criterion was met: the numbers are not estimates."""


class AdmissibilityWarning(ClusterSemWarning):
    """The solution is outside the parameter space (negative variance, correlation above one)."""


class IdentificationWarning(ClusterSemWarning):
    """The information matrix is singular at the solution: standard errors cannot be trusted."""


class DataWarning(ClusterSemWarning):
    """The data were usable, but something in them needs the researcher's eye."""
