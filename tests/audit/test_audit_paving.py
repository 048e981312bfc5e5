"""Whether fit indices can come from one model and one null model is decided, not guessed."""

import math
import random

import pytest

from clustersem.audit.interval import Interval
from clustersem.audit.paving import QUANTITIES, is_possible, range_of
from clustersem.fit import indices


def values(chisq, df, baseline, df_baseline):
    against = (chisq, df, baseline, df_baseline)
    r, nfi, cfi = df / df_baseline, indices.nfi(chisq, baseline), indices.cfi(*against)
    return {
        "q": chisq / df / (baseline / df_baseline),
        "w": df_baseline / baseline,
        "r": r,
        "per_df": chisq / df,
        "nfi": nfi,
        "rfi": indices.rfi(*against),
        "tli": indices.tli(*against),
        "rni": indices.rni(*against),
        "cfi": cfi,
        "ifi": indices.ifi(chisq, df, baseline),
        "pnfi": r * nfi,
        "pcfi": r * cfi,
    }


def test_every_quantity_is_here():
    assert set(values(85.3, 24, 918.9, 36)) == set(QUANTITIES)


@pytest.mark.parametrize("seed", range(40))
def test_what_comes_from_one_model_is_possible_at_any_number_of_digits(seed):
    rng = random.Random(seed)
    p = rng.randint(4, 40)
    df_baseline = p * (p - 1) // 2
    df = rng.randint(1, df_baseline)
    baseline = df_baseline * math.exp(rng.uniform(0.05, 5.0))
    # Some models fit better than chance, some hardly better than the null model.
    chisq = rng.choice((0.3, 0.9, 2.0)) * df
    chisq = min(chisq, 0.99 * baseline)
    all_values = values(chisq, df, baseline, df_baseline)
    for _ in range(4):
        chosen = [name for name in QUANTITIES if rng.random() < 0.6]
        digits = rng.choice((2, 3, 4, 8))
        printed = {
            name: Interval.printed(round(all_values[name], digits), decimals=digits)
            for name in chosen
            if name not in ("q", "w", "r")
        }
        if rng.random() < 0.5:
            printed["r"] = Interval.exact(df / df_baseline)
        assert is_possible(printed), (printed, all_values)


def test_a_range_holds_the_value_and_no_more_than_the_others_leave_open():
    told = values(85.306, 24, 918.852, 36)
    known = {
        "r": Interval.exact(24 / 36),
        "per_df": Interval.printed(3.554, decimals=3),
        "nfi": Interval.printed(0.907, decimals=3),
    }
    for name in ("cfi", "tli", "ifi", "w", "rfi"):
        found = range_of(name, known)
        assert told[name] in found
        assert found.width < 0.004


def test_a_range_is_that_of_the_corners():
    # IFI = (1 - r q) / (1 - r w) with r q = 1 - NFI and w = q / u falls in u and rises with NFI.
    r, (nfi, u) = 272 / 325, (Interval(0.9525, 0.9535), Interval(2.7295, 2.7305))
    corners = [a / (1 - (1 - a) / b) for a in (nfi.lower, nfi.upper) for b in (u.lower, u.upper)]
    found = range_of("ifi", {"r": Interval.exact(r), "nfi": nfi, "per_df": u})
    assert found.lower == pytest.approx(min(corners), abs=2e-5)
    assert found.upper == pytest.approx(max(corners), abs=2e-5)


@pytest.mark.parametrize(
    "known",
    [
        {"nfi": 0.953, "cfi": 0.948},  # CFI below NFI needs NFI below 1 - r
        {"cfi": 0.953, "tli": 0.958},  # TLI above CFI needs more df than the null model has
        {"cfi": 0.953, "tli": 0.930},  # 1 - TLI is (1 - CFI) / r
        {"nfi": 0.900, "pnfi": 0.700},  # PNFI is r NFI
        {"per_df": 2.730, "nfi": 0.953, "ifi": 0.998},
        {"nfi": 0.950, "rfi": 0.960},
    ],
)
def test_what_no_model_gives_is_impossible(known):
    printed = {name: Interval.printed(x, decimals=3) for name, x in known.items()}
    assert not is_possible({**printed, "r": Interval.exact(272 / 325)})
    assert range_of("w", {**printed, "r": Interval.exact(272 / 325)}) is None


def test_indices_cut_off_at_one_or_zero_stay_possible():
    good, bad = values(10.0, 24, 900.0, 36), values(1200.0, 24, 900.0, 36)
    r = {"r": Interval.exact(24 / 36)}
    assert good["tli"] > 1.0
    for all_values, at in ((good, 1.0), (bad, 0.0)):
        u = Interval.printed(round(all_values["per_df"], 3), decimals=3)
        cut = {name: Interval.printed(at, decimals=3) for name in ("cfi", "tli")}
        assert is_possible({**r, **cut, "per_df": u})
    # A model as good as chance has a CFI of one, not less.
    assert not is_possible({**r, "cfi": Interval(0.9, 0.99), "per_df": Interval(0.3, 0.9)})


def test_without_anything_known_anything_is_possible():
    assert is_possible({})
    found = range_of("cfi", {})
    assert found.lower <= 0.0
    assert found.upper >= 1.0
