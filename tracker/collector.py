"""Python's garbage collector, told what a long-lived process of this size is like."""

import gc

# A batch makes tens of thousands of objects that all go at its end; the default looks through them every 700.
OBJECTS_BETWEEN_COLLECTIONS = 20_000


def spare_what_is_loaded() -> None:
    """Call once everything is imported: the code and what it set up stay for good, so no collection walks them again.

    Without it an ingest spends a third of its time there.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 20, 20)
