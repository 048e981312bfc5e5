"""Which array library computes batches, and on what device.

The batched kernels use nothing but the array API standard, so NumPy, PyTorch and CuPy run the same
code. All arrays are of double precision: chi2 is a small difference of large numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
from array_api_compat import device
from numpy.typing import NDArray

from clustersem.errors import UnsupportedError

Array = NDArray[np.float64]
Index = NDArray[np.intp]
#: An array of some library, on its device; its first axis runs over replications.
Batch: TypeAlias = Any
#: An array library, seen through the array API standard.
Namespace: TypeAlias = Any

#: The libraries by the name that `device` begins with, and the module that speaks the standard.
LIBRARIES = {
    "numpy": "array_api_compat.numpy",
    "torch": "array_api_compat.torch",
    "cupy": "array_api_compat.cupy",
    "array_api_strict": "array_api_strict",
}


@dataclass(frozen=True)
class Device:
    """Where batches are computed.

    Attributes
    ----------
    library : str
        A key of :data:`LIBRARIES`.
    place : str
        What the library calls the device; empty for its default.
    """

    library: str = "numpy"
    place: str = ""

    @property
    def xp(self) -> Namespace:
        """The library's array API namespace."""
        return _namespace(self.library)

    @property
    def is_accelerated(self) -> bool:
        """Whether large arrays are better than ones that fit a processor's cache."""
        return self.library in ("torch", "cupy")

    def asarray(self, values: np.ndarray) -> Batch:
        """Return a NumPy array as one of the library's on the device: doubles, or indices."""
        xp = self.xp
        dtype = xp.float64 if values.dtype.kind == "f" else xp.int64
        # Read-only arrays are copied: PyTorch would share them, and warns that it might write.
        given = values if self.library == "numpy" or values.flags.writeable else values.copy()
        if not self.place:
            return xp.asarray(given, dtype=dtype)
        return xp.asarray(given, dtype=dtype, device=self.place)

    def numpy(self, values: Batch) -> np.ndarray:
        """Return an array of the library as one of NumPy's."""
        if self.library == "cupy":
            return np.asarray(values.get())
        if self.library == "torch":
            return np.asarray(values.cpu())
        return np.asarray(values)


def device_of(text: str | None) -> Device:
    """Return the device that a user names.

    Parameters
    ----------
    text : str or None
        None or ``"numpy"``: NumPy. ``"torch"``, ``"torch:cuda"``, ``"torch:cuda:1"``: PyTorch, on
        its default device or the one named. ``"cupy"``: CuPy on the current device.

    Raises
    ------
    UnsupportedError
        Where there is no such library, or it is not installed or has no such device.

    Examples
    --------
    >>> device_of("torch:cuda:1")
    Device(library='torch', place='cuda:1')
    """
    if text is None:
        return Device()
    library, _, place = text.partition(":") if isinstance(text, str) else ("", "", "")
    if library not in LIBRARIES:
        raise UnsupportedError(
            f"device={text!r} is none that batches can be computed on. There are 'numpy', 'torch',"
            " 'torch:cuda' and 'cupy'."
        )
    return Device(library, place)


def usable(device: Device) -> Device:
    """Return the device after trying it.

    Raises
    ------
    UnsupportedError
        Where the library is not installed, or has no such device.
    """
    try:
        device.asarray(np.zeros(1))
    except ImportError:
        raise UnsupportedError(
            f"device={device.library!r} needs the package {device.library}, which is not"
            f" installed: pip install {device.library}. Leave device= out to use NumPy."
        ) from None
    except Exception as error:
        raise UnsupportedError(
            f"{device.library} has no device {device.place or 'that works'!r} on this machine:"
            f" {str(error).splitlines()[0]}"
        ) from error
    return device


@lru_cache(maxsize=len(LIBRARIES))
def _namespace(library: str) -> Namespace:
    return import_module(LIBRARIES[library])


def transposed(x: Batch) -> Batch:
    """Return every matrix of a batch transposed."""
    return x.mT if hasattr(x, "mT") else np.swapaxes(x, -1, -2)


def gathered(xp: Namespace, matrices: Batch, places: Batch, shape: tuple[int, ...]) -> Batch:
    """Return entries of every row of a batch (B x k), reshaped."""
    return xp.reshape(xp.take(matrices, places, axis=1), (matrices.shape[0], *shape))


@dataclass(frozen=True, eq=False)
class Pairs:
    """Places in every matrix of a batch, for all pairs of some rows and columns.

    Attributes
    ----------
    flat : array of int
        Places in the matrix, flat.
    shape : tuple of int
        Number of rows and of columns.
    """

    flat: Batch
    shape: tuple[int, int]

    def of(self, xp: Namespace, matrices: Batch) -> Batch:
        """Return the entries (B x rows x cols) of matrices (B x k x k)."""
        return gathered(xp, xp.reshape(matrices, (matrices.shape[0], -1)), self.flat, self.shape)


def pairs(device: Device, rows: Index, cols: Index, width: int) -> Pairs:
    """Return the places of all pairs in matrices of so many columns."""
    flat = (rows[:, None] * width + cols).ravel()
    return Pairs(device.asarray(flat), (len(rows), len(cols)))


def cholesky(xp: Namespace, matrices: Batch) -> tuple[Batch, Batch, Batch]:
    """Factor the matrices of a batch that are positive definite.

    Returns
    -------
    factors : array of shape (B, p, p)
        Lower Cholesky factors; the identity for a matrix that is not positive definite.
    safe : array of shape (B, p, p)
        The matrices, with the identity in place of those.
    good : array of bool, shape (B,)
        Which matrices are positive definite.
    """
    whole = _tried(xp, matrices)
    size = matrices.shape[0]
    if whole is not None:
        return whole, matrices, xp.ones(size, dtype=xp.bool, device=device(matrices))
    if size == 1:
        eye = xp.eye(matrices.shape[1], dtype=matrices.dtype, device=device(matrices))[None, :, :]
        return eye, eye, xp.zeros(1, dtype=xp.bool, device=device(matrices))
    # One matrix that cannot be factored stops the library: look for it in both halves.
    halves = [
        cholesky(xp, part) for part in (matrices[: size // 2, ...], matrices[size // 2 :, ...])
    ]
    factors, safe, good = (xp.concat(list(parts), axis=0) for parts in zip(*halves, strict=True))
    return factors, safe, good


def solved(xp: Namespace, matrices: Batch, vectors: Batch) -> Batch:
    """Return M^-1 v of matrices (B x q x q) and vectors (B x q x k); NaN where M is singular."""
    try:
        return xp.linalg.solve(matrices, vectors)
    except (np.linalg.LinAlgError, RuntimeError):
        half = matrices.shape[0] // 2
    if not half:
        return xp.full_like(vectors, xp.nan)
    parts = (slice(None, half), slice(half, None))
    each = [solved(xp, matrices[part, ...], vectors[part, ...]) for part in parts]
    return xp.concat(each, axis=0)


def _tried(xp: Namespace, matrices: Batch) -> Batch | None:
    # NumPy's error is a ValueError, PyTorch's a RuntimeError; CuPy has none, and returns NaN.
    try:
        factors = xp.linalg.cholesky(matrices)
    except (np.linalg.LinAlgError, RuntimeError):
        return None
    return factors if bool(xp.all(xp.isfinite(factors))) else None
