"""One request schema a job kind."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.kinds.add_node import AddNodeRequestSchema
from schemas.kinds.enable_nesting import EnableNestingRequestSchema
from schemas.kinds.inspect_host import InspectHostRequestSchema
from schemas.kinds.install_role import InstallRoleRequestSchema
from schemas.kinds.nested_cluster import NestedClusterRequestSchema
from schemas.kinds.nested_host import NestedHostRequestSchema
from schemas.kinds.nested_vm import NestedVMRequestSchema
from schemas.kinds.remove_node import RemoveNodeRequestSchema
from schemas.kinds.rotate_guest_password import RotateGuestPasswordRequestSchema
from schemas.kinds.start_lab import StartLabRequestSchema
from schemas.kinds.stop_lab import StopLabRequestSchema
from schemas.kinds.teardown import TeardownRequestSchema
from schemas.kinds.test_host import TestHostRequestSchema
from schemas.kinds.verify_lab import VerifyLabRequestSchema
from schemas.request import RequestSchema

REQUEST_SCHEMAS: Mapping[str, type[RequestSchema]] = {
    "nested_cluster": NestedClusterRequestSchema,
    "nested_host": NestedHostRequestSchema,
    "enable_nesting": EnableNestingRequestSchema,
    "install_role": InstallRoleRequestSchema,
    "nested_vm": NestedVMRequestSchema,
    "inspect_host": InspectHostRequestSchema,
    "test_host": TestHostRequestSchema,
    "verify_lab": VerifyLabRequestSchema,
    "add_node": AddNodeRequestSchema,
    "remove_node": RemoveNodeRequestSchema,
    "stop_lab": StopLabRequestSchema,
    "start_lab": StartLabRequestSchema,
    "rotate_guest_password": RotateGuestPasswordRequestSchema,
    "teardown": TeardownRequestSchema,
}
