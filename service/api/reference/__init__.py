"""The reference page at `/docs`: made from the OpenAPI document, with no script and nothing from outside."""
