"""A process that sends one batch after another until somebody kills it: `python -m … NUMBER`."""

import sys

import django

django.setup()

from incidents.testing.ticket_events import ingest, make_event  # noqa: E402

BATCH = 500


def send_batches(number: int) -> None:
    """Each batch brings a whole set of tickets with two events each, and says so before and after."""
    while True:
        events = [make_event(f"B{number}-{n}", status, minutes) for n in range(BATCH) for status, minutes in MOMENTS]
        print(f"begin {number}", flush=True)
        ingest(*events)
        print(f"end {number}", flush=True)
        number += 1


MOMENTS = (("new", 0), ("active", 5))

if __name__ == "__main__":
    send_batches(int(sys.argv[1]))
