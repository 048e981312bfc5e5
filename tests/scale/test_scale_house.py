"""The room's own rules: examples run, and importing it stays cheap."""

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import clustersem.scale

MODULES = [
    info.name for info in pkgutil.walk_packages(clustersem.scale.__path__, "clustersem.scale.")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_print_what_they_say(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


def test_there_are_examples_to_run():
    finder = doctest.DocTestFinder()
    public = [getattr(clustersem.scale, name) for name in clustersem.scale.__all__]
    functions = [
        f for f in public if not isinstance(f, type) and f is not clustersem.scale.validity
    ]
    for function in functions:
        assert any(test.examples for test in finder.find(function)), function.__name__


def test_heavy_packages_are_not_imported():
    heavy = [
        "scipy.optimize",
        "scipy.stats",
        "factor_analyzer",
        "pingouin",
        "sklearn",
        "matplotlib",
    ]
    code = f"import sys, clustersem.scale; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
