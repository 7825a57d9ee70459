"""Chat in the ledger: five messages in half an hour whatever happens to their tries, in order, then by the bot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.ledger.job import Job
from service.ledger.store import Conversation, Decided, DeliveryClaim, DeliveryResult, DeliveryState
from service.ledger.store.chat import url_id
from tests.integration.ledger_kit import Ledger, open_ledger, step

SECRETS = {"chat_response_url": {"sealed": "box"}, "chat_bot_token": {"ref": "env:MATRYOSHKA_SECRET_BOT"}}
FAILED = DeliveryResult(False, 500, "HTTP 500")
DONE = DeliveryResult(True, 200)
HALF_AN_HOUR = 1800.0


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """A ledger that tries again soon and often, without jitter."""
    with open_ledger(redis_url, webhook_schedule=(0.0,) + (10.0,) * 20, webhook_jitter=0.0) as one:
        yield one


def _talk(*, bot: bool = False, name: str = "1") -> Conversation:
    shown = "https://hooks.slack.com/****abcd"
    return Conversation("T1", "C1", "U1", url_id(f"https://hooks.slack.com/commands/{name}"), shown, bot)


def _job(ledger: Ledger, steps: int = 4, *, bot: bool = False, name: str = "1") -> Job:
    chain = [step(f"s-{number}", *([f"s-{number - 1}"] if number else [])) for number in range(steps)]
    secrets = SECRETS if bot else {"chat_response_url": SECRETS["chat_response_url"]}
    return ledger.job(*chain, chat=_talk(bot=bot, name=name).stored(), secrets=secrets)


def _claim(ledger: Ledger) -> DeliveryClaim | None:
    return ledger.store.deliveries.claim("w1", 60)


def _tell(ledger: Ledger, result: DeliveryResult = DONE) -> list[tuple[str, str]]:
    """Try all that is due once; return types and ways."""
    told = []
    while claim := _claim(ledger):
        assert ledger.store.deliveries.finish(claim, result)
        told.append((str(claim.delivery.event.type), claim.way))
    return told


def _states(ledger: Ledger, job: Job) -> list[str]:
    return [str(one.state) for one in reversed(ledger.store.deliveries.list(job_id=job.id))]


def test_three_messages_tell_a_job(ledger: Ledger) -> None:
    """A job is told at its acceptance, once at half, and at its end: the address, its secret and the job come along."""
    job = _job(ledger, 6)
    claim = _claim(ledger)
    assert claim is not None
    ledger.store.deliveries.finish(claim, DONE)
    ledger.work()

    assert ("slack", "url", {"url": {"sealed": "box"}}) == (claim.format, claim.way, claim.secrets)
    assert ("inspect_host", 0) == (claim.about["kind"], claim.about["percent"])
    assert "https://hooks.slack.com/****abcd" == claim.delivery.url
    assert ["job.queued", "step.succeeded", "job.succeeded"] == [
        str(one.event.type) for one in reversed(ledger.store.deliveries.list(job_id=job.id))
    ]


def test_every_try_counts_and_the_end_has_one_left(ledger: Ledger) -> None:
    """Failed tries and those of killed workers count like sent ones; four are for the rest, the fifth for the end."""
    job = _job(ledger)
    tries = 0
    for outcome in ("fail", "kill", "fail", "kill", "never"):
        claim = _claim(ledger)
        assert (claim is None) == (outcome == "never")
        if claim is not None:
            tries += 1
            if outcome == "fail":
                ledger.store.deliveries.finish(claim, FAILED)
            ledger.advance(61)  # the lease of a killed worker ends
            ledger.store.leases.sweep()
    assert 4 == tries
    assert ["cancelled"] == _states(ledger, job)

    ledger.work()
    assert [("job.succeeded", "url")] == _tell(ledger, FAILED)
    ledger.advance(20)
    assert [] == _tell(ledger)
    assert "cancelled" == _states(ledger, job)[-1]


def test_an_unused_claim_is_given_back(ledger: Ledger) -> None:
    """A worker that leaves and gives its delivery back has used nothing."""
    _job(ledger)
    for _ in range(9):
        claim = _claim(ledger)
        assert claim is not None
        ledger.store.deliveries.finish(claim, DeliveryResult(False, released=True))

    assert [("job.queued", "url")] == _tell(ledger)


@pytest.mark.parametrize("bot", [False, True])
def test_after_half_an_hour_the_bot_goes_on(ledger: Ledger, *, bot: bool) -> None:
    """An old response_url is not used; with a bot token the message goes by the bot, without one it is given up."""
    job = _job(ledger, bot=bot)
    _tell(ledger)
    ledger.advance(HALF_AN_HOUR)
    ledger.work()

    told = _tell(ledger)
    assert ([("job.succeeded", "bot")] if bot else []) == told[-1:]
    assert ("succeeded" if bot else "cancelled") == _states(ledger, job)[-1]


def test_the_bot_tells_every_tenth_and_changes_its_message(ledger: Ledger) -> None:
    """By the bot each tenth of the way is told; what it posted first is known to every later message."""
    _job(ledger, 20, bot=True)
    _tell(ledger)
    ledger.advance(HALF_AN_HOUR)
    posted = []
    while claim := ledger.store.leases.claim("w1", 60):
        ledger.end(claim)
        told = _claim(ledger)
        if told is not None:
            posted.append(told.about["posted"])
            ledger.store.deliveries.finish(told, DeliveryResult(True, 200, posted="C1:1503435956.000247"))

    assert ["", *["C1:1503435956.000247"] * 9] == posted  # 10 % to 90 %, and the end


def test_a_used_up_address_opens_the_other_way(ledger: Ledger) -> None:
    """When Slack says that a response_url takes no more, the same message goes by the bot at once."""
    _job(ledger, bot=True)

    assert [("job.queued", "url"), ("job.queued", "bot")] == [
        *_tell_once(ledger, DeliveryResult(False, 404, gone=True)),
        *_tell_once(ledger, DONE),
    ]


def _tell_once(ledger: Ledger, result: DeliveryResult) -> list[tuple[str, str]]:
    claim = _claim(ledger)
    assert claim is not None
    ledger.store.deliveries.finish(claim, result)
    return [(str(claim.delivery.event.type), claim.way)]


def test_messages_keep_their_order(ledger: Ledger) -> None:
    """One message of a job is under way at a time, and what a later one has overtaken is not sent any more."""
    job = _job(ledger)
    first = _claim(ledger)
    assert first is not None
    ledger.work()
    assert None is _claim(ledger)  # the first is still under way
    ledger.store.deliveries.finish(first, FAILED)
    ledger.advance(5)
    assert [("step.succeeded", "url"), ("job.succeeded", "url")] == _tell(ledger)
    ledger.advance(60)
    assert [] == _tell(ledger)

    assert ["cancelled", "succeeded", "succeeded"] == _states(ledger, job)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["work", "fail", "done", "kill", "leave", "wait"]), min_size=20, max_size=40))
def test_never_more_than_five_in_half_an_hour(ledger: Ledger, moves: list[str]) -> None:
    """Whatever workers do, no response_url gets more than five messages, and none after its half hour."""
    name = str(ledger.now)
    began = ledger.now
    _job(ledger, 6, bot=True, name=name)
    sent: list[float] = []
    for move in moves:
        if move == "wait":
            ledger.advance(200)
        elif move == "work" and (claim := ledger.store.leases.claim("w1", 60)):
            ledger.end(claim)
        elif move != "work" and (told := _claim(ledger)):
            sent += [ledger.now] if told.way == "url" and move != "leave" else []
            results = {"fail": FAILED, "done": DONE, "leave": DeliveryResult(False, released=True)}
            if move in results:
                ledger.store.deliveries.finish(told, results[move])
            else:
                ledger.advance(61)
        ledger.store.leases.sweep()
    ledger.advance(10_000)
    ledger.store.leases.sweep()
    ledger.work()
    while _tell(ledger):
        ledger.advance(60)

    assert len(sent) <= 5
    assert all(at - began < HALF_AN_HOUR for at in sent)


@pytest.mark.parametrize(("form", "seconds"), [("teams", 0.25), ("slack", 1.0)])
def test_an_endpoint_for_people_is_not_hurried(ledger: Ledger, form: str, seconds: float) -> None:
    """Teams gets at most four messages a second by one endpoint, Slack one; other endpoints wait for nothing."""
    ledger.endpoint("job.*", format=form)
    ledger.endpoint("job.queued")
    for _ in range(3):
        ledger.job(step("a"))
    assert 1 + 3 == len(_tell(ledger))
    ledger.advance(seconds * 0.9)
    assert [] == _tell(ledger)
    ledger.advance(seconds * 0.1)
    assert 1 == len(_tell(ledger))


def test_a_reply_is_no_event_and_forgets_its_address(ledger: Ledger) -> None:
    """A reply goes to its conversation only, is in no feed, and its address is gone once it was sent."""
    everything = ledger.endpoint("*")
    delivery_id = ledger.store.chat.reply(_talk(), {"sealed": "box"}, {"text": "no"})
    claim = _claim(ledger)
    assert claim is not None
    assert (delivery_id, {"text": "no"}, {"url": {"sealed": "box"}}) == (
        claim.delivery.id,
        claim.delivery.event.data,
        claim.secrets,
    )
    ledger.store.deliveries.finish(claim, DONE)

    assert [] == ledger.store.deliveries.list(endpoint_id=everything)
    assert [] == ledger.events(None)
    assert not ledger.store.client.hexists(f"t:delivery:{delivery_id}", "secrets")
    ledger.store.deliveries.redeliver(delivery_id)
    assert None is _claim(ledger)
    assert DeliveryState.CANCELLED == ledger.store.deliveries.list(state="cancelled")[0].state
    with pytest.raises(ValueError, match="not sealed"):
        ledger.store.chat.reply(_talk(), {"value": "https://hooks.slack.com/1"}, {"text": "no"})


def test_the_first_decision_stands(ledger: Ledger) -> None:
    """A question is decided once, by the one who was asked, within its time."""
    chat = ledger.store.chat
    chat.pend("ask_1", "slack:T1:U1", {"do": "build"}, 900)

    assert Decided.FOREIGN == chat.decide("ask_1", "slack:T1:U2", "confirm").outcome
    assert [("confirm", {"do": "build"})] * 2 == [
        (one.decision, one.body)
        for one in (chat.decide("ask_1", "slack:T1:U1", word) for word in ("confirm", "decline"))
    ]
    ledger.advance(900)
    assert Decided.GONE == chat.decide("ask_1", "slack:T1:U1", "confirm").outcome
    assert Decided.GONE == chat.decide("ask_2", "slack:T1:U1", "confirm").outcome


def test_messages_of_a_job_that_was_removed_leave_nothing_of_it(ledger: Ledger) -> None:
    """A try that ends, or comes due, after the job's retention is over makes no half job of it again."""
    job = _job(ledger, 1, bot=True)
    ledger.work()
    claim = ledger.store.deliveries.claim("w1", 1e7)
    assert claim is not None
    ledger.advance(ledger.store.settings.retention_seconds - 60)
    ledger.store.client.zadd("t:ended", {job.id: 0})
    ledger.store.leases.sweep()
    ledger.store.deliveries.finish(claim, DeliveryResult(True, 200, posted="17.1"))

    assert [] == _tell(ledger)
    assert ["succeeded", "cancelled"] == _states(ledger, job)
    assert [] == ledger.store.client.keys(f"t:job:{job.id}*")
    assert ledger.store.jobs.get(job.id) is None
