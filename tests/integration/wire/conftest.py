"""Fixtures of the wire tests: certificates once a session, sites that are stopped and must be free of bugs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.site import Site, SiteSettings
from sandbox.tls import TlsFiles, make_tls_files, server_context
from tests.integration.wire.lab import (
    Lab,
    MakeLab,
    accounts,
)
from tests.unit.sandbox.stub import StubWorld


@pytest.fixture(scope="session")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    """Certificates of one CA for all tests."""
    return make_tls_files(tmp_path_factory.mktemp("ca"), "Administrator")


@pytest.fixture
def make_lab(tls_files: TlsFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeLab]:
    """Start sites; afterwards no bug may have been found, unless a test took it out."""
    monkeypatch.setenv("NTLM_USER_FILE", "")
    labs: list[Lab] = []

    def make(mode: str = "basic", **settings: Any) -> Lab:
        known = accounts()
        known.write_ntlm_file(tmp_path / "ntlm", [".", "HV1"])
        is_tls = mode.startswith("tls")
        context = server_context(tls_files, with_client_certificates=True) if is_tls else None
        site = Site(StubWorld(), SiteSettings(known, "https" if is_tls else "http", context=context, **settings))
        site.start()
        labs.append(Lab(site, tls_files, mode))
        return labs[-1]

    yield make
    for lab in labs:
        lab.site.stop()
    assert [bug for lab in labs for bug in lab.site.all_bugs()] == []
