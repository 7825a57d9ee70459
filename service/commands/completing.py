"""What a key press offers for the ids of jobs, labs, hosts and images.

The service is asked once and shortly; when it does not answer, nothing is offered and nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import click
import requests
from click.shell_completion import CompletionItem

from service.commands.client import client_from_env
from service.commands.text import clean

# Seconds for a connection and for an answer.
_PATIENCE = (1.0, 2.0)
_MOST = 50
Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem[str]]]


def _of(path: str, says: Callable[[Mapping[str, Any]], str], *, has_names: bool = True) -> Completer:
    def complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        try:
            with context.scope(cleanup=False):
                client = replace(client_from_env(), timeout=_PATIENCE)
            found = client.get(path, limit=_MOST)["items"]
        except (click.ClickException, requests.RequestException, KeyError):
            return []
        words = [(word, one) for one in found for word in (one["id"], one.get("name") if has_names else None) if word]
        return [CompletionItem(word, help=clean(says(one))) for word, one in words if word.startswith(incomplete)]

    return complete


def _job(job: Mapping[str, Any]) -> str:
    return f"{job.get('kind')} {job.get('state')}"


def _lab(lab: Mapping[str, Any]) -> str:
    return f"{lab.get('name')} {lab.get('state')}"


job_ids = _of("/v1/jobs", _job, has_names=False)
labs = _of("/v1/labs", _lab)
hosts = _of("/v1/hosts", lambda host: str(host.get("address")))
images = _of("/v1/images", lambda image: str(image.get("path")))
