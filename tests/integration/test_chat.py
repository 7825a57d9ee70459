"""Slack from a command to the last message: questions, presses, jobs, messages in order, secrets nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.api_kit import open_api
from tests.integration.chat_kit import ChatRoom, open_chat
from tests.integration.fake_slack import (
    BOSS,
    BOT_TOKEN,
    CHANNEL,
    SIGNING_SECRET,
    TEAM,
    USER,
    FakeSlack,
    buttons_of,
    signed,
    slack_running,
    text_of,
)

BUILD = "build a 3-node nested hyper-v cluster on hv1 named lab1"


@pytest.fixture(scope="module")
def slack_server() -> Iterator[FakeSlack]:
    """One fake Slack for all tests here."""
    with slack_running() as slack:
        yield slack


@pytest.fixture
def room(redis_url: str, slack_server: FakeSlack, tmp_path: Path) -> Iterator[ChatRoom]:
    """A furnished app with one workspace, and a fake Slack that has got nothing yet."""
    slack_server.sent.clear()
    slack_server.answers.clear()
    slack_server.used.clear()
    with open_chat(redis_url, slack_server, tmp_path) as room:
        yield room


def _asked(room: ChatRoom, text: str = BUILD) -> list[dict[str, Any]]:
    return buttons_of(room.user().types(text))


def _dump(room: ChatRoom) -> str:
    client: Any = room.store.client
    readers: dict[str, Any] = {
        "hash": client.hgetall,
        "string": client.get,
        "stream": client.xrange,
        "set": client.smembers,
        "list": lambda key: client.lrange(key, 0, -1),
        "zset": lambda key: client.zrange(key, 0, -1),
    }
    return "\n".join(f"{key} {readers[client.type(key)](key)}" for key in client.scan_iter())


def test_from_a_command_to_the_last_message(room: ChatRoom) -> None:
    """A command is asked back with its plan, the press builds it, and three messages tell how it goes, in order."""
    answer = room.user().types(BUILD)
    build, cancel = buttons_of(answer)

    assert "ephemeral" == answer["response_type"]
    for shown in ("Build nested cluster lab1?", "hv1", "8 GiB, 4 CPUs", "24 GiB", "Estimate"):
        assert shown in text_of(answer)
    assert ("Build", "Cancel") == (build["text"]["text"], cancel["text"]["text"])
    assert [] == room.api.call("GET", "/v1/jobs").get_json()["items"]  # nothing is done before the press

    pressed = room.user().presses(build)
    assert (200, b"") == (pressed.status_code, pressed.data)
    room.deliver()
    room.work()

    job = room.api.call("GET", f"/v1/jobs/{room.job_id()}").get_json()
    assert "succeeded" == job["state"]
    assert ("lab1", "lab1", 3) == tuple(
        job["request"][k][n] for k, n in (("cluster", "name"), ("nodes", "name_prefix"), ("nodes", "count"))
    )
    assert {"slack-user": USER, "slack-channel": CHANNEL} == job["labels"]
    assert ["guest_administrator"] == list(room.store.labs.secrets(job["lab_id"]))  # the conversation is the job's own
    accepted, half, end = room.slack.sent
    assert ["is accepted", "is on its way", "is done"] == [
        one.body["text"].partition("lab1 ")[2] for one in (accepted, half, end)
    ]
    assert {f"/commands/{TEAM}/397700885554/96rGlfmibIGlgcZRskXaIFfp"} == {one.where for one in room.slack.sent}
    assert all(one.body["replace_original"] for one in room.slack.sent)
    assert "▓▓▓▓▓" in text_of(half.body)
    assert f"https://mk.example/v1/jobs/{job['id']}" in text_of(end.body)


def test_secrets_of_a_conversation_are_nowhere(room: ChatRoom, capfd: pytest.CaptureFixture[str]) -> None:
    """response_url, bot token and signing secret are in no record in the clear, in no answer and in no output."""
    room.user().presses(_asked(room)[0])
    _, no = _asked(room)
    room.user().presses(no, "q")
    room.slack.answers = [(500, {"seen": room.slack.response_url("p")})]
    dump = _dump(room)
    room.deliver()
    room.work()
    dump += _dump(room)
    answers = [
        room.api.call("GET", path).text
        for path in (
            "/v1/jobs",
            f"/v1/jobs/{room.job_id()}",
            f"/v1/jobs/{room.job_id()}/events",
            "/v1/events",
            "/v1/webhook-deliveries",
            *(f"/v1/webhook-deliveries/{one.id}" for one in room.store.deliveries.list(limit=100)),
        )
    ]
    output = "".join(capfd.readouterr())

    assert "[secret]" in "".join(answers)  # the answer that echoed the address was kept without it
    for secret in ("96rGlfmibIGlgcZRskXaIFf", BOT_TOKEN, SIGNING_SECRET, "Shh_its_a_seekrit"):
        for text in (dump, *answers, output):
            assert secret not in text


def test_deeds_are_audited(room: ChatRoom) -> None:
    """What a press does is in the audit log as the deed of the chat user; questions and refusals are not."""
    build, _ = _asked(room)
    room.user("U0GUEST").presses(build)
    room.user().presses(build)
    room.store.audit.seal()
    entries = [json.loads(line) for line in room.store.audit.lines()]
    found = [entry for entry in entries if entry["operation"].startswith("slack")]

    assert [("slackInteraction", "chat", f"slack:{TEAM}:{USER}", "default")] == [
        (one["operation"], one["actor"]["kind"], one["actor"]["id"], one["actor"]["tenant"]) for one in found
    ]
    assert room.job_id() == found[0]["target"]["id"]


def test_a_press_counts_once(room: ChatRoom) -> None:
    """Build pressed twice is one job; after Build, Cancel changes nothing, and after Cancel nothing is built."""
    build, cancel = _asked(room)
    for button in (build, build, cancel):
        assert 200 == room.user().presses(button).status_code
    assert 1 == len(room.api.call("GET", "/v1/jobs").get_json()["items"])
    room.deliver()
    assert ["is accepted"] == [text.partition("lab1 ")[2] for text in room.slack.texts()]  # and nobody is refused

    build, cancel = _asked(room, BUILD.replace("lab1", "lab2"))
    for button in (cancel, build):
        room.user().presses(button, "other")
    assert 1 == len(room.api.call("GET", "/v1/jobs").get_json()["items"])
    room.deliver()
    assert ["Nothing was done."] * 2 == room.slack.texts()[-2:]


def test_a_question_is_its_users_own_and_not_open_for_long(room: ChatRoom) -> None:
    """Another user's press is refused, and so is one after a quarter of an hour."""
    build, _ = _asked(room)
    room.user(BOSS).presses(build, "boss")
    pending = f"mk:chat_pending:{build['value']}"
    assert 900 <= room.store.client.ttl(pending) <= 960
    room.store.client.hset(pending, "until", "1")
    room.user().presses(build, "late")
    room.deliver()

    assert [] == room.api.call("GET", "/v1/jobs").get_json()["items"]
    assert ["Another user was asked this.", "This question is not open any more; ask again."] == room.slack.texts()


