"""The CPU ledger as a picture: the host holds its nodes, each node its nested VM, and each says what it saw. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from service.ui.svg.markup import Picture, box, shortened, text, titled

Row = Mapping[str, Any]

_WIDTH = 300
_GAP = 16
_LINE = 20
_PHASES = {
    "before_role": "before the role",
    "before_script": "before the script",
    "after_script": "after the script",
    "after_role": "after the role",
    "running": "running",
}
_SIGNS = {
    "proven": "✓ proven",
    "as_expected": "✓ as expected",
    "unexpected": "! unexpected",
    "not_observed": "· not observed",
}
_LEVEL_NAMES = {"L0": "the host", "L1": "a node", "L2": "a nested VM"}


def cpu_levels(rows: Sequence[Row], host: str, per_row: int = 3) -> Markup | None:
    """Return the picture of a lab's CPU ledger; None for a lab without one. `per_row` nodes stand side by side."""
    if not rows:
        return None
    nodes = list(dict.fromkeys(row["node"] for row in rows if row["node"]))
    outer = [row for row in rows if row["level"] == "L0"]
    tall = max((_node_height(rows, node) for node in nodes), default=0)
    head = 34 + len(outer) * _LINE
    lines = -(-len(nodes) // per_row)
    across = max(1, min(per_row, len(nodes)))
    width = across * (_WIDTH + _GAP) + _GAP + 8
    height = head + lines * (tall + _GAP) + _GAP
    picture = Picture("cpu-levels", "CPU ledger", _described(rows), width, height)
    picture.add(box(2, 2, width - 4, height - 4, class_="level l0", rx=12))
    picture.add(text(_GAP, 24, f"L0 {shortened(host, 50)}", class_="level-name"))
    picture.add(*(_reading(row, _GAP, 44 + number * _LINE) for number, row in enumerate(outer)))
    for number, node in enumerate(nodes):
        x = _GAP + (number % per_row) * (_WIDTH + _GAP)
        picture.add(_node(rows, node, x, head + (number // per_row) * (tall + _GAP), tall))
    return picture.markup()


def _node_height(rows: Sequence[Row], node: str) -> float:
    inner = [row for row in rows if row["node"] == node and row["level"] == "L2"]
    own = [row for row in rows if row["node"] == node and row["level"] == "L1"]
    return 40 + len(own) * _LINE + (44 + len(inner) * _LINE if inner else 0)


def _node(rows: Sequence[Row], node: str, x: float, y: float, height: float) -> Markup:
    own = [row for row in rows if row["node"] == node and row["level"] == "L1"]
    inner = [row for row in rows if row["node"] == node and row["level"] == "L2"]
    parts = [box(x, y, _WIDTH, height, class_="level l1", rx=10)]
    parts.append(text(x + 12, y + 22, f"L1 {shortened(node, 30)}", class_="level-name"))
    parts += [_reading(row, x + 12, y + 42 + number * _LINE) for number, row in enumerate(own)]
    if inner:
        top = y + 38 + len(own) * _LINE
        parts.append(box(x + 10, top, _WIDTH - 20, 34 + len(inner) * _LINE, class_="level l2", rx=8))
        parts.append(text(x + 20, top + 20, "L2 nested VM", class_="level-name"))
        parts += [_reading(row, x + 20, top + 40 + number * _LINE) for number, row in enumerate(inner)]
    return Markup("").join(parts)


def _reading(row: Row, x: float, y: float) -> Markup:
    said = f"{_PHASES.get(row['phase'], row['phase'])}: {_SIGNS.get(row['verdict'], row['verdict'])}"
    hint = f"{said}. Expected: {row.get('expected', '')}. Read: {seen(row)}"
    return titled(text(x, y, said, class_="reading"), title=hint, class_=f"verdict {row['verdict']}")


def seen(row: Row) -> str:
    """Return in words what a row's probe read, or why there was none."""
    reading = row.get("reading")
    if not reading:
        return row.get("reason") or "nothing"
    proof = reading.get("proof") or reading
    words = [
        _said(reading.get("hypervisor_present"), "a hypervisor", "no hypervisor"),
        _said(reading.get("vm_monitor_mode_extensions"), "VMX or SVM", "no VMX or SVM"),
        _said(reading.get("second_level_address_translation"), "SLAT", "no SLAT"),
        "its hypervisor launched" if proof.get("hypervisor_launched") else "",
        f"microcode {reading['microcode_signature']}" if reading.get("microcode_signature") else "",
    ]
    return ", ".join(word for word in words if word) or "nothing"


def _said(value: object, there: str, absent: str) -> str:
    return "" if value is None else there if value else absent


def _described(rows: Sequence[Row]) -> str:
    proven = sum(row["verdict"] == "proven" for row in rows)
    odd = sum(row["verdict"] == "unexpected" for row in rows)
    levels = ", ".join(
        _LEVEL_NAMES[level] for level in ("L0", "L1", "L2") if any(row["level"] == level for row in rows)
    )
    return (
        f"What {levels} saw of the processor: {proven} proofs, {odd} unexpected readings, {len(rows)} rows. "
        "The table below has them all."
    )
