"""The pictures of docs/architecture.md and docs/security.md, as data."""

from __future__ import annotations

from collections.abc import Iterator

from docs.making.drawing import Arrow, Box, Diagram, Frame, drawn

_SYSTEM = Diagram(
    "system",
    "Who talks to whom",
    "Callers send requests to the API. The API writes to the ledger in one atomic move and wakes workers. "
    "Workers claim steps from "
    "the ledger, drive the Windows host over WinRM, and send webhooks. Inside the host are nodes, and in them "
    "nested VMs.",
    (900, 420),
    {
        "callers": Box(20, 60, 150, 120, "Callers", ("portal, chat, script", "browser", "generated clients")),
        "api": Box(
            250, 60, 170, 120, "API (Flask)", ("checks, plans, seals", "no Celery, no pypsrp", "no private key")
        ),
        "ledger": Box(
            520, 60, 170, 120, "Ledger", ("Redis protocol, Lua", "jobs, leases, events", "outbox, audit chain"), "store"
        ),
        "workers": Box(
            520, 260, 170, 120, "Workers (Celery)", ("claim, renew, finish", "open secrets", "PSRP over WinRM")
        ),
        "host": Box(745, 60, 140, 100, "Host (L0)", ("Windows, Hyper-V", "the module,", "its journal"), "windows"),
        "node": Box(745, 190, 140, 80, "Node (L1)", ("Hyper-V and", "clustering inside"), "windows"),
        "nested": Box(745, 300, 140, 80, "Nested VM (L2)", ("started", "and probed"), "windows"),
        "receivers": Box(20, 260, 150, 120, "Receivers", ("verify signatures", "Slack, Teams", "your program")),
    },
    (
        Arrow("callers", "api", "HTTPS", -20),
        Arrow("api", "callers", "SSE", 30),
        Arrow("api", "ledger", "one move", -20),
        Arrow("ledger", "api", "feed", 30),
        Arrow("ledger", "workers", "claim", -45),
        Arrow("workers", "ledger", "finish", 45),
        Arrow("workers", "host", "WinRM"),
        Arrow("host", "node"),
        Arrow("node", "nested"),
        Arrow("workers", "receivers", "signed webhooks"),
    ),
)
_STEP = Diagram(
    "step",
    "The life of a step",
    "A ready step is claimed with a lease. Its check asks the host; when it passes the step is skipped. "
    "Otherwise it is applied and read "
    "back. A wait gives the worker back, a lost lease or a retryable error makes the step ready again, a final "
    "error fails it.",
    (900, 330),
    {
        "ready": Box(20, 40, 140, 70, "ready", ("its needs are done",)),
        "claimed": Box(220, 40, 140, 70, "claimed", ("lease, fence, token",)),
        "check": Box(440, 40, 170, 70, "check", ("done on the host now?",)),
        "skipped": Box(700, 40, 170, 70, "skipped", ("the check passed",), "store"),
        "apply": Box(440, 150, 170, 70, "apply", ("journaled call",)),
        "verify": Box(440, 250, 170, 64, "verify", ("read it back",)),
        "succeeded": Box(700, 250, 170, 64, "succeeded", ("facts, events, dependents",), "store"),
        "failed": Box(700, 150, 170, 70, "failed", ("code, remedy, what is left",), "windows"),
        "waiting": Box(220, 150, 140, 70, "ready again", ("wait, lost lease,", "retryable error")),
    },
    (
        Arrow("ready", "claimed", "claim"),
        Arrow("claimed", "check"),
        Arrow("check", "skipped", "yes"),
        Arrow("check", "apply", "", 0),
        Arrow("apply", "verify"),
        Arrow("verify", "succeeded", "it is so"),
        Arrow("apply", "failed", "final error"),
        Arrow("apply", "waiting"),
        Arrow("waiting", "claimed"),
    ),
)
_TRUST = Diagram(
    "trust",
    "Trust boundaries",
    "Five boundaries: between callers and the API; between API and ledger; between ledger and workers; between "
    "workers and the Windows "
    "host with its guests; between workers and receivers of webhooks.",
    (900, 440),
    {
        "callers": Box(30, 70, 140, 90, "Callers", ("API key or token", "of one tenant")),
        "api": Box(260, 70, 160, 110, "API", ("public sealing key", "key that hashes keys", "reads no secret")),
        "ledger": Box(260, 280, 160, 110, "Ledger", ("sealed secrets", "hashed keys", "audit chain"), "store"),
        "workers": Box(510, 170, 150, 120, "Workers", ("private sealing key", "Vault's token", "opened secrets")),
        "host": Box(750, 70, 130, 110, "Windows host", ("administrators'", "credential or JEA", "journal"), "windows"),
        "guests": Box(750, 220, 130, 80, "Guests", ("lab password", "of this lab"), "windows"),
        "receivers": Box(750, 350, 130, 60, "Receivers", ("webhook secret",)),
        "operator": Box(30, 290, 140, 90, "Operator", ("command line", "on the ledger")),
    },
    (
        Arrow("callers", "api", "B1"),
        Arrow("api", "ledger", "B2", -30),
        Arrow("operator", "ledger", "B2"),
        Arrow("workers", "ledger", "B3"),
        Arrow("workers", "host", "B4"),
        Arrow("host", "guests"),
        Arrow("workers", "receivers", "B5"),
    ),
    (
        Frame(240, 40, 200, 160, "web process"),
        Frame(240, 250, 200, 160, "ledger's machine"),
        Frame(490, 140, 190, 170, "worker process"),
        Frame(735, 40, 155, 275, "the host"),
    ),
)


def diagram_files() -> Iterator[tuple[str, str]]:
    """Yield path below docs/ and text of each picture."""
    for diagram in (_SYSTEM, _STEP, _TRUST):
        yield f"images/diagrams/{diagram.key}.svg", drawn(diagram)
