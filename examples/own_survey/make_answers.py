"""Draw the synthetic answers of this example: nobody gave them.

python make_answers.py [file]
"""

import sys
from pathlib import Path

import numpy as np

ITEMS = [
    *("trust1", "trust2", "trust3", "trust4"),
    *("ease1", "ease2", "ease3", "ease4"),
    *("buy1", "buy2", "buy3"),
]
N = 170

rng = np.random.default_rng(2024)
trust = rng.normal(size=N)
ease = 0.4 * trust + np.sqrt(1 - 0.4**2) * rng.normal(size=N)
buy = 0.5 * trust + 0.3 * ease + 0.7 * rng.normal(size=N)
loadings = [0.8, 0.8, 0.7, -0.7, 0.8, 0.8, 0.7, 0.2, 0.9, 0.8, 0.8]
traits = [trust] * 4 + [ease] * 4 + [buy] * 3
# trust4 is worded the other way round; ease4 hardly asks about ease at all.
answers = np.column_stack(
    [
        np.clip(np.rint(3.4 + load * trait + 0.6 * rng.normal(size=N)), 1, 5)
        for load, trait in zip(loadings, traits, strict=True)
    ]
).astype(int)

rows = [[str(value) for value in line] for line in answers]
for line, item in ((3, 2), (17, 5), (40, 9), (77, 0)):
    rows[line][item] = "99"  # did not answer
rows[25] = ["3"] * len(ITEMS)  # ticked the middle all the way down
rows[60] = ["4"] * len(ITEMS)
rows[101][4:] = ["99"] * 7  # gave up
rows[130][6] = "55"  # a slip of the typist
rows.append(rows[12])  # entered twice

target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("answers.csv")
header = ["respondent", "region", *ITEMS]
lines = [
    ",".join([f"R{number:03d}", "north" if number % 2 else "south", *row])
    for number, row in enumerate(rows, 1)
]
target.write_text("\n".join([",".join(header), *lines]) + "\n", encoding="utf-8")
