"""Nobody adds an operation by whose path one tenant could reach what another has."""

from __future__ import annotations

import pytest
from flask_smorest import Blueprint

from service.api.operation import Operation, route
from service.api.owning import OPERATORS, OWNED, SHARED, path_parameters
from tests.rules.test_auth import APP


def _declared() -> list[tuple[str, str, str]]:
    return [
        (str(rule.rule), getattr(APP.view_functions[rule.endpoint], "scope", ""), name)
        for rule in APP.url_map.iter_rules()
        # The dashboard's pages ask the API, which looks itself.
        if not rule.endpoint.startswith("ui.")
        for name in rule.arguments
    ]


def test_every_path_parameter_has_an_owner() -> None:
    """Each parameter of each path is a tenant's, shared by all, or the operator's; the last need the scope admin."""
    declared = _declared()

    assert len(declared) > 20
    assert [] == [one for one in declared if one[2] not in {*OWNED, *SHARED, *OPERATORS}]
    assert [] == [one for one in declared if one[2] in OPERATORS and one[1] != "admin"]
    assert set() == set(OWNED) & (SHARED | OPERATORS)


@pytest.mark.parametrize(
    ("rule", "scope"),
    [("/v1/things/<identifier:thing_id>", "admin"), ("/v1/keys/<identifier:key_id>:lend", "jobs:read")],
)
def test_a_parameter_that_nobody_thought_about_is_refused(rule: str, scope: str) -> None:
    """A new operation with an unknown parameter, or an operator's under another scope, does not even load."""
    operation = Operation("newThing", "GET", rule, scope, {200: None})

    with pytest.raises(ValueError, match=rule.partition("<")[0]):
        route(Blueprint("things", __name__), operation)


def test_parameters_are_read_from_any_rule() -> None:
    """With and without a converter, wherever they stand."""
    assert ["a", "b_id", "c"] == path_parameters("/x/<a>/<identifier:b_id>:go/<int:c>")
