"""Many new rows of one table at once, by COPY: several times as fast as INSERT, and what is around the rows stays the same."""

from collections.abc import Sequence

from django.db import DEFAULT_DB_ALIAS, connections, models


def rows_copy(rows: Sequence[models.Model]) -> None:
    """Stores new rows of one model and gives them their ids, as bulk_create does; constraints and triggers hold as ever."""
    if not rows:
        return
    table, fields = rows[0]._meta.db_table, rows[0]._meta.local_concrete_fields
    # Not django.db.connection, a proxy that looks up each of its attributes anew, six times a row.
    connection = connections[DEFAULT_DB_ALIAS]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, len(rows)]
        )
        for row, (number,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = number
        with cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row([field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields])
