"""The one place where errors become HTTP: {"error": {"code", "message", "fields"?, "field_codes"?}}.

`fields` says what is wrong with each field, `field_codes` the same in a word where it has one.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DataError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from labeling.errors import DomainError, FieldError

UNSTORABLE = (
    "The request holds a value that the database cannot keep: a NUL character, half of a surrogate pair, or a number that is"
    " too large. Remove it and send the rest again."
)
CODES = {
    400: "invalid",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    429: "throttled",
}


def error_body(code: str, message: str, fields: dict[str, str] | None = None) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "message": message}
    if fields:
        error["fields"] = fields
    if codes := {name: text.code for name, text in (fields or {}).items() if isinstance(text, FieldError)}:
        error["field_codes"] = codes
    return {"error": error}


def flatten_fields(detail: Any, prefix: str = "") -> dict[str, str]:
    """DRF's nested error detail as {"path.to.field": "all its messages"}."""
    if isinstance(detail, dict):
        pairs = [(f"{prefix}.{key}".strip("."), value) for key, value in detail.items()]
    elif isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        pairs = [(f"{prefix}.{index}".strip("."), value) for index, value in enumerate(detail) if value]
    else:
        messages = detail if isinstance(detail, list) else [detail]
        text, codes = " ".join(str(message) for message in messages), [getattr(each, "code", "") for each in messages]
        return {prefix or "non_field_errors": FieldError(text, codes[0]) if any(codes) else text}
    flat: dict[str, str] = {}
    for name, value in pairs:
        flat.update(flatten_fields(value, name))
    return flat


def handle_exception(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception hook: known errors in our shape; None (a logged 500) for the rest."""
    if isinstance(exc, DomainError):
        set_rollback()
        return Response(error_body(exc.code, exc.message, exc.fields), status=exc.status)
    if isinstance(exc, exceptions.ValidationError):
        set_rollback()
        fields = flatten_fields(exc.detail)
        message = "; ".join(f"{name}: {text}" for name, text in fields.items())
        return Response(error_body("invalid", message, fields), status=400)
    if isinstance(exc, DataError):  # what came in is at fault, and its transaction was undone
        set_rollback()
        return Response(error_body("unstorable", UNSTORABLE), status=400)
    if isinstance(exc, Http404):
        exc = exceptions.NotFound("There is no such object, or it is not visible to you.")
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    response = exception_handler(exc, context)
    if response is not None and isinstance(exc, exceptions.APIException):
        response.data = error_body(CODES.get(response.status_code, "invalid"), str(exc.detail))
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:
    return JsonResponse(error_body("csrf_failed", f"{reason} Reload the page and try again."), status=403)
