"""How many questionnaires went out, came back and can be used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flow:
    """The way of the questionnaires from distribution to the valid answers.

    Attributes
    ----------
    distributed : int or None
        Questionnaires sent out. The codebook says it; where it does not, it is known only if the
        file lists people who did not answer (a row with, say, a respondent number and no answer);
        otherwise it is None.
    returned : int
        Rows with at least one answer.
    valid : int
        Rows that passed the screening.
    exclusions : tuple of (str, int)
        Reason and number of respondents excluded for it, in the order in which the reasons are
        applied. A respondent with several reasons counts under the first.

    Examples
    --------
    >>> flow = Flow(532, 503, 481, (("straight-lining", 15), ("duplicate", 7)))
    >>> print(flow)
    distributed            532
    returned               503   94.55 % of distributed
      straight-lining       15   excluded
      duplicate              7   excluded
    valid                  481   90.41 % of distributed
    >>> flow.excluded
    22
    """

    distributed: int | None
    returned: int
    valid: int
    exclusions: tuple[tuple[str, int], ...] = ()

    @property
    def excluded(self) -> int:
        """Returned questionnaires that were screened out."""
        return self.returned - self.valid

    @property
    def reasons(self) -> dict[str, int]:
        """Number of respondents excluded, by reason."""
        return dict(self.exclusions)

    @property
    def response_rate(self) -> float | None:
        """Share of the distributed questionnaires that came back; None if not known."""
        return self.returned / self.distributed if self.distributed else None

    @property
    def valid_rate(self) -> float:
        """Share of valid questionnaires among the distributed, or if not known, the returned."""
        return self.valid / (self.distributed or self.returned)

    def __str__(self) -> str:
        """Return the flow as lines of text."""
        base = "distributed" if self.distributed else "returned"
        rows: list[tuple[str, str, str]] = []
        if self.distributed:
            rows.append(("distributed", str(self.distributed), ""))
        else:
            rows.append(("distributed", "?", "not stated"))
        rate = self.response_rate
        share = "" if rate is None else f"{100 * rate:.2f} % of distributed"
        rows.append(("returned", str(self.returned), share))
        rows += [(f"  {reason}", str(n), "excluded") for reason, n in self.exclusions if n]
        rows.append(("valid", str(self.valid), f"{100 * self.valid_rate:.2f} % of {base}"))
        wide = max(18, *(len(name) for name, _, _ in rows))
        digits = max(7, *(len(number) for _, number, _ in rows))
        return "\n".join(f"{a:<{wide}}{b:>{digits + 1}}   {c}".rstrip() for a, b, c in rows)
