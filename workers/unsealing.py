"""Opens sealed boxes with the private keys of this worker, and looks for a new key when a box names one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from service.ledger.sealing import PrivateKeys, SealingError, key_id_of_box
from workers.settings import SettingsError


@dataclass
class Unsealer:
    """Call it with a box. `read` gives the text of the key file as it is now.

    The file is read again when a box names a key that is not known: the API may seal with a new key before this worker
    was started again. Keys once read are kept until the process ends, for a claim may still hold an old box.
    """

    read: Callable[[], str] = field(repr=False)
    keys: PrivateKeys = field(init=False)

    def __post_init__(self) -> None:
        """Read the keys at once, so that a worker that could open nothing does not start. Raises SettingsError."""
        self.keys = self._parsed()

    def __call__(self, box: str) -> bytes:
        """Return what is in the box; raises ValueError when none of the keys opens it."""
        name = key_id_of_box(box)
        if name and name not in self.keys.ids:
            self._look_again()
        try:
            return self.keys.open(box)
        except SealingError as error:
            raise ValueError(str(error)) from error

    def _look_again(self) -> None:
        try:
            fresh = self._parsed()
        except SettingsError:
            return  # what was read before still opens the rest
        old = tuple(key for key in self.keys.keys if key not in fresh.keys)
        self.keys = PrivateKeys(old + fresh.keys)

    def _parsed(self) -> PrivateKeys:
        try:
            return PrivateKeys.parse(self.read())
        except SealingError as error:
            raise SettingsError("MATRYOSHKA_PRIVATE_KEY_FILE", str(error)) from error
