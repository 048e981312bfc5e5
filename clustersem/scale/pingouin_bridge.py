"""The one file that imports pingouin."""

from __future__ import annotations

import pandas as pd

from clustersem.scale.answers import CompleteAnswers


def cronbach_alpha_of(answers: CompleteAnswers) -> float:
    """Cronbach's alpha of complete answers.

    ``nan_policy="listwise"`` is what SPSS does; the package's own default is pairwise. Its
    confidence interval is not taken: it is rounded to three decimals.
    """
    import pingouin

    frame = pd.DataFrame(answers.values, columns=list(answers.items))
    alpha, _ = pingouin.cronbach_alpha(data=frame, nan_policy="listwise")
    return float(alpha)
