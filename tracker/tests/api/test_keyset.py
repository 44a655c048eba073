"""Pages by position: every row once, in one order, whatever the ties and the missing values."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker.api import cursors
from tracker.api.keyset import Keyset
from tracker.exceptions import InvalidInput
from tracker.models import SweepHeartbeat, User
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
MOMENT = "2026-01-0{}T00:00:00Z"
ORDERINGS = [
    ["pk"],
    ["-pk"],
    ["finished_at"],
    ["-finished_at"],
    ["rows", "-finished_at"],
    ["-finished_at", "rows"],
    ["finished_at", "rows"],
    ["-rows", "duration_seconds"],
    ["last_error", "-rows"],
]


def expected(ordering):
    """The order by plain Python: NULL last, the primary key decides."""
    rows = list(SweepHeartbeat.objects.all())
    names = [name for name in ordering if name.lstrip("-") != "pk"]
    last = "-pk" if ordering[-1].startswith("-") else "pk"
    for name in reversed([*names, last]):
        column, is_descending = name.lstrip("-"), name.startswith("-")
        present = [row for row in rows if getattr(row, column) is not None]
        absent = [row for row in rows if getattr(row, column) is None]
        present.sort(key=lambda row: getattr(row, column), reverse=is_descending)
        rows = present + absent
    return [row.pk for row in rows]


def walk_forward(keyset, limit):
    position, found = None, []
    while rows := keyset.after(limit, position):
        found += [row.pk for row in rows]
        position = keyset.position_of(rows[-1])
    return found


def walk_backward(keyset, limit):
    position: tuple | None = None
    found: list = []
    while rows := keyset.before(limit, position):
        found = [row.pk for row in rows] + found
        position = keyset.position_of(rows[0])
    return found


def fill(rows):
    SweepHeartbeat.objects.all().delete()
    SweepHeartbeat.objects.bulk_create(
        SweepHeartbeat(
            name=f"{number:03d}",
            started_at=MOMENT.format(1),
            finished_at=None if day is None else MOMENT.format(day),
            rows=count,
            last_error=error,
        )
        for number, (day, count, error) in enumerate(rows)
    )


@given(
    rows=st.lists(
        st.tuples(st.none() | st.integers(1, 3), st.integers(0, 2), st.sampled_from(["", "a", "b"])), max_size=14
    ),
    ordering=st.sampled_from(ORDERINGS),
    limit=st.integers(1, 4),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_is_met_once_and_in_order_forward_and_backward(rows, ordering, limit):
    fill(rows)
    keyset = Keyset(SweepHeartbeat.objects.all(), ordering)
    order = expected(ordering)
    assert walk_forward(keyset, limit) == order
    assert walk_backward(keyset, limit) == order
    for offset in range(len(order) + 1):
        assert [row.pk for row in keyset.after(limit, offset=offset)] == order[offset : offset + limit]


def test_a_row_that_comes_in_between_shifts_nothing():
    fill([(None, 1, "")] * 4)
    keyset = Keyset(SweepHeartbeat.objects.all(), ["pk"])
    first = keyset.after(2)
    SweepHeartbeat.objects.create(name="000a", started_at=MOMENT.format(1))
    assert [row.pk for row in keyset.after(2, keyset.position_of(first[-1]))] == ["002", "003"]


def test_columns_of_related_rows_and_dicts_of_values_work_too():
    make_user(full_name="b")
    make_user(full_name="a")
    keyset = Keyset(User.objects.values("id", "full_name"), ["full_name"])
    first = keyset.after(1)
    second = keyset.after(1, keyset.position_of(first[0]))
    assert [row["full_name"] for row in itertools.chain(first, second)] == ["a", "b"]


def test_a_cursor_is_only_good_as_it_was_given_and_for_its_own_order():
    fill([(1, 1, ""), (2, 1, "")])
    keyset = Keyset(SweepHeartbeat.objects.all(), ["-finished_at"])
    text = cursors.encode(keyset, keyset.after(1)[0], is_backward=False)
    assert [row.pk for row in keyset.after(5, cursors.decode(keyset, text).position)] == ["000"]
    other = Keyset(SweepHeartbeat.objects.all(), ["finished_at"])
    other_letter = "y" if text[0] == "x" else "x"
    for forged in (text[:-1], text + "A", other_letter + text[1:], "", "AAAA", "é", "\0", "A" * 5000, text.swapcase()):
        with pytest.raises(InvalidInput, match="cursor"):
            cursors.decode(keyset, forged)
    with pytest.raises(InvalidInput, match="another ordering"):
        cursors.decode(other, text)
