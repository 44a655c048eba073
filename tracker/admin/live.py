"""Where a page stands in the log, so that its live part goes on from there without a gap."""

from django.db import connection

from tracker.realtime.positions import Position, encode_cursor

SELECT_HEAD = "SELECT tracker_horizon()::text::bigint"


def read_live_cursor() -> str:
    """The cursor from which everything is news to a page that is read after this call."""
    with connection.cursor() as cursor:
        cursor.execute(SELECT_HEAD)
        (xid,) = cursor.fetchone()
    return encode_cursor(Position(int(xid), 0))
