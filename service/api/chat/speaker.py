"""Who speaks in Slack, what the operator's file lets him do, and where he is answered."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.api.auth import Caller
from service.api.idempotency import fingerprint
from service.api.sealer import sealed
from service.api.submitting import Sender
from service.chat.masking import masked_url
from service.ledger.store import Conversation, Idempotency
from service.ledger.store.chat import TOKEN_SECRET, URL_SECRET, url_id
from service.slack_settings import SlackTeam


class NotAllowed(Exception):
    """The user may not do this; the text says what is missing."""


@dataclass(frozen=True)
class Speaker:
    """A user in a channel of a workspace. `response_url` is a secret. `pressed`: a button was, no command was typed."""

    team: SlackTeam
    user: str
    channel: str
    response_url: str = field(repr=False)
    pressed: bool = False

    @property
    def id(self) -> str:
        """The id as a caller: workspace and user."""
        return f"slack:{self.team.id}:{self.user}"

    def caller(self) -> Caller:
        """Return who calls, with what he may do."""
        scopes = self.team.scopes(self.user, self.channel)
        return Caller(self.id, f"{self.user} of {self.team.name}", scopes, tenant=self.team.tenant, kind="chat")

    def demand(self, scope: str) -> None:
        """Raise NotAllowed unless the user has the scope here."""
        if not self.caller().may(scope):
            raise NotAllowed(
                f"You may not do this here: it needs {scope}. The operator's file knows you as {self.user} in "
                f"{self.channel} of {self.team.id}."
            )

    def labels(self) -> dict[str, str]:
        """Return labels that say who asked, for lists of jobs."""
        return {"slack-user": self.user, "slack-channel": self.channel}

    def conversation(self) -> Conversation:
        """Return where the user is answered, as the ledger keeps it."""
        return Conversation(
            self.team.id,
            self.channel,
            self.user,
            url_id(self.response_url),
            masked_url(self.response_url),
            bot=self.team.bot_token is not None,
            replaces=self.pressed,
            tenant=self.team.tenant,
        )

    def address(self, public_key: str) -> dict[str, str]:
        """Return the response_url, sealed."""
        return sealed(public_key, {"value": self.response_url})

    def sender(self, public_key: str, origin: Mapping[str, str], key: str, body: Mapping[str, Any]) -> Sender:
        """Return the sender of a job that this conversation is told of. `key` makes it one job, however often sent."""
        secrets: dict[str, Mapping[str, Any]] = {URL_SECRET: self.address(public_key)}
        if self.team.bot_token:
            secrets[TOKEN_SECRET] = dict(self.team.bot_token)
        return Sender(
            self.team.tenant,
            origin["request_id"],
            origin["traceparent"],
            Idempotency(f"SLACK {key}", fingerprint(body)),
            self.id,
            self.conversation(),
            secrets,
        )


def new_pending_id() -> str:
    """Return a name for a question that nobody can guess."""
    return f"ask_{uuid.uuid4().hex}"
