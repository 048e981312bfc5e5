"""Set-up for every test: its place puts this folder on the path, where ``helpers`` are."""

from __future__ import annotations
