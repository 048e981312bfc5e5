"""Which files of tests need what the tests do not install."""

from __future__ import annotations

from importlib.util import find_spec

# PyTorch is large, and the array API standard is tested without it; see test_torch.py.
collect_ignore = [] if find_spec("torch") else ["test_torch.py"]
