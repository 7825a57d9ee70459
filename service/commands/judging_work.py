"""The doctor on sweep, queues and workers, from what `GET /v1/installation` tells. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from service.commands.text import duration, moment
from service.commands.verdicts import Verdict, fault, unknown, warned, well

_SWEEP_LATE_SECONDS = 30.0  # every process sweeps about each second
_LEASE_LATE_SECONDS = 30.0
_QUEUED_LATE_SECONDS = 120.0
_DELIVERY_LATE_SECONDS = 300.0
_SKEW_SECONDS, _MUCH_SKEW_SECONDS = 5.0, 60.0
_AUDIT_MANY = 10_000
_SOON = timedelta(days=30)

Facts = Mapping[str, Any]


def judge_release(installation: Facts, own: str) -> Verdict:
    """Return whether the command and the API are of one release."""
    release = str(installation.get("release"))
    if "unknown" in (release, own):
        return unknown("api.release", f"API {release}, this command {own}.", "Install the package to compare them.")
    if release != own:
        return warned("api.release", f"The API is {release}, this command {own}.", "Install the same release.")
    return well("api.release", release)


def judge_certificate(ends: datetime | None, now: datetime) -> Verdict:
    """Return whether the API's certificate lasts; None: it could not be read, which who calls it will hear of."""
    remedy = "Renew it: callers refuse it from that day on."
    if ends is None:
        return unknown("api.certificate", "The API's certificate could not be read.", "Look at api.reachable.")
    detail = f"It ends on {ends:%Y-%m-%d}."
    return warned("api.certificate", detail, remedy) if ends - now < _SOON else well("api.certificate", detail)


def judge_clock(installation: Facts, asked: datetime, answered: datetime) -> Iterator[Verdict]:
    """Yield how far the clocks are apart: this machine's, the API's and the ledger's."""
    api, ledger = moment(installation.get("time")), moment(installation.get("ledger_time"))
    if api is None or ledger is None:
        return
    # The API looked at its clock between the two: anything within them is no skew.
    away = max((asked - api).total_seconds(), (api - answered).total_seconds(), 0.0)
    yield _skew("clock.api", away, "this machine and the API")
    yield _skew("clock.ledger", abs((api - ledger).total_seconds()), "the API and the ledger")


def _skew(check: str, seconds: float, between: str) -> Verdict:
    detail = f"{between} differ by {seconds:.1f} s"
    remedy = "Keep the clocks by NTP: leases go by the ledger's clock, expiries by the API's."
    if seconds > _MUCH_SKEW_SECONDS:
        return fault(check, detail, remedy)
    return warned(check, detail, remedy) if seconds > _SKEW_SECONDS else well(check, detail)


def judge_sweep(installation: Facts) -> Iterator[Verdict]:
    """Yield whether lost leases are taken back, and waits ended."""
    sweep, remedy = installation["sweep"], "Look at the logs of API and workers for sweep_failed; restart them."
    lag = sweep.get("lag_seconds")
    if lag is None:
        yield fault("sweep.running", "Nobody has swept yet.", remedy)
    elif lag > _SWEEP_LATE_SECONDS:
        yield fault("sweep.running", f"The last sweep is {duration(lag)} ago.", remedy)
    else:
        yield well("sweep.running", f"The last sweep is {lag:.1f} s ago.")
    late = max(sweep["lease_late_seconds"], sweep["wait_late_seconds"])
    if late > _LEASE_LATE_SECONDS:
        yield fault("sweep.late", f"Something is due since {duration(late)} and nobody takes it up.", remedy)


def judge_queues(installation: Facts) -> Iterator[Verdict]:
    """Yield whether wake-ups are taken and work is begun."""
    backlog = installation["backlog"]
    for queue in installation["queues"]:
        name = f"queue.{queue['name']}"
        if queue["waiting"] is None:
            yield fault(name, "The broker cannot be reached.", "Start it; work waits for the sweep meanwhile.")
        else:
            yield well(name, f"{queue['waiting']} wake-ups wait.")
    yield _queued(backlog)
    late = backlog["delivery_late_seconds"]
    if late > _DELIVERY_LATE_SECONDS:
        detail = f"{backlog['deliveries_due']} webhooks are due, the oldest since {duration(late)}."
        yield warned("queue.webhooks", detail, "Start more workers; look for receivers that do not answer.")
    if backlog["audit_open"] > _AUDIT_MANY:
        detail = f"{backlog['audit_open']} audit entries are not in the chain yet."
        yield warned("queue.audit", detail, "Whoever sweeps links them: look at sweep.running.")


def _queued(backlog: Facts) -> Verdict:
    oldest, claimable = backlog["oldest_queued_seconds"], backlog["claimable_steps"]
    if claimable and oldest > _QUEUED_LATE_SECONDS:
        detail = f"{claimable} steps could begin; the oldest queued job waits {duration(oldest)}."
        return warned("queue.backlog", detail, "Start workers, or raise MATRYOSHKA_WORKER_THREADS.")
    return well("queue.backlog", f"{backlog['running_steps']} steps run, {claimable} could begin.")


def judge_workers(installation: Facts) -> Iterator[Verdict]:
    """Yield which workers live, and whether they fit the API: release, and the key that opens what it seals."""
    workers = installation["workers"]
    if not workers:
        yield fault("workers.alive", "No worker tells that it lives.", "Start one (deploy/bin/worker); read its log.")
        return
    slots = sum(one.get("slots") or 0 for one in workers)
    busy = sum(one.get("busy") or 0 for one in workers)
    yield well("workers.alive", f"{len(workers)} workers, {busy} of {slots} slots busy.")
    if slots and busy >= slots:
        yield warned("workers.room", "Every slot of every worker is busy.", "Start more workers.")
    yield from _releases(installation, workers)
    yield from _keys(installation, workers)


def _releases(installation: Facts, workers: list[Facts]) -> Iterator[Verdict]:
    others = [one["name"] for one in workers if one.get("release") != installation.get("release")]
    if others:
        detail = f"Not of the API's release {installation.get('release')}: {', '.join(others)}."
        yield warned("workers.release", detail, "Upgrade them: a plan may name a step that they do not know.")
    else:
        yield well("workers.release", f"All are {installation.get('release')}.")


def _keys(installation: Facts, workers: list[Facts]) -> Iterator[Verdict]:
    wanted = installation.get("sealing_key")
    blind = [one["name"] for one in workers if wanted not in (one.get("sealing_keys") or ())]
    if blind:
        detail = f"The API seals for the key {wanted}, which these cannot open: {', '.join(blind)}."
        remedy = "Give them the private key that belongs to MATRYOSHKA_PUBLIC_KEY (MATRYOSHKA_PRIVATE_KEY_FILE)."
        yield fault("workers.sealing_key", detail, remedy)
    else:
        yield well("workers.sealing_key", f"All open what the API seals (key {wanted}).")
