"""Set-up for every test; its place puts this folder on the path, so that ``helpers`` can be imported."""

from __future__ import annotations
