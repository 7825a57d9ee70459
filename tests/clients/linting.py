"""`python -m tests.clients.linting`: Redocly CLI, openapi-spec-validator and oasdiff over the OpenAPI documents.

Redocly's rules and their exceptions stand in redocly.yaml. oasdiff compares with tests/released/openapi.yaml; that it
would see a break is tried on a document with one. A tool whose runtime this machine lacks is named and left out.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator, validate

from tests.clients.toolchains import BUILD, DOCUMENT, OLD_DOCUMENT, ToolFailed, copied, is_installed, note, run
from tests.conftest import ROOT

RELEASED = ROOT / "tests" / "released" / "openapi.yaml"


def main() -> int:
    """Return the exit code."""
    folder = BUILD / "lint"
    folder.mkdir(parents=True, exist_ok=True)
    copied("lint", folder)
    checks: tuple[tuple[str, str, Callable[[Path], None]], ...] = (
        ("Redocly CLI", "npm", _redocly),
        ("openapi-spec-validator", "python3", _validator),
        ("oasdiff", "go", _oasdiff),
    )
    failed = 0
    for name, needs, check in checks:
        if shutil.which(needs) is None:
            print(f"{name}: left out, this machine has no {needs}")
            continue
        try:
            check(folder)
            print(f"{name}: clean", flush=True)
        except ToolFailed as error:
            failed += 1
            print(f"{name}: {error}", file=sys.stderr)
    return 1 if failed else 0


def _redocly(folder: Path) -> None:
    lock, mark = folder / "package-lock.json", folder / "node_modules" / "installed"
    if not is_installed(mark, lock):
        run(("npm", "ci", "--no-audit", "--no-fund"), folder)
        note(mark, lock)
    # It would tell its makers what it was used for, and look for a newer one.
    quiet = {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    run((folder / "node_modules" / ".bin" / "redocly", "lint"), ROOT, quiet)


def _validator(_folder: Path) -> None:
    for path, options in ((DOCUMENT, {}), (OLD_DOCUMENT, {"cls": OpenAPIV30SpecValidator})):
        validate(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader), **options)


def _oasdiff(folder: Path) -> None:
    compare = ("go", "tool", "oasdiff", "breaking", "--severity-levels", "severity-levels.txt", "--fail-on", "ERR")
    run((*compare, RELEASED, DOCUMENT), folder)
    broken = folder / "broken.yaml"
    broken.write_text(DOCUMENT.read_text(encoding="utf-8").replace("/v1/jobs/{job_id}:cancel", "/v1/jobs/{job_id}:end"))
    try:
        run((*compare, RELEASED, broken), folder)
    except ToolFailed:
        return
    raise ToolFailed("it does not see that an operation is gone")


if __name__ == "__main__":
    sys.exit(main())