def test_rights_come_from_the_operators_file(room: ChatRoom) -> None:
    """Who may only read is told what is missing; a channel and a workspace that nobody listed get nothing."""
    assert "it needs jobs:write" in text_of(room.user("U0GUEST").types(BUILD))
    assert "There are no jobs." == room.user("U0GUEST").types("jobs")["text"]
    assert "it needs jobs:read" in text_of(room.user(channel="C0OTHER").types("jobs"))
    assert "not set up" in room.user().types("jobs", team_id="T0OTHER")["text"]

    build, _ = _asked(room)
    room.user(channel="C0OTHER").presses(build)  # rights are judged anew
    room.deliver()
    assert "it needs jobs:write" in room.slack.texts()[0]
    assert [] == room.api.call("GET", "/v1/jobs").get_json()["items"]


def test_a_workspace_sees_its_own_tenant_only(room: ChatRoom) -> None:
    """Jobs and labs of another tenant are not there for a workspace: neither shown, nor cancelled, nor torn down."""
    room.user().presses(_asked(room)[0])
    job = room.job_id()
    lab = room.api.call("GET", f"/v1/jobs/{job}").get_json()["lab_id"]
    for key in (f"mk:job:{job}", f"mk:lab:{lab}"):
        room.store.client.hset(key, "tenant", "others")

    for text, told in (
        ("jobs", "There are no jobs."),
        ("labs", "There are no labs."),
        (f"status {job}", "There is no job"),
        ("status lab1", "There is no lab"),
        (f"cancel {job}", "There is no job"),
        (f"teardown {lab}", "There is no lab"),
        (f"verify {lab}", "There is no lab"),
    ):
        assert told in text_of(room.user().types(text)), text


def test_status_lists_cancel_verify_and_teardown(room: ChatRoom) -> None:
    """The other commands show and steer jobs and labs, by id or by name; what destroys is asked back."""
    room.user().presses(_asked(room)[0])
    assert "queued" in text_of(room.user().types("status lab1"))
    assert room.job_id() in text_of(room.user().types("jobs"))
    cancel, _ = _asked(room, f"cancel {room.job_id()}")
    room.user().presses(cancel, "x")
    assert "cancelled" in room.api.call("GET", f"/v1/jobs/{room.job_id()}").get_json()["state"]

    room.user().presses(_asked(room, BUILD.replace("lab1", "lab2"))[0], "y")
    room.work(facts={"node.lab2-1.vm_id": "11111111-1111-1111-1111-111111111111"})
    assert "lab2: ready" == room.user().types("status LAB2")["text"]
    assert "*lab2*" in text_of(room.user().types("labs"))
    told = room.user().types("verify lab2")["text"]
    assert room.job_id() in told
    room.work()
    assert "Verification lab2 is done" in room.slack.texts()[-1]
    assert not room.slack.sent[-1].body["replace_original"]  # a command leaves no message to replace
    room.user().presses(_asked(room, "teardown lab2")[0], "z")
    room.work()
    assert "There is no lab lab3." in text_of(room.user().types("status lab3"))
    assert "removed" == room.store.labs.list(limit=1)[0].state


