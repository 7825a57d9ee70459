"""Unit tests touch no network."""

from __future__ import annotations

import pytest
from pytest_socket import disable_socket


@pytest.fixture(autouse=True)
def _no_sockets() -> None:
    """Any socket in a unit test is an error."""
    disable_socket(allow_unix_socket=True)
