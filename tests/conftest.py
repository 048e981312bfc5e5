"""Set-up for every test; its place puts this folder on the path, so `helpers` can be imported."""

from __future__ import annotations

from hypothesis import settings

# Random tests are the same on every run; a slow machine is not a failure.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
