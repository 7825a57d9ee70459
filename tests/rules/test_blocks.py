"""Every command, request and program on a page is run by a test or held against the real thing: none is left over."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest
import tree_sitter
import tree_sitter_powershell
import yaml
from openapi_schema_validator import OAS31Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from service.slack_settings import read_teams
from tests.conftest import ROOT
from tests.pages.commands import SHOWN, fault_of, is_command, logical_lines, request_fault
from tests.pages.markdown import Block, blocks, named, pages, text_of
from tests.rules.test_functions import parameters_of_script

BLOCKS = [block for page in pages() for block in blocks(page)]
# Programs and files of a page, by the test that takes them out and runs them.
RUN: Mapping[str, str] = {
    "docs/integration.md": "tests/unit/test_integration_page.py",
    "docs/webhooks.md": "tests/integration/test_webhooks_page.py",
    "docs/adding-a-kind.md": "tests/unit/test_adding_a_kind_page.py",
}
# Pages whose requests are sent to a real server, in their order.
SENT = {
    "docs/api-guide.md": "tests/integration/test_api_guide_page.py",
    "docs/webhooks.md": "tests/integration/test_api_guide_page.py",
}
# Pages whose shell commands are run, in their order.
TYPED = {"docs/quickstart.md": "tests/e2e/test_quickstart_page.py"}
# Blocks that are neither commands nor programs, though nothing marks them so: page and first word.
PICTURES = {("docs/architecture.md", "schemas/")}
# What is printed, or written in a language that its own test reads.
SHOWN_LANGUAGES = {
    "text",
    "ebnf",
    "promql",
    "logql",
    "ini",
    "toml",
    "conf",
    "caddy",
    "nginx",
    "xml",
    "diff",
    "csv",
    "log",
}
_SHELLS = ("sh", "bash", "console", "shell", "zsh", "fish")
_RUN_LANGUAGES = ("python", "javascript", "js", "typescript", "go")
_INLINE = re.compile(
    r"(?<!`)`((?:make|matryoshka|\.venv/bin/matryoshka) [^`\n]+|(?:GET|POST|PATCH|PUT|DELETE) /[^`\n]+)`"
)
_NAMED_TEST = re.compile(r"test_\w+\.py::test_\w+")


@cache
def _document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.load((ROOT / "openapi.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    return found


def _shell(block: Block) -> str:
    lines = list(logical_lines(block.code))
    if block.language == "console":
        lines = [line[2:] for line in block.code.replace("\\\n", " ").splitlines() if line.startswith("$ ")]
    return "; ".join(filter(None, map(fault_of, lines)))


def _json(block: Block) -> str:
    try:
        value = json.loads(block.code)
    except ValueError as error:
        return f"is no JSON: {error}"
    if not block.name:
        return ""
    if block.name == "teams.json":
        return "" if read_teams(block.code) else "names no workspace"
    if block.page in RUN and f'"{block.name}"' in text_of(ROOT / RUN[block.page]):
        return ""
    if block.name not in _document()["components"]["schemas"]:
        return f"names a schema that openapi.yaml does not have: {block.name}"
    registry: Registry[Any] = Registry().with_resource("urn:d", Resource(_document(), DRAFT202012))
    schema = {"$ref": f"urn:d#/components/schemas/{block.name}"}
    faults = OAS31Validator(schema, registry=registry, format_checker=OAS31Validator.FORMAT_CHECKER).iter_errors(value)
    return "; ".join(f"{one.json_path}: {one.message[:200]}" for one in faults)


def _yaml(block: Block) -> str:
    try:
        list(yaml.safe_load_all(block.code))
    except yaml.YAMLError as error:
        return f"is no YAML: {error}"
    return ""


def _powershell(block: Block) -> str:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    if parser.parse(block.code.encode()).root_node.has_error:
        return "PowerShell cannot parse it"
    return _installer(block.code)


def _installer(code: str) -> str:
    """Return the parameters that Install-Matryoshka.ps1 does not have; '' for other scripts."""
    called = re.findall(r"Install-Matryoshka\.ps1([^\n|;]*)", code)
    script = (ROOT / "deploy" / "windows" / "Install-Matryoshka.ps1").read_text(encoding="utf-8-sig")
    given = {name for one in called for name in re.findall(r"(?:^| )-([A-Z][A-Za-z]+)", one)}
    unknown = sorted(given - parameters_of_script(script) - {"WhatIf", "Confirm", "Verbose"})
    return f"Install-Matryoshka.ps1 has no {', '.join(unknown)}" if unknown else ""


def _program(block: Block) -> str:
    if block.language == "python" and not block.name:
        compile(block.code, block.place, "exec")
        return ""
    test = RUN.get(block.page)
    if not test or not block.name:
        return "is run by no test: give it a name and its page an entry in RUN"
    return "" if f'"{block.name}"' in text_of(ROOT / test) else f"{test} does not take out {block.name}"


def _http(block: Block) -> str:
    if block.page in SENT:
        return "" if (ROOT / SENT[block.page]).exists() else f"{SENT[block.page]} is not there"
    method, path = [*block.code.split(maxsplit=2), "", ""][:2]
    return request_fault(method, path)


def _unmarked(block: Block) -> str:
    lines = list(logical_lines(block.code))
    if lines and is_command(lines[0]):
        return "; ".join(filter(None, map(fault_of, lines)))
    if lines and lines[0].startswith(".\\"):
        return _powershell(block)
    if (block.page, lines[0].split()[0]) in PICTURES:
        return ""
    return "has no language: mark what is printed as text, a command as sh"


def _printed(block: Block) -> str:
    ours = [line for line in block.code.splitlines() if re.match(r"(?:\$ |make |matryoshka |curl )", line)]
    return f"is marked as printed, but has commands: {ours[0]}" if ours and block.language == "text" else ""


_CHECKS: Mapping[str, Callable[[Block], str]] = {
    "": _unmarked,
    "json": _json,
    "yaml": _yaml,
    "powershell": _powershell,
    "http": _http,
    **dict.fromkeys(_SHELLS, _shell),
    **dict.fromkeys(_RUN_LANGUAGES, _program),
    **dict.fromkeys(SHOWN_LANGUAGES, _printed),
}


def _fault(block: Block) -> str:
    if block.language.startswith("{"):
        return ""
    if block.name and block.page in RUN and block.language != "json":
        return _program(block)
    check = _CHECKS.get(block.language)
    return check(block) if check else f"nothing looks at blocks of {block.language}"


@pytest.mark.parametrize("page", sorted({block.page for block in BLOCKS}))
def test_every_block_is_right(page: str) -> None:
    """A command parses with the real command line, a body fits its schema, a program is run: no block is left over."""
    assert [] == [(block.place, fault) for block in BLOCKS if block.page == page and (fault := _fault(block))]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_and_requests_in_a_line_are_right(page: Any) -> None:
    """So is `matryoshka ...`, `make ...` and `GET /...` in the middle of a sentence."""
    found = [code.replace("\\|", "|").partition("|")[0].partition(" {")[0] for code in _INLINE.findall(text_of(page))]

    assert [] == [(code, fault) for code in found if "…" not in code and (fault := fault_of(code))]


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("sh", "make nothing"),
        ("sh", "matryoshka nothing"),
        ("sh", "matryoshka jobs submit a.json --nothing"),
        ("sh", "matryoshka labs list | matryoshka jobs nothing"),
        ("sh", "matryoshka jobs get job_1 job_2"),
        ("sh", "cd x && frobnicate"),
        ("sh", 'curl -s "$MATRYOSHKA_URL/v1/nothing"'),
        ("sh", 'curl -X DELETE "$MATRYOSHKA_URL/v1/jobs"'),
        ("sh", "python -m deploy.nothing"),
        ("console", "$ make nothing"),
        ("http", "GET /v1/nothing"),
        ("json Job", '{"kind": 1}'),
        ("json Nothing", "{}"),
        ("json", "{"),
        ("yaml", "a: ["),
        ("powershell", "if ("),
        ("powershell", ".\\Install-Matryoshka.ps1 -Nothing"),
        ("python x.py", "pass"),
        ("text", "matryoshka jobs list"),
        ("", "something"),
        ("cobol", "STOP RUN"),
    ],
)
def test_each_check_bites(language: str, code: str) -> None:
    """What is wrong is found, in each language."""
    word, _, name = language.partition(" ")

    assert _fault(Block("docs/x.md", 1, word, name, code + "\n"))


def test_programs_that_are_only_shown_have_a_reason() -> None:
    """No program is left unchecked without saying why."""
    assert all(SHOWN.values())


@pytest.mark.parametrize(("page", "test"), [*RUN.items(), *SENT.items(), *TYPED.items()])
def test_a_page_that_is_run_has_its_test(page: str, test: str) -> None:
    """The test that runs a page is there, reads that page, and the page says which test it is."""
    assert page.rpartition("/")[2] in text_of(ROOT / test)
    assert test.rpartition("/")[2] in text_of(ROOT / page)


def test_tests_that_pages_name_exist() -> None:
    """A page that names a test names one that is there."""
    named_tests = {(page, test) for page in pages() for test in _NAMED_TEST.findall(text_of(page))}
    files: dict[str, str] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        files[path.name] = files.get(path.name, "") + path.read_text(encoding="utf-8")
    missing = [
        (page.name, test)
        for page, test in named_tests
        if f"def {test.partition('::')[2]}(" not in files.get(test.partition("::")[0], "")
    ]

    assert len(named_tests) > 30
    assert [] == missing


def test_the_slack_manifest_is_the_same_on_both_pages() -> None:
    """docs/chat.md and docs/integration.md show manifests with the same addresses."""
    urls = [
        re.findall(r"https://matryoshka\.example/\S+?(?=[\s}])", named(page, "slack-app.yaml"))
        for page in ("docs/chat.md", "docs/integration.md")
    ]

    assert urls[0]
    assert urls[0] == urls[1]
