"""Gates and pauses of jobs in the plain model of the ledger."""

from __future__ import annotations

from tests.integration.ledger_model import TERMINAL, Ledger, ModelJob

ASK_SECONDS = 30


class Model(Ledger):
    """The whole ledger of one host."""

    def enter(self, job: ModelJob) -> None:
        """Let a job in that was submitted or is retried, as far as its gate lets it."""
        job.shut = True
        job.start_by = max(self.now, job.opens) + job.start_seconds if job.start_seconds else 0.0
        if job.asks and not job.approved:
            job.state, job.asks_until = "waiting_approval", self.now + ASK_SECONDS
        else:
            self._schedule(job)

    def approve(self, job: ModelJob) -> bool:
        """Agree to a job; False when nobody is asked, or no longer."""
        if job.state != "waiting_approval":
            return job.approved and job.state not in TERMINAL
        if self.now >= job.asks_until:
            self._stop(job, "expired", "keep")
            return False
        job.approved = True
        self._schedule(job)
        return True

    def reject(self, job: ModelJob) -> bool:
        """Refuse a job that waits for an answer; False when it does not."""
        if job.state != "waiting_approval":
            return False
        late = self.now >= job.asks_until
        self._stop(job, "expired" if late else "cancelled", "keep")
        return not late

    def pause(self, job: ModelJob) -> bool:
        """Pause a job; False when it cannot be paused."""
        if job.state in {"pausing", "paused"}:
            return True
        if job.ending or job.state not in {"queued", "waiting", "running"}:
            return False
        job.paused_from, job.state = job.state, "pausing"
        self.rest(job)
        if job.paused_from == "waiting":
            self._let_in()
        return True

    def resume(self, job: ModelJob) -> bool:
        """Go on with a job; False when it is neither paused nor going on."""
        if job.state in {"queued", "waiting", "running"}:
            return True
        if job.ending or job.state not in {"pausing", "paused"}:
            return False
        if job.state == "paused" and job.left:
            job.deadline, job.left = self.now + job.left, 0.0
        job.state = job.paused_from
        self._let_in()
        return True

    def amend(self, job: ModelJob, priority: int) -> bool:
        """Give a job another priority; False when it has started."""
        if job.state not in {"waiting_approval", "scheduled", "queued", "waiting"}:
            return False
        job.priority = priority
        self._let_in()
        return True

    def rest(self, job: ModelJob) -> None:
        """Pause a pausing job when none of its steps runs."""
        if job.state != "pausing" or job.ending or job.running():
            return
        job.state = "paused"
        if job.deadline:
            job.left, job.deadline = job.deadline - self.now, 0.0

    def expire_starts(self) -> None:
        """End the jobs that should have started."""
        for job in sorted(self.jobs.values(), key=lambda one: (one.start_by, one.id)):
            if job.start_by and job.start_by <= self.now and job.state not in TERMINAL:
                job.start_by = 0.0
                if not job.ending:
                    self._stop(job, "expired")

    def sweep_gates(self) -> None:
        """Expire what is late, then begin what is due."""
        self.expire_starts()
        for job in self.jobs.values():
            if job.state == "waiting_approval" and job.asks_until <= self.now:
                self._stop(job, "expired", "keep")
        for job in sorted(self.jobs.values(), key=lambda one: (one.opens, one.id)):
            if job.state == "scheduled" and job.opens <= self.now:
                self.begin(job)

    def _schedule(self, job: ModelJob) -> None:
        if job.opens > self.now:
            job.state = "scheduled"
        else:
            self.begin(job)
