"""What a benchmark says: a ratio with its aim, and how it came about."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One ratio. `ratios` are those of single rounds; the median counts. `at_least` or `at_most` is the aim."""

    name: str
    ratios: Sequence[float]
    seen: str
    how: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def ratio(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.ratios)

    @property
    def aim(self) -> str:
        """The aim in words; '' when there is none."""
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return f"<= {self.at_most:g}" if self.at_most is not None else ""

    @property
    def is_met(self) -> bool:
        """Whether the median meets the aim."""
        if self.at_least is not None:
            return self.ratio >= self.at_least
        return self.at_most is None or self.ratio <= self.at_most


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table."""
    rows = ["| what | ratio (median) | range | aim | met | seen |", "|---|---|---|---|---|---|"]
    rows += [
        f"| {item.name} | {item.ratio:.2f} | {min(item.ratios):.2f}-{max(item.ratios):.2f} | {item.aim} | "
        f"{'yes' if item.is_met else 'no'} | {item.seen} |"
        for item in figures
    ]
    return "\n".join(rows)
