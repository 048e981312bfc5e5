"""Fill the gaps of a partly printed correlation matrix, assuming nothing about them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import linalg

from clustersem.errors import DataError

Matrix = npt.NDArray[np.float64]


def maximum_determinant_completion(partial: Matrix, free: Sequence[tuple[int, int]]) -> Matrix:
    """Complete a symmetric matrix so that its determinant is as large as possible.

    Among all positive definite matrices that agree with the printed cells this one has the
    largest entropy for normal variables: its inverse is zero in every cell that was free, so
    no partial correlation is claimed that the printed cells do not force. It is unique where
    it exists.

    Parameters
    ----------
    partial : ndarray, shape (p, p)
        Symmetric; the entries in the `free` cells are ignored.
    free : sequence of (int, int)
        Off-diagonal cells to fill, each named once.

    Returns
    -------
    ndarray, shape (p, p)
        Positive definite, equal to `partial` outside the `free` cells.

    Raises
    ------
    DataError
        No positive definite completion exists.

    References
    ----------
    Dempster, A. P. (1972). Covariance selection. *Biometrics*, 28(1), 157-175.
    https://doi.org/10.2307/2528966

    Grone, R., Johnson, C. R., Sá, E. M., & Wolkowicz, H. (1984). Positive definite completions
    of partial Hermitian matrices. *Linear Algebra and its Applications*, 58, 109-124.
    https://doi.org/10.1016/0024-3795(84)90207-6

    Examples
    --------
    >>> gap = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0]])
    >>> float(maximum_determinant_completion(gap, [(0, 2)])[0, 2].round(6))
    0.25
    """
    rows = np.array([cell[0] for cell in free], dtype=np.intp)
    cols = np.array([cell[1] for cell in free], dtype=np.intp)
    identity = np.eye(len(partial))
    current = partial.astype(np.float64)
    current[rows, cols] = current[cols, rows] = 0.0
    # With a heavy diagonal every matrix is positive definite; the extra weight is then taken
    # away step by step, each optimum being a feasible start for the next.
    ridge = max(0.0, 1e-3 - float(linalg.eigvalsh(current)[0])) * 1.5
    current = _newton(current + ridge * identity, rows, cols)
    step = 0.5
    while ridge > 0.0:
        smaller = 0.0 if ridge < 1e-6 else ridge * (1.0 - step)
        candidate = current - (ridge - smaller) * identity
        if _is_positive_definite(candidate):
            current, ridge, step = _newton(candidate, rows, cols), smaller, min(0.5, 2.0 * step)
        elif step > 1e-3:
            step /= 2.0
        else:
            raise DataError(
                "the printed correlations admit no positive definite matrix, whatever the missing "
                "ones are; check the transcription of the table"
            )
    return current


def _newton(matrix: Matrix, rows: npt.NDArray[np.intp], cols: npt.NDArray[np.intp]) -> Matrix:
    for _ in range(100):
        inverse = linalg.inv(matrix)
        gradient = 2.0 * inverse[rows, cols]
        hessian = 2.0 * (
            inverse[np.ix_(rows, rows)] * inverse[np.ix_(cols, cols)]
            + inverse[np.ix_(rows, cols)] * inverse[np.ix_(cols, rows)]
        )
        move = linalg.solve(hessian, gradient, assume_a="pos")
        decrement = float(gradient @ move)
        # Damped Newton of a self-concordant function: it cannot leave the cone.
        move /= 1.0 + np.sqrt(decrement) if decrement > 0.1 else 1.0
        matrix = matrix.copy()
        matrix[rows, cols] += move
        matrix[cols, rows] += move
        if decrement < 1e-26:
            break
    return matrix


def _is_positive_definite(matrix: Matrix) -> bool:
    try:
        linalg.cholesky(matrix, lower=True)
    except linalg.LinAlgError:
        return False
    return True
