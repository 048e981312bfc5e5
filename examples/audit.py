"""The audit of a paper's tables: which of the printed numbers cannot all be right."""

import sys
from pathlib import Path

import clustersem as cs
from clustersem.report import audit_html, audit_json

HERE = Path(__file__).resolve().parent

found = cs.audit(HERE / "audit.toml")
print(found)

# The same as a table: what was printed, and what it would have to be.
print()
print(found.table[["place", "quantity", "printed", "required", "severity"]].to_string(index=False))

# A page for the browser and the findings for a program, where a folder is given.
if len(sys.argv) > 1:
    folder = Path(sys.argv[1])
    audit_html(found, folder / "audit.html")
    audit_json(found, folder / "audit.json")
