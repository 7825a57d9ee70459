"""Writes cmdlets.json: what the Windows cmdlets that the module calls take, from tables of Microsoft's reference pages.

    python -m tests.powershell.make_cmdlets FOLDER

FOLDER holds one JSON file a Windows module, `{"cmdlets": {NAME: {"parameters": {...}, "only_in_7": [...]}}}`, and in
`observed/` the same read off real machines. Only cmdlets whose name stands in the module's files are kept.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CMDLETS = Path(__file__).with_name("cmdlets.json")
_MODULE = ROOT / "workers" / "powershell"


def called_names() -> set[str]:
    """Return every word of the module's files that looks like a cmdlet."""
    texts = [path.read_text(encoding="utf-8-sig") for path in _MODULE.rglob("*.ps*1")]
    return {word for text in texts for word in re.findall(r"\b[A-Z][A-Za-z]+-[A-Z][A-Za-z0-9]+\b", text)}


def collect(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the kept cmdlets by name: module, parameters (documented or observed), and those that only 7 has."""
    names, found = called_names(), dict[str, dict[str, Any]]()
    for path in sorted([*folder.glob("*.json"), *folder.glob("observed/*.json")]):
        for name, facts in json.loads(path.read_text(encoding="utf-8"))["cmdlets"].items():
            if name in names:
                known = found.setdefault(name, {"module": path.stem, "parameters": [], "seven": []})
                known["parameters"] = sorted({*known["parameters"], *facts["parameters"]})
                known["seven"] = sorted({*known["seven"], *(facts.get("only_in_7") or ())})
    return dict(sorted(found.items()))


if __name__ == "__main__":
    CMDLETS.write_text(json.dumps(collect(Path(sys.argv[1])), indent=1) + "\n", encoding="utf-8")
