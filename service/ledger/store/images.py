"""Images: parent disks that nodes are made from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from service.ledger.store.documents import Change, Document, Documents
from service.ledger.store.scripts import Scripts


@dataclass(frozen=True)
class Image:
    """One parent disk, at `path` on the hosts. `sha256` is lower-case hex; `os_build` 0 means unknown."""

    id: str
    name: str
    path: str
    sha256: str = ""
    os_build: int = 0
    os_name: str = ""
    edition: str = "unknown"
    generation: int = 2
    size_mib: int = 0
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    version: int = 0
    created_at: float = 0.0
    updated_at: float = 0.0


_KEPT_BESIDE = ("id", "version", "created_at", "updated_at")


class ImageStore:
    """The images of one ledger."""

    def __init__(self, scripts: Scripts) -> None:
        self._documents = Documents(scripts, "image")

    def put(self, image: Image) -> Image:
        """Register a new image. Raise NameTaken, VersionConflict when the id exists."""
        return _image(self._documents.put(image.id, _change(image), expected=0))

    def update(self, image: Image, expected_version: int | None = None) -> Image:
        """Replace an image's record. Raise NotFound, NameTaken, VersionConflict."""
        expected = image.version if expected_version is None else expected_version
        return _image(self._documents.put(image.id, _change(image), expected=max(1, expected)))

    def get(self, image_id: str) -> Image | None:
        """Return the image or None."""
        document = self._documents.get(image_id)
        return _image(document) if document else None

    def by_name(self, name: str) -> Image | None:
        """Return the image of this name or None."""
        document = self._documents.by_name(name)
        return _image(document) if document else None

    def list(self, before: tuple[float, str] | None = None, limit: int = 100) -> list[Image]:
        """Return up to `limit` images older than `before` (created_at, id), newest first."""
        return [_image(document) for document in self._documents.list(before, limit)]

    def delete(self, image_id: str, expected_version: int | None = None) -> bool:
        """Forget an image; False when unknown. Jobs carry their own copy of path and hash. Raise VersionConflict."""
        return self._documents.delete(image_id, expected=expected_version)


def _change(image: Image) -> Change:
    body = {name: value for name, value in dataclasses.asdict(image).items() if name not in _KEPT_BESIDE}
    return Change(body, name=image.name)


def _image(document: Document) -> Image:
    return Image(
        id=document.id,
        version=document.version,
        created_at=document.created_at,
        updated_at=document.updated_at,
        **document.body,
    )
