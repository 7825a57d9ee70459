"""What can be said of a receiver of webhooks when it is named: an address that no worker would call is refused early.

Names are not resolved here: they may lead elsewhere when they are called, and the workers judge them then.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from service.api.problems import invalid_field
from service.ledger.reach import AddressRules
from service.settings import Settings


def refuse_receiver(settings: Settings, url: str, pointer: str) -> None:
    """Refuse a URL whose host is an address, in whatever spelling, or a name that may never be called.

    Raises:
        Problem: 422 that names the member, and the settings of the operator.
    """
    rules = AddressRules(settings.webhook_networks, settings.webhook_hosts)
    reason = rules.early_refusal(urlsplit(url).hostname or "")
    if reason:
        detail = (
            f"Webhooks may not go there: {reason}. The operator lists networks and hosts in "
            "MATRYOSHKA_WEBHOOK_NETWORKS and MATRYOSHKA_WEBHOOK_HOSTS."
        )
        raise invalid_field(pointer, "address_refused", detail)
