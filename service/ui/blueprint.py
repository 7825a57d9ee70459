"""The dashboard's blueprint. Views register themselves by being imported (`service.ui`)."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("ui", __name__, template_folder="templates", static_folder=None)
