"""All blueprints on one Flask app, with the bounds that hold for every request."""

from __future__ import annotations

from typing import Any

import flask_smorest
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from werkzeug.routing import BaseConverter

from service.api import (
    audit_views,
    batch_views,
    delivery_views,
    document,
    document_views,
    endpoint_views,
    event_views,
    health,
    host_views,
    image_views,
    installation_views,
    job_event_views,
    job_views,
    key_views,
    lab_views,
    lock_views,
    reference_views,
    steering_views,
    tenant_views,
)
from service.api.chat import slack_views
from service.api.problems import register_problem_handlers
from service.api.request_id import register_request_id

MAX_BODY_BYTES = 1 << 20
BLUEPRINTS = (
    job_views.blueprint,
    batch_views.blueprint,
    steering_views.blueprint,
    job_event_views.blueprint,
    lab_views.blueprint,
    host_views.blueprint,
    lock_views.blueprint,
    image_views.blueprint,
    endpoint_views.blueprint,
    delivery_views.blueprint,
    event_views.blueprint,
    key_views.blueprint,
    slack_views.blueprint,
    audit_views.blueprint,
    tenant_views.blueprint,
    installation_views.blueprint,
    health.blueprint,
    document_views.blueprint,
    reference_views.blueprint,
)


class Identifier(BaseConverter):
    """A path part without `:`, so that `/v1/jobs/{id}:cancel` is a path of its own."""

    regex = r"[^/:]{1,100}"
    part_isolating = False


def register_views(app: Flask) -> None:
    """Put all routes, error answers and the OpenAPI document on an app. Starts nothing."""
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        PROVIDE_AUTOMATIC_OPTIONS=False,
        API_TITLE=document.TITLE,
        API_VERSION=document.VERSION,
        OPENAPI_VERSION=document.OPENAPI_VERSION,
    )
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    app.url_map.converters["identifier"] = Identifier
    register_request_id(app)
    api = _api(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    app.extensions[document_views.EXTENSION] = document_views.Document(document.finish(api.spec))
    register_problem_handlers(app)


def _api(app: Flask) -> Any:
    plugin = MarshmallowPlugin(schema_name_resolver=document.schema_name)
    api = flask_smorest.Api(app, spec_kwargs={"marshmallow_plugin": plugin})
    converter: Any = plugin.converter  # set when the plugin meets its spec
    converter.add_attribute_function(document.describe_field)
    api.DEFAULT_ERROR_RESPONSE_NAME = None  # each operation lists its own statuses
    api.register_converter(Identifier, lambda _: {"type": "string", "minLength": 1, "maxLength": 100})
    document.describe_shared_parts(api.spec)
    return api
