"""How each client is made: locked tools are fetched, the generator reads the document, the client is compiled.

Everything lands in `build/clients/<language>`; nothing of it is committed. `prepare` is safe to repeat: what a lock
file names is fetched once, the client is made again each time.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.clients.page import write_blocks
from tests.conftest import ROOT

HERE = Path(__file__).resolve().parent
BUILD = ROOT / "build" / "clients"
DOCUMENT, OLD_DOCUMENT = ROOT / "openapi.yaml", ROOT / "openapi-3.0.yaml"
# Pinned here, for there is no file that would lock a plugin of Maven.
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_JAVA_OPTIONS = (
    "apiPackage=example.matryoshka.api,modelPackage=example.matryoshka.model,invokerPackage=example.matryoshka,"
    "openApiNullable=false,hideGenerationTimestamp=true,enumUnknownDefaultCase=true,useOneOfDiscriminatorLookup=true,"
    "containerDefaultToNull=true"
)
_JAVA_PARTS = "apis,models,supportingFiles,apiDocs=false,modelDocs=false,apiTests=false,modelTests=false"


class ToolFailed(Exception):
    """A generator, compiler or client ended with an error; the message has what it said."""


@dataclass(frozen=True)
class Client:
    """One client: the programs it needs on PATH, how it is made, and what runs it."""

    needs: tuple[str, ...]
    prepare: Callable[[Path], Sequence[str]]

    def missing(self) -> list[str]:
        """Return the programs that this machine does not have."""
        return [name for name in self.needs if shutil.which(name) is None]


def run(argv: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a program in a folder and return its standard output.

    Raises:
        ToolFailed: it ended with another code than 0.
    """
    done = subprocess.run([*map(str, argv)], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolFailed(f"{' '.join(map(str, argv))[:200]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def copied(name: str, folder: Path) -> None:
    """Copy the sources of a client into the folder in which it is made."""
    shutil.copytree(HERE / name, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))


def is_installed(mark: Path, *locks: Path) -> bool:
    """Tell whether what these lock files name was installed; see `note`."""
    return mark.is_file() and mark.read_text() == _fingerprint(*locks)


def note(mark: Path, *locks: Path) -> None:
    """Note that what these lock files name is installed."""
    mark.write_text(_fingerprint(*locks))


def _fingerprint(*locks: Path) -> str:
    return hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()


def _bash(folder: Path) -> Sequence[str]:
    write_blocks(folder, ".sh")
    return ("bash", "submit.sh")


def _python(folder: Path) -> Sequence[str]:
    copied("python", folder)
    python, lock, mark = folder / "venv" / "bin" / "python", folder / "requirements.txt", folder / "venv" / "installed"
    if not is_installed(mark, lock):
        run((sys.executable, "-m", "venv", "--clear", "venv"), folder)
        run((python, "-m", "pip", "install", "-q", "--require-hashes", "-r", lock), folder)
        note(mark, lock)
    made = folder / "matryoshka_client"
    options = ("--meta", "none", "--config", "config.yaml", "--output-path", made, "--overwrite", "--fail-on-warning")
    run((python, "-m", "openapi_python_client", "generate", "--path", DOCUMENT, *options), folder)
    write_blocks(folder, ".py")
    return (str(python), "main.py")


def _typescript(folder: Path) -> Sequence[str]:
    copied("typescript", folder)
    lock, mark = folder / "package-lock.json", folder / "node_modules" / "installed"
    if not is_installed(mark, lock):
        run(("npm", "ci", "--no-audit", "--no-fund"), folder)
        note(mark, lock)
    run(("npm", "run", "generate"), folder)
    write_blocks(folder, ".ts")
    run(("npm", "run", "build"), folder)
    return ("node", "out/main.js")


def _go(folder: Path) -> Sequence[str]:
    copied("go", folder)
    (folder / "api").mkdir(exist_ok=True)
    run(("go", "tool", "oapi-codegen", "-config", "oapi-codegen.yaml", OLD_DOCUMENT), folder)
    run(("go", "vet", "./..."), folder)
    run(("go", "build", "-mod=readonly", "-o", "client", "."), folder)
    return ("./client",)


def _java(folder: Path) -> Sequence[str]:
    copied("java", folder)
    libraries, made, classes = folder / "lib", folder / "made", folder / "classes"
    pom, checksums = folder / "pom.xml", folder / "checksums.txt"
    if not is_installed(folder / "installed", pom, checksums):
        shutil.rmtree(libraries, ignore_errors=True)
        run(("mvn", "-B", "-q", "-f", pom, _COPY, f"-DoutputDirectory={libraries}"), folder)
        note(folder / "installed", pom, checksums)
    run(("sha256sum", "--check", "--strict", "--quiet", checksums), libraries)
    for old in (made, classes):
        shutil.rmtree(old, ignore_errors=True)
    generator = next(libraries.glob("openapi-generator-cli-*.jar"))
    options = ("-g", "java", "--library", "native", "--additional-properties", _JAVA_OPTIONS)
    parts = ("--global-property", _JAVA_PARTS)
    run(("java", "-jar", generator, "generate", "-i", DOCUMENT, "-o", made, *options, *parts), folder)
    sources = [*sorted((made / "src" / "main").rglob("*.java")), *sorted(folder.glob("*.java"))]
    run(("javac", "-nowarn", "-proc:none", "-d", classes, "-cp", "lib/*", *sources), folder)
    return ("java", "-cp", "classes:lib/*", "Main")


CLIENTS: Mapping[str, Client] = {
    "curl": Client(("bash", "curl", "jq"), _bash),
    "python": Client((), _python),
    "typescript": Client(("node", "npm"), _typescript),
    "go": Client(("go",), _go),
    "java": Client(("java", "javac", "mvn"), _java),
}
