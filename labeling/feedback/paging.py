"""Lists, newest first, in pages that stay right while rows are added: the cursor is the last id seen."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

from labeling.errors import InvalidInput

PAGE_SIZE = 50
CURSOR = OpenApiParameter("cursor", str, description="`next` of the page before; absent for the first page.")


def page_of(
    request: Request, rows: QuerySet[Any], serializer: type[BaseSerializer[Any]], context: dict[str, Any] | None = None,
    shown_as: Callable[[Any], Any] | None = None,
) -> dict[str, Any]:
    """One page of rows as {"results", "next", "count"}."""
    count = rows.count()
    cursor = request.query_params.get("cursor", "")
    if cursor:
        if not cursor.isdigit():
            raise InvalidInput(f"Expected the cursor of an earlier page, got {cursor!r}.")
        rows = rows.filter(pk__lt=int(cursor))
    found = list(rows.order_by("-pk")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    items = [shown_as(row) for row in shown] if shown_as else shown
    return {
        "results": serializer(items, many=True, context=context or {}).data,
        "next": str(shown[-1].pk) if len(found) > PAGE_SIZE else None,
        "count": count,
    }
