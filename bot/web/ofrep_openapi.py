"""The evaluation routes in OpenAPI: what is asked and answered. It is served, and the tests hold them to it."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def _json(schema: Schema, description: str, headers: Schema | None = None) -> Schema:
    found: Schema = {"description": description, "content": {"application/json": {"schema": schema}}}
    return found | ({"headers": headers} if headers else {})


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


TEXT: Schema = {"type": "string"}
VALUE: Schema = {"type": ["boolean", "string", "number", "object", "array"]}
METADATA: Schema = {"type": "object", "additionalProperties": {"type": ["boolean", "string", "number"]}}
ETAG: Schema = {"ETag": {"required": True, "schema": {"type": "string", "pattern": '^"[0-9a-f]{32}"$'}}}
IF_NONE_MATCH: Schema = {"name": "If-None-Match", "in": "header", "required": False, "schema": TEXT}
UNAUTHORIZED = _json(_ref("refusal"), "No token, or a wrong one among those that were sent.")
NOT_MODIFIED: Schema = {"description": "The same as when this tag was given.", "headers": ETAG}
# Neither is required: clients that know nothing about their user send no context, or an empty one.
ASKED: Schema = {
    "required": False,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    "context": {"type": "object", "properties": {"targetingKey": {"type": "string"}}},
                },
            }
        }
    },
}


def _object(required: list[str], **properties: Schema) -> Schema:
    return {"type": "object", "required": required, "properties": properties}


SCHEMAS: Schema = {
    "success": _object(
        ["key", "value", "reason", "variant"],
        key=TEXT,
        value=VALUE,
        reason={"enum": ["STATIC", "TARGETING_MATCH", "SPLIT", "DISABLED", "UNKNOWN"]},
        variant=TEXT,
        metadata=METADATA,
    ),
    "failure": _object(
        ["errorCode", "errorDetails"],
        key=TEXT,
        errorCode={
            "enum": [
                "PARSE_ERROR",
                "TARGETING_KEY_MISSING",
                "INVALID_CONTEXT",
                "TYPE_MISMATCH",
                "GENERAL",
                "FLAG_NOT_FOUND",
            ]
        },
        errorDetails=TEXT,
    ),
    "refusal": _object(["errorDetails"], errorDetails=TEXT),
    "all": _object(
        ["flags", "metadata", "eventStreams"],
        flags={"type": "array", "items": {"anyOf": [_ref("success"), _ref("failure")]}},
        metadata=METADATA,
        eventStreams={
            "type": "array",
            "items": _object(
                ["type", "endpoint"],
                type={"const": "sse"},
                endpoint=_object(["requestUri"], requestUri=TEXT),
            ),
        },
    ),
    "document": _object(
        ["flags"],
        flags={
            "type": "object",
            "additionalProperties": _object(
                ["state", "variants"], state={"enum": ["ENABLED", "DISABLED"]}, variants={"type": "object"}
            ),
        },
    ),
}

DESCRIPTION: Schema = {
    "openapi": "3.1.0",
    "info": {"title": "Firebreak's flags", "version": "1", "description": "OFREP, and flagd's HTTP sync."},
    "security": [{"bearer": []}, {"key": []}],
    "paths": {
        "/ofrep/v1/evaluate/flags/{key}": {
            "post": {
                "operationId": "one",
                "summary": "One flag for one context",
                "parameters": [
                    {
                        "name": "key",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"},
                    }
                ],
                "requestBody": ASKED,
                "responses": {
                    "200": _json(_ref("success"), "What this context is served."),
                    "400": _json(_ref("failure"), "It cannot be evaluated; the details say why."),
                    "401": UNAUTHORIZED,
                    "404": _json(_ref("failure"), "No such flag, or one that leaves it to the application."),
                },
            }
        },
        "/ofrep/v1/evaluate/flags": {
            "post": {
                "operationId": "all",
                "summary": "Every flag for one context",
                "parameters": [IF_NONE_MATCH],
                "requestBody": ASKED,
                "responses": {
                    "200": _json(_ref("all"), "What this context is served.", ETAG),
                    "304": NOT_MODIFIED,
                    "400": _json(_ref("failure"), "The context cannot be understood."),
                    "401": UNAUTHORIZED,
                },
            }
        },
        "/flagd/flags.json": {
            "get": {
                "operationId": "sync",
                "summary": "The whole document, for flagd",
                "parameters": [IF_NONE_MATCH],
                "responses": {
                    "200": _json(_ref("document"), "The flags as they are served now.", ETAG),
                    "304": NOT_MODIFIED,
                    "401": UNAUTHORIZED,
                },
            }
        },
    },
    "components": {
        "schemas": SCHEMAS,
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer"},
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        },
    },
}
