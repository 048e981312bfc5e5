"""Devices that users name, and matrices that cannot be factored or solved."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest

from clustersem.engine import arrays
from clustersem.engine.arrays import Device, cholesky, device_of, pairs, solved, usable
from clustersem.errors import UnsupportedError

LIBRARIES = ("numpy", "array_api_strict")


@pytest.mark.parametrize(
    ("text", "device"),
    [
        (None, Device("numpy")),
        ("numpy", Device("numpy")),
        ("torch", Device("torch")),
        ("torch:cuda", Device("torch", "cuda")),
        ("torch:cuda:1", Device("torch", "cuda:1")),
        ("cupy", Device("cupy")),
    ],
)
def test_names_of_devices(text, device):
    assert device_of(text) == device


@pytest.mark.parametrize("text", ["cuda", "gpu", "", "Torch", 0, True, ["torch"]])
def test_a_device_that_is_none(text):
    with pytest.raises(UnsupportedError, match="'torch:cuda' and 'cupy'") as caught:
        device_of(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("library", ["torch", "cupy"])
def test_a_library_that_is_not_installed(library, monkeypatch):
    arrays._namespace.cache_clear()
    monkeypatch.setitem(sys.modules, f"array_api_compat.{library}", None)
    with pytest.raises(UnsupportedError, match=f"pip install {library}"):
        usable(device_of(library))
    arrays._namespace.cache_clear()


def test_a_place_that_the_library_does_not_have():
    with pytest.raises(UnsupportedError, match="array_api_strict has no device 'moon'"):
        usable(device_of("array_api_strict:moon"))


def test_strict_is_installed_with_the_tests():
    assert importlib.util.find_spec("array_api_strict") is not None


@pytest.mark.parametrize("library", LIBRARIES)
def test_numbers_go_to_the_device_as_doubles_and_indices_and_come_back(library):
    device = device_of(library)
    for values, dtype in ((np.array([1.5, 2.5]), "float64"), (np.array([1, 2], np.intp), "int64")):
        there = device.asarray(values)
        assert str(there.dtype).endswith(dtype)
        np.testing.assert_array_equal(device.numpy(there), values)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("bad", [(), (0,), (3, 4), (0, 1, 2, 3, 4, 5, 6)])
def test_matrices_that_are_not_positive_definite_are_told_apart(library, bad):
    device = device_of(library)
    x = np.random.default_rng(0).standard_normal((7, 9, 3))
    matrices = x.transpose(0, 2, 1) @ x
    for number, place in enumerate(bad):
        matrices[place] = [-np.eye(3), np.full((3, 3), np.nan), np.ones((3, 3)) - np.eye(3)][
            number % 3
        ]
    factors, safe, good = (
        device.numpy(part) for part in cholesky(device.xp, device.asarray(matrices))
    )
    np.testing.assert_array_equal(np.flatnonzero(~good), bad)
    expected = np.where(good[:, None, None], matrices, np.eye(3))
    np.testing.assert_array_equal(safe, expected)
    np.testing.assert_allclose(factors @ factors.transpose(0, 2, 1), expected, atol=1e-12)


@pytest.mark.parametrize("library", LIBRARIES)
def test_equations_that_are_singular_have_no_solution_and_cost_no_other(library):
    device = device_of(library)
    rng = np.random.default_rng(1)
    matrices, vectors = rng.standard_normal((5, 3, 3)), rng.standard_normal((5, 3, 1))
    matrices[2] = 0.0
    matrices[4, 0] = matrices[4, 1] = 1.0
    x = device.numpy(solved(device.xp, device.asarray(matrices), device.asarray(vectors)))
    assert np.isnan(x[[2, 4]]).all()
    others = [0, 1, 3]
    np.testing.assert_allclose(matrices[others] @ x[others], vectors[others], atol=1e-12)


@pytest.mark.parametrize("library", LIBRARIES)
def test_pairs_of_rows_and_columns(library):
    device = device_of(library)
    matrices = np.arange(24.0).reshape(2, 3, 4)
    rows, cols = np.array([2, 0]), np.array([1, 3, 3])
    found = pairs(device, rows, cols, 4).of(device.xp, device.asarray(matrices))
    np.testing.assert_array_equal(device.numpy(found), matrices[:, rows][:, :, cols])