def test_what_only_begins_like_an_id_is_none(room: ChatRoom) -> None:
    """The ledger has more under `job:<id>:...` and `lab:<id>:...`: what is no id leads nowhere."""
    job = room.api.submitted()
    while room.step(facts={"lab.summary": {"name": "x"}}):
        pass
    for verb in ("status", "cancel", "teardown", "verify"):
        what = "lab" if verb in ("teardown", "verify") else "job"
        typed = f"{verb} {job['lab_id'] if what == 'lab' else job['id']}:facts"
        assert f"There is no {what}" in text_of(room.user().types(typed)), verb


def test_what_cannot_be_built_is_explained(room: ChatRoom) -> None:
    """An unknown host, a name that Windows refuses and a lab too large are refused in words, with place and remedy."""
    for text, words in (
        (BUILD.replace("hv1", "nowhere"), ("host/name", "There is no host 'nowhere'.")),
        (BUILD.replace("lab1", "a_name_of_many_letters"), ("cluster/name", "1-15 letters")),
        (BUILD + " memory 1 GiB", ("nodes/memory_mib", "4096 MiB")),
        ("build a host template cluster", ("cluster", "Templates for a host", "host")),
        ("bild", ("word 1 is `bild`", "Did you mean `build`?", "For example")),
    ):
        answer = text_of(room.user().types(text))
        assert [] == [word for word in words if word not in answer], answer


def test_names_are_no_markup(room: ChatRoom) -> None:
    """What a user types comes back as text: no mention, no link, no code that ends early."""
    answer = text_of(room.user().types("status `<!channel> &amp; <https://evil.example|x>`"))

    assert "<!channel>" not in answer
    assert "<https" not in answer


def _form(text: str = "jobs") -> str:
    fields = f"team_id={TEAM}&user_id={USER}&channel_id={CHANNEL}&text={text}"
    return fields + "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F1"


@pytest.mark.parametrize("path", ["/v1/chat/slack", "/v1/chat/slack/interactions"])
def test_only_what_slack_signed_is_heard(room: ChatRoom, path: str) -> None:
    """A request unsigned, signed wrong or too long ago, or changed since, is refused as a problem."""
    now = str(int(room.api.context.clock()))
    old = str(int(now) - 301)
    good = signed(_form(), now)
    cases = (
        ({}, _form()),
        (signed(_form(), now, "another secret"), _form()),
        (signed(_form(), old), _form()),
        (signed(_form(), str(int(now) + 360)), _form()),  # a minute more: the clock goes on meanwhile
        ({**signed(_form(), old), "X-Slack-Request-Timestamp": now}, _form()),
        (good, _form("labs")),
        ({**good, "X-Slack-Signature": good["X-Slack-Signature"].replace("v0=", "v1=")}, _form()),
        ({**good, "X-Slack-Request-Timestamp": "now"}, _form()),
    )
    for headers, body in cases:
        answer = room.api.app.test_client().post(path, data=body, headers=headers)
        assert (403, "bad_signature") == (answer.status_code, answer.get_json()["code"])
        assert SIGNING_SECRET not in answer.text


def test_signed_nonsense_is_refused_as_a_problem(room: ChatRoom) -> None:
    """What Slack would never send, though signed, is a problem that names the field, or nothing at all."""
    now = str(int(room.api.context.clock()))

    def post(path: str, body: str, **headers: str) -> Any:
        return room.api.app.test_client().post(path, data=body, headers={**signed(body, now), **headers})

    assert 415 == post("/v1/chat/slack", _form(), **{"Content-Type": "application/json"}).status_code
    missing = post("/v1/chat/slack", "team_id=T1&user_id=U1&channel_id=C1")
    assert (422, "#/response_url") == (missing.status_code, missing.get_json()["errors"][0]["pointer"])
    assert 422 == post("/v1/chat/slack", "a=%ff").status_code
    where = "/v1/chat/slack/interactions"
    assert "#/payload" == post(where, "payload=[").get_json()["errors"][0]["pointer"]
    assert 422 == post(where, "payload=7").status_code
    for payload in ({}, {"type": "view_submission"}, {"type": "block_actions", "actions": 3, "team": [], "user": None}):
        assert 200 == post(where, f"payload={json.dumps(payload)}").status_code
    assert [] == room.deliver()


def test_without_settings_there_is_no_chat(redis_url: str) -> None:
    """Until the operator sets Slack up, both routes answer 404 and say so."""
    api = open_api(redis_url)

    for path in ("/v1/chat/slack", "/v1/chat/slack/interactions"):
        answer = api.app.test_client().post(path, data=_form())
        assert (404, "chat_disabled") == (answer.status_code, answer.get_json()["code"])
