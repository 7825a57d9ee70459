"""The doctor on hosts, webhooks and locks, from what their lists tell. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from service.commands.exits import FINAL_STATES
from service.commands.text import age, moment
from service.commands.verdicts import Verdict, fault, warned, well

_OLD_INSPECTION = timedelta(days=30)
_SOON = timedelta(days=30)
_LEASE_LOST_SECONDS = -60.0  # the sweep takes a lost lease back within seconds

Facts = Mapping[str, Any]


def judge_hosts(hosts: Sequence[Facts], tests: Mapping[str, Sequence[Facts]], now: datetime) -> Iterator[Verdict]:
    """Yield what there is to say of each host. `tests` has the checks of each host's last test, by its id."""
    if not hosts:
        yield warned("hosts", "No host is registered.", "`matryoshka hosts add`, then `matryoshka hosts test`.")
        return
    for host in hosts:
        found = list(_of_host(host, tests.get(host["id"], ()), now))
        yield from found or [well(f"host.{host['name']}", f"inspected {age(host.get('inspected_at'), now)} ago")]


def _of_host(host: Facts, checks: Sequence[Facts], now: datetime) -> Iterator[Verdict]:
    name, test = f"host.{host['name']}", f"`matryoshka hosts test {host['name']}` says what to cure."
    if host.get("unreachable_since"):
        error = host.get("unreachable_error") or "no answer"
        yield fault(name, f"Unreachable for {age(host['unreachable_since'], now)}: {error}.", test)
    inspected = moment(host.get("inspected_at"))
    if inspected is None:
        remedy = f"`matryoshka hosts inspect {host['name']}`: its capacity is not known before."
        yield warned(name, "It was never inspected.", remedy)
    elif now - inspected > _OLD_INSPECTION:
        yield warned(
            name, f"Inspected {age(host['inspected_at'], now)} ago.", f"`matryoshka hosts inspect {host['name']}`."
        )
    failed = next((one for one in checks if one["outcome"] == "failed"), None)
    if failed:
        yield warned(name, f"Its last test failed: {failed.get('code')}: {failed.get('detail')}", test)
    yield from _certificate(name, checks, now)


def _certificate(name: str, checks: Sequence[Facts], now: datetime) -> Iterator[Verdict]:
    seen = next((one.get("seen") or {} for one in checks if one["id"] == "tls"), {})
    ends = moment((seen.get("certificate") or {}).get("not_after"))
    if ends is None:
        return
    remedy = r"Renew it on the host: .\Install-Matryoshka.ps1 -HttpsListener makes a new one."
    if ends <= now:
        yield fault(name, f"Its certificate expired on {ends:%Y-%m-%d}.", remedy)
    elif ends - now < _SOON:
        yield warned(name, f"Its certificate expires on {ends:%Y-%m-%d}.", remedy)


def judge_webhooks(endpoints: Iterable[Facts]) -> Iterator[Verdict]:
    """Yield the endpoints that get nothing, or soon nothing any more."""
    count, bad = 0, 0
    for endpoint in endpoints:
        count += 1
        name = f"webhook.{endpoint['id']}"
        if endpoint.get("state") == "disabled":
            bad += 1
            remedy = "Mend the receiver, then `matryoshka webhooks enable`; redeliver what it missed."
            yield warned(name, f"{endpoint.get('url')} is disabled.", remedy)
        elif endpoint.get("failing_since"):
            bad += 1
            yield warned(name, f"{endpoint.get('url')} fails since {endpoint['failing_since']}.", "Mend the receiver.")
    if not bad:
        yield well("webhooks", f"{count} endpoints, all in use.")


def judge_locks(hosts: Iterable[Facts]) -> Iterator[Verdict]:
    """Yield what jobs hold that have ended, and steps whose lease is over and was not taken back."""
    held, bad = 0, 0
    for host in hosts:
        for target in host.get("targets") or ():
            held += 1
            if target.get("state") in FINAL_STATES:
                bad += 1
                detail = (
                    f"{target['target']} on {host['host_name']} is held by {target['job_id']}, which {target['state']}."
                )
                yield fault("locks", detail, "Report it with the job's events: the end of a job gives its names back.")
        for step in host.get("steps") or ():
            left = step.get("lease_left_seconds")
            if left is not None and left < _LEASE_LOST_SECONDS:
                bad += 1
                detail = f"{step['job_id']}/{step['step_id']} is under a lease of {step['worker']} that is over."
                yield fault("locks", detail, "Nobody sweeps: look at sweep.running.")
    if not bad:
        yield well("locks", f"{held} names are held, none by a job that ended.")
