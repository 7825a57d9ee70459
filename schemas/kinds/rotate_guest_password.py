"""`rotate_guest_password`: a new password for the local administrator of every node of a lab."""

from __future__ import annotations

from schemas.base import choice
from schemas.guest import SHORTEST_PASSWORD
from schemas.kinds.lab_work import OneWaySchema
from schemas.secret import SecretField


class RotateGuestPasswordRequestSchema(OneWaySchema):
    """Set the password that the lab logs on with. Without `new_password` a random one is made, which nobody can read.

    `present_password` is needed only when somebody changed it inside the nodes, so that the lab's own is wrong.
    """

    kind = choice("rotate_guest_password", required=True)
    new_password = SecretField(shortest=SHORTEST_PASSWORD)
    present_password = SecretField()
