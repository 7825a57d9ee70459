"""The programs of docs/webhooks.md: each is taken out, run, and believes just what it should."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.pages.markdown import named
from tests.pages.webhook_cases import Case, cases

PAGE = "docs/webhooks.md"
_SECONDS = 120

_NODE = """
import { readFileSync } from "node:fs";
import { verifyWebhook } from "./verify-webhook.mjs";
const believed = JSON.parse(readFileSync(0, "utf8")).map((one) => {
  try {
    verifyWebhook(Buffer.from(one.body, "utf8"), one.headers, [one.key], one.now);
    return true;
  } catch { return false; }
});
console.log(JSON.stringify(believed));
"""
_GO = """
package main

import (
	"encoding/json"
	"net/http"
	"os"
	"time"
)

func main() {
	var given []struct {
		Key     string
		Headers map[string]string
		Body    string
		Now     int64
	}
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		panic(err)
	}
	believed := []bool{}
	for _, one := range given {
		header := http.Header{}
		for name, value := range one.Headers {
			header.Set(name, value)
		}
		err := VerifyWebhook([]byte(one.Body), header, []string{one.Key}, time.Unix(one.Now, 0))
		believed = append(believed, err == nil)
	}
	json.NewEncoder(os.Stdout).Encode(believed)
}
"""
_POWERSHELL = """
$ErrorActionPreference = 'Stop'
. ./Test-Webhook.ps1
$given = [Console]::In.ReadToEnd() | ConvertFrom-Json -AsHashtable
$believed = foreach ($one in $given) {
    $body = [Text.Encoding]::UTF8.GetBytes($one.body)
    $now = [datetimeoffset]::FromUnixTimeSeconds($one.now)
    Test-Webhook -Body $body -Headers $one.headers -Secret $one.key -Now $now
}
ConvertTo-Json -Compress -InputObject @($believed)
"""


def _program(name: str) -> str:
    found = shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not on PATH")
    return found


def _asked(argv: list[str], folder: Path, given: list[Case], **environ: str) -> list[bool]:
    done = subprocess.run(
        argv,
        cwd=folder,
        input=json.dumps([case.given() for case in given]).encode(),
        capture_output=True,
        timeout=_SECONDS,
        check=False,
        env={**os.environ, **environ},
    )
    assert 0 == done.returncode, done.stderr.decode()
    believed: list[bool] = json.loads(done.stdout)
    return believed


def _wrong(given: list[Case], believed: list[bool]) -> list[str]:
    assert len(given) == len(believed)
    return [case.name for case, is_believed in zip(given, believed, strict=True) if case.good is not is_believed]


def _module(name: str) -> ModuleType:
    module = ModuleType(name)
    exec(compile(named(PAGE, name), f"{PAGE}:{name}", "exec"), module.__dict__)  # noqa: S102 - our own page
    return module


def _python(module: ModuleType, case: Case) -> bool:
    try:
        event: dict[str, Any] = module.verify(case.body.encode(), case.headers, [case.key], case.now)
    except ValueError:
        return False
    assert json.loads(case.body) == event
    return True


def test_python_believes_what_a_secret_signed() -> None:
    """The program of the standard library believes vector and deliveries, and nothing that was changed or is old."""
    module, given = _module("verify_webhook.py"), cases(pairs=False)

    assert [] == _wrong(given, [_python(module, case) for case in given])


def test_python_believes_what_a_key_pair_signed() -> None:
    """The program with PyNaCl believes deliveries of a key pair, and nothing that was changed or is old."""
    module = _module("verify_webhook_ed25519.py")
    given = [case for case in cases(pairs=True) if case.key.startswith("whpk_")]

    assert [True, True] == [case.good for case in given[:2]]
    assert [] == _wrong(given, [_python(module, case) for case in given])


def test_node_believes_both(tmp_path: Path) -> None:
    """The program for Node.js believes secrets and key pairs, and nothing that was changed or is old."""
    node = _program("node")
    (tmp_path / "verify-webhook.mjs").write_text(named(PAGE, "verify-webhook.mjs"))
    (tmp_path / "main.mjs").write_text(_NODE)
    given = cases(pairs=True)

    assert [] == _wrong(given, _asked([node, "main.mjs"], tmp_path, given))


def test_go_believes_both(tmp_path: Path) -> None:
    """The program for Go believes secrets and key pairs, and nothing that was changed or is old."""
    go = _program("go")
    (tmp_path / "go.mod").write_text("module example\n\ngo 1.21\n")
    (tmp_path / "verify_webhook.go").write_text(named(PAGE, "verify_webhook.go"))
    (tmp_path / "main.go").write_text(_GO)
    given = cases(pairs=True)

    assert [] == _wrong(given, _asked([go, "run", "."], tmp_path, given, GOFLAGS="-mod=mod", GOTOOLCHAIN="local"))


def test_powershell_believes_what_a_secret_signed(tmp_path: Path, pwsh: str) -> None:
    """The function for PowerShell 7 believes vector and deliveries, and nothing that was changed or is old."""
    (tmp_path / "Test-Webhook.ps1").write_text(named(PAGE, "Test-Webhook.ps1"))
    (tmp_path / "main.ps1").write_text(_POWERSHELL)
    given = cases(pairs=False)

    assert [] == _wrong(given, _asked([pwsh, "-NoProfile", "-NonInteractive", "-File", "main.ps1"], tmp_path, given))


def test_the_page_shows_the_published_vector() -> None:
    """The vector in the page's text is the one that the programs were tried with."""
    case = cases(pairs=False)[0]
    text = (Path(__file__).resolve().parents[2] / PAGE).read_text(encoding="utf-8")

    assert [] == [part for part in (case.key, case.body, *case.headers.values()) if part not in text]
