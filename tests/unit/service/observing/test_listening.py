"""Where metrics are served."""

from __future__ import annotations

import pytest

from service.observing.listening import place_of


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", None),
        (" ", None),
        ("9464", ("127.0.0.1", 9464)),
        (":9464", ("127.0.0.1", 9464)),
        ("0.0.0.0:9464", ("0.0.0.0", 9464)),
        ("[::1]:9464", ("::1", 9464)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_places(text: str, place: tuple[str, int] | None) -> None:
    """A port alone is loopback's: nobody else sees figures by accident."""
    assert place == place_of(text)


@pytest.mark.parametrize("text", ["x", "0.0.0.0", "host:", "host:99999", "1.2.3.4:٣"])
def test_what_is_no_place(text: str) -> None:
    """What cannot be read is refused instead of serving nowhere."""
    with pytest.raises(ValueError, match="PORT or HOST:PORT"):
        place_of(text)
