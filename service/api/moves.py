"""What the ledger refuses, as problems."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from service.api.context import context
from service.api.problems import Problem
from service.ledger.store import IllegalMove, InUse, NameTaken, NotFound, VersionConflict


@contextmanager
def ledger_refusals(what: str) -> Iterator[None]:
    """Turn refusals of the ledger about a resource (`host`, `image`, ...) into problems.

    Raises:
        Problem: 404 gone, 409 name taken, in use or not in this state, 412 changed since it was read.
    """
    try:
        yield
    except NotFound as error:
        raise Problem(404, "not-found", f"There is no such {what} any more.") from error
    except NameTaken as error:
        raise Problem(409, "name-taken", f"Another {what} has this name.", holder=error.holder) from error
    except InUse as error:
        named = context().store.owners.named(error.holders)
        raise Problem(409, "in-use", f"The {what} is in use.", holders=named) from error
    except IllegalMove as error:
        raise Problem(409, "wrong-state", f"The {what} is {error.state}.", state=error.state) from error
    except VersionConflict as error:
        raise Problem(412, "precondition-failed", f"The {what} has changed since; get it again.") from error
