"""The models and data that the tests of respecification share."""

from pathlib import Path

DATA = Path(__file__).parents[1] / "reference" / "data"

CROSS_BORDER = """
B1 =~ C3 + C1 + C2 + C4
B2 =~ C7 + C5 + C6 + C8 + C9 + C10
B3 =~ C11 + C12
B4 =~ C17 + C15 + C16 + C18
B5 =~ C21 + C19 + C20 + C22
B6 =~ C23 + C24
A1 =~ C26 + C27
A2 =~ C29 + C28
A1 ~ B1 + B2 + B3
A2 ~ B4 + B5 + B6
"""
DEMOCRACY = """
ind60 =~ x1 + x2 + x3
dem60 =~ y1 + y2 + y3 + y4
dem65 =~ y5 + y6 + y7 + y8
dem60 ~ ind60
dem65 ~ ind60 + dem60
"""
ABILITY = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
