"""Rules of the ledger's state machine that steer jobs: approve, reject, pause, resume, amend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from service.ledger.job import TERMINAL_STATES
from service.ledger.store import Amendment, Doer, IllegalMove
from tests.integration.ledger_kit import Ledger
from tests.integration.ledger_model import ModelJob
from tests.integration.ledger_model_steering import Model

BOSS = Doer("key_boss")


class SteeringRules(RuleBasedStateMachine):
    """Steers jobs on both sides."""

    ledger: Ledger
    model: Model

    def _steer(self, data: st.DataObject, real: Callable[[str, Doer], Any], model: Callable[[ModelJob], bool]) -> None:
        job = self.model.jobs[data.draw(st.sampled_from(sorted(self.model.jobs)))]
        try:
            real(job.id, BOSS)
            done = True
        except IllegalMove:
            done = False
        assert model(job) == done

    @precondition(lambda self: any(job.asks for job in self.model.jobs.values()))
    @rule(data=st.data())
    def approve(self, data: st.DataObject) -> None:
        """Agree to any job: refused exactly when nobody is asked."""
        self._steer(data, self.ledger.store.steering.approve, self.model.approve)

    @precondition(lambda self: any(job.state == "waiting_approval" for job in self.model.jobs.values()))
    @rule(data=st.data())
    def reject(self, data: st.DataObject) -> None:
        """Refuse a job that waits for an answer."""
        asked = sorted(job.id for job in self.model.jobs.values() if job.state == "waiting_approval")
        job = self.model.jobs[data.draw(st.sampled_from(asked))]
        try:
            self.ledger.store.steering.reject(job.id, BOSS)
            done = True
        except IllegalMove:
            done = False
        assert self.model.reject(job) == done

    @precondition(lambda self: self.model.jobs)
    @rule(data=st.data())
    def pause(self, data: st.DataObject) -> None:
        """Pause any job: refused exactly when it is gated, ending or over."""
        self._steer(data, self.ledger.store.steering.pause, self.model.pause)

    @precondition(lambda self: any(job.state in {"pausing", "paused"} for job in self.model.jobs.values()))
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        """Go on with any job."""
        self._steer(data, self.ledger.store.steering.resume, self.model.resume)

    @precondition(lambda self: any(job.state not in TERMINAL_STATES for job in self.model.jobs.values()))
    @rule(data=st.data(), priority=st.integers(0, 2))
    def amend(self, data: st.DataObject, priority: int) -> None:
        """Give any job another priority: refused exactly when it has started."""

        def real(job_id: str, doer: Doer) -> None:
            job = self.ledger.store.jobs.get(job_id)
            assert job is not None
            self.ledger.store.steering.amend(job_id, doer, job.version, Amendment(job.request, priority))

        self._steer(data, real, lambda job: self.model.amend(job, priority))
