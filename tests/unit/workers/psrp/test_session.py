"""What a session makes of texts that no Unicode text is."""

from __future__ import annotations

import pytest

from workers.psrp.session import HostSession
from workers.psrp.transport import Endpoint, Timeouts
from workers.secrets import SecretStr

_ENDPOINT = Endpoint("host_1", "host_1@1", "hv1.example", 5986, "https", "negotiate", "LAB\\svc", SecretStr("pw"))


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("vm _xD800_ x", "vm \ufffd x"),
        ("vm _xDE00_", "vm \ufffd"),
        ("_xD800__xD83D__xDE00_", "\ufffd\U0001f600"),
        ("_xD83D__xDE00_", "\U0001f600"),
        ("a_x000A_b_x005F_xD800_", "a\nb_xD800_"),
    ],
)
def test_half_a_character_costs_itself_only(sent: str, text: str) -> None:
    """Somebody's VM may have such a name: it is shown with a mark, and the report that it stands in is not lost."""
    pool = HostSession(_ENDPOINT, Timeouts()).pool

    assert pool._serializer is pool._fragmenter.serializer
    assert text == pool._serializer.deserialize(f"<S>{sent}</S>")
