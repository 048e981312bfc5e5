"""Printed tables into a list of contradictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustersem.audit.entry_point import audit, read_published
from clustersem.later import later

if TYPE_CHECKING:
    from clustersem.audit.published import Published
    from clustersem.audit.result import Audit

__all__ = ["Audit", "Published", "audit", "read_published"]

__getattr__ = later(
    "clustersem.audit",
    {"Audit": "clustersem.audit.result", "Published": "clustersem.audit.published"},
)
