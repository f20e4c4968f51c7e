"""Lists, newest first, in pages that stay right while rows are added: the cursor is the last id seen."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

from labeling.errors import InvalidInput
from labeling.numbers import whole_number

PAGE_SIZE = 50
CURSOR = OpenApiParameter("cursor", str, description="`next` of the page before; absent for the first page.")


def page_of(
    request: Request,
    rows: QuerySet[Any],
    serializer: type[BaseSerializer[Any]],
    context_of: Callable[[list[Any]], dict[str, Any]] = lambda shown: {},
) -> dict[str, Any]:
    """One page of rows as {"results", "next", "count"}; `context_of(rows shown)` is what their serializer needs beside them."""
    count = rows.count()
    cursor = request.query_params.get("cursor", "")
    if cursor:
        last = whole_number(cursor)
        if last is None:
            raise InvalidInput(f"Expected the cursor of an earlier page, got {cursor!r}.")
        rows = rows.filter(pk__lt=last)
    found = list(rows.order_by("-pk")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return {
        "results": serializer(shown, many=True, context=context_of(shown)).data,
        "next": str(shown[-1].pk) if len(found) > PAGE_SIZE else None,
        "count": count,
    }


def page_whole(rows: list[Any], serializer: type[BaseSerializer[Any]], **context: Any) -> dict[str, Any]:
    """A list that is short by nature, as one page."""
    return {"results": serializer(rows, many=True, context=context).data, "next": None, "count": len(rows)}
