"""What tests of chat share: an app that Slack may speak to, a worker that plays along, and a fake Slack."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.ledger.reach import AddressRules
from service.ledger.sealing import open_sealed
from service.ledger.store import Claim, DeliveryClaim, StepResult, Store
from tests.integration.api_kit import Api, running_api
from tests.integration.fake_slack import BOT_TOKEN, SIGNING_SECRET, USER, FakeSlack, SlackUser, teams_file
from workers.secrets import Keyring, References
from workers.webhooks import Sender, SendSettings

LOOPBACK = AddressRules((ipaddress.ip_network("127.0.0.0/8"),))


@dataclass
class ChatRoom:
    """An app, its ledger, a fake Slack and a worker's hands."""

    api: Api
    slack: FakeSlack
    sender: Sender

    @property
    def store(self) -> Store:
        """The ledger."""
        return self.api.store

    def user(self, name: str = USER, **fields: Any) -> SlackUser:
        """Return a user at his keyboard."""
        return SlackUser(self.api.app, self.slack, self.api.context.clock(), name, **fields)

    def deliver(self) -> list[DeliveryClaim]:
        """Send everything that is due; return it."""
        done = []
        while claim := self.store.deliveries.claim("w1", 60):
            assert self.store.deliveries.finish(claim, self.sender.send(claim))
            done.append(claim)
        return done

    def step(self, outcome: str = "succeeded", **fields: Any) -> Claim | None:
        """Claim one step and end it; None when there is none."""
        claim = self.store.leases.claim("w1", 60)
        if claim is not None:
            assert self.store.leases.finish(claim, StepResult(outcome, **fields))
        return claim

    def work(self, **fields: Any) -> None:
        """Do all steps, sending what is due after each; `fields` are those of their results."""
        while self.step(**fields):
            self.deliver()

    def job_id(self) -> str:
        """Return the newest job."""
        found: str = self.api.call("GET", "/v1/jobs").get_json()["items"][0]["id"]
        return found


@contextmanager
def open_chat(redis_url: str, slack: FakeSlack, directory: Path, **team: Any) -> Iterator[ChatRoom]:
    """Lend a furnished app with one workspace."""
    teams = directory / "teams.json"
    teams.write_text(teams_file(**team))
    settings = {
        "MATRYOSHKA_SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "MATRYOSHKA_SLACK_TEAMS_FILE": str(teams),
        "MATRYOSHKA_BASE_URL": "https://mk.example",
        "MATRYOSHKA_WEBHOOK_NETWORKS": "0.0.0.0/0,127.0.0.0/8",
    }
    with running_api(redis_url, **settings) as api:
        environ = {"MATRYOSHKA_SECRET_SLACK_BOT": BOT_TOKEN}
        keyring = Keyring(lambda box: open_sealed(api.private_key, box), References(environ=environ))
        sending = SendSettings(LOOPBACK, base_url="https://mk.example", slack_api=f"{slack.url}/api")
        yield ChatRoom(api, slack, Sender(keyring, sending))
