"""Teardown jobs: the one that a lab gets by itself when its lease ends, and the one that a caller asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from schemas.kinds.teardown import TeardownRequestSchema
from service.ledger.acting import Acting, Actor, acting
from service.ledger.gates import gate_of
from service.ledger.known import plan_context
from service.ledger.plans import build_plan
from service.ledger.store import Gate, Idempotency, Lab, LabState, Store, Submission
from service.ledger.targets import targets_of

# Stands in the place of an API key: nobody called.
EXPIRY_KEY = "expiry"
# A teardown that failed is tried again after this time, by a new job.
TRY_AGAIN_SECONDS = 3600
_ACTOR = Actor("system", "lab-expiry", "lab-expiry")
_GOING = frozenset({LabState.REMOVING, LabState.REMOVED})


def teardown_submission(store: Store, lab: Lab, request: Mapping[str, Any]) -> Submission:
    """Return the submission that removes a lab, for the lab's tenant; `request` is a loaded teardown request.

    Raise redis errors.
    """
    host = store.hosts.get(lab.host_id)
    return Submission(
        kind="teardown",
        request=request,
        plan=build_plan(request, plan_context(lab.id, host, lab=lab)),
        secrets=store.labs.secrets(lab.id),
        host_id=lab.host_id,
        lab_id=lab.id,
        tenant=lab.tenant,
        labels=request.get("labels") or {},
        on_failure="keep",
        on_cancel="keep",
        deadline_seconds=request["deadline_seconds"],
        targets=targets_of(request, vars(lab)),
        gate=gate_of(request),
    )


class LabExpiry:
    """Submits a teardown for labs whose lease ended. However many processes tell of a lab, one job is made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._schema = TeardownRequestSchema()

    def tear_down(self, lab_id: str) -> None:
        """Submit the teardown, unless the lab is unknown, going or gone. Raise redis errors and LedgerError.

        Workers are woken by the next sweep. No host's demand for approvals holds it up: the lease was part of what was
        asked for when the lab was built, and the lab holds memory until it is gone.
        """
        lab = self._store.labs.get(lab_id)
        if lab is None or lab.state in _GOING:
            return
        request = self._schema.load({"kind": "teardown", "lab_id": lab_id, "labels": {"reason": "lease-ended"}})
        submission = teardown_submission(self._store, lab, request)
        key = f"{lab_id} {lab.expires_at}"
        idempotency = Idempotency(key=key, fingerprint=lab_id, ttl_seconds=TRY_AGAIN_SECONDS)
        with acting(Acting(_ACTOR, "expireLab")):
            self._store.jobs.submit(replace(submission, key_id=EXPIRY_KEY, idempotency=idempotency, gate=Gate()))
