"""What is raised when the environment cannot be used."""

from __future__ import annotations


class SettingsError(ValueError):
    """A variable of the environment cannot be used. Not retryable: mend the environment and start again."""

    def __init__(self, variable: str, reason: str) -> None:
        super().__init__(f"{variable}: {reason}")
        self.variable = variable
