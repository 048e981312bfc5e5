"""Keep what lavaan says of some surveys: ``python -m benchmarks.papers_reference FOLDER``.

FOLDER is what ``python -m benchmarks.papers --lavaan FOLDER`` filled. Kept are surveys with few
items, a variety of options, numbers with ten digits.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.papers_numbers import by_lavaan
from benchmarks.papers_surveys import survey

KEPT = Path(__file__).parent.parent / "tests" / "reference" / "audit" / "lavaan_papers.json"
FEWEST, MOST_ITEMS = 30, 12


def main() -> int:
    """Write the numbers of the first surveys that are small."""
    folder, kept = Path(sys.argv[1]), []
    for path in sorted(folder.glob("*.json")):
        one = survey(int(path.stem))
        if sum(map(len, one.constructs.values())) > MOST_ITEMS:
            continue
        numbers = by_lavaan(one, json.loads(path.read_text(encoding="utf-8")))
        if numbers is not None and numbers["proper"]:
            kept.append(_shortened(numbers))
        if len(kept) == FEWEST:
            break
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in kept)
    KEPT.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"Written: {KEPT}, {len(kept)} fits")
    return 0


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shortened(each) for each in value]
    return float(f"{value:.10g}") if isinstance(value, float) else value


if __name__ == "__main__":
    raise SystemExit(main())
