"""Many ids in one statement."""

from collections.abc import Iterable

from django.db.models.expressions import RawSQL


def among(ids: Iterable[int]) -> RawSQL:
    """For `filter(pk__in=among(ids))` where there may be very many: they go as one array, for a statement takes 65,535 parameters."""
    return RawSQL("SELECT unnest(%s::bigint[])", [list(ids)])
