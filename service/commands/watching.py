"""Watch a job: a bar, the steps that run, warnings above; the exit code is the job's result."""

from __future__ import annotations

from typing import Any

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from service.commands.client import Client, Frame
from service.commands.showing import console

SUCCEEDED, FAILED = 0, 1
_NOTED = {
    "step.warned": "yellow",
    "step.failed": "red",
    "step.retried": "yellow",
    "step.lost": "yellow",
    "job.waiting": "cyan",
    "job.waiting_approval": "cyan",
    "job.approved": "green",
    "job.rejected": "red",
    "job.scheduled": "cyan",
    "job.paused": "cyan",
    "job.resumed": "cyan",
}
_ENDED = (
    "step.succeeded",
    "step.skipped",
    "step.failed",
    "step.cancelled",
    "step.lost",
    "step.released",
    "step.waited",
)


class JobPicture:
    """What is drawn of one job. Feed it frames."""

    def __init__(self, progress: Progress, titles: dict[str, str]) -> None:
        self._progress = progress
        self._titles = titles
        self._running: dict[str, str] = {}
        self._bar = progress.add_task("queued", total=100)

    def show(self, frame: Frame) -> None:
        """Draw one event; those of no interest change nothing."""
        step = str(frame.data.get("step_id") or "")
        data: dict[str, Any] = frame.data.get("data") or {}
        if frame.event in _NOTED:
            text = (
                data.get("message")
                or data.get("waiting_for")
                or data.get("reason")
                or (data.get("error") or {}).get("detail", "")
            )
            self._progress.console.print(f"[{_NOTED[frame.event]}]{frame.event}[/] {step} {text}", highlight=False)
        if frame.event == "step.started":
            self._running[step] = self._titles.get(step, step)
        elif frame.event in _ENDED:
            self._running.pop(step, None)
        self._draw(data)

    def _draw(self, data: dict[str, Any]) -> None:
        text = ", ".join(list(self._running.values())[:3]) or "waiting"
        self._progress.update(self._bar, description=text[:80])
        if "progress_percent" in data:
            self._progress.update(self._bar, completed=data["progress_percent"])


def watch_job(client: Client, job_id: str) -> int:
    """Draw a job until it is final. Returns the exit code: 0 for succeeded, 1 for any other end."""
    path = f"/v1/jobs/{job_id}"
    steps = client.call("GET", f"{path}/steps")["items"]
    columns = (BarColumn(bar_width=30), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        picture = JobPicture(progress, {step["id"]: step["title"] for step in steps})
        for frame in client.events(f"{path}/events"):
            picture.show(frame)
    return tell_result(client.call("GET", path))


def tell_result(job: dict[str, Any]) -> int:
    """Print how a job ended and return the exit code."""
    good = job["state"] == "succeeded"
    console.print(f"[{'green' if good else 'red'}]{job['id']} {job['state']}[/]", highlight=False)
    error = job.get("error") or {}
    if error:
        console.print(f"  {error.get('title', '')}: {error.get('detail', '')}", highlight=False, markup=False)
        if error.get("remedy"):
            console.print(f"  {error['remedy']}", highlight=False, markup=False)
    return SUCCEEDED if good else FAILED
