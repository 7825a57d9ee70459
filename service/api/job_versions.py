"""`If-Match` of jobs: their ETag is id, progress and version, of which only the version matters for a change."""

from __future__ import annotations

from flask import Request
from werkzeug.http import parse_etags

from service.api.job_shapes import job_etag
from service.api.problems import Problem
from service.ledger.job import Job


def wanted_version(request: Request, job: Job, *, required: bool = False) -> int:
    """Return the version that the caller has seen; 0 when any will do.

    Raises:
        Problem: 428 without `If-Match` where it is required, 412 when the job has changed since.
    """
    header = request.headers.get("If-Match", "")
    if not header:
        if required:
            raise Problem(428, "precondition-required", "Send If-Match with the ETag of the job that you saw, or *.")
        return 0
    seen = parse_etags(header)
    if seen.star_tag:
        return 0
    if str(job.version) not in {_version(tag, job.id) for tag in seen.as_set() if tag}:
        raise changed(job)
    return job.version


def changed(job: Job) -> Problem:
    """Return the 412 for a job that is not what the caller saw."""
    headers = {"ETag": job_etag(job)}
    return Problem(412, "precondition-failed", "The job has changed since; get it again.", headers=headers)


def _version(tag: str, job_id: str) -> str:
    identifier, _, version = tag.rpartition(".")
    return version if identifier.partition(".")[0] == job_id else ""
