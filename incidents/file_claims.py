"""Says which kept files belong to issues, incidents and their comments."""

from collections.abc import Iterable, Sequence

from incidents.models import Attachment
from tracker.files.claims import FileClaim, declare_claim

BATCH_ROWS = 1_000


def _find(keys: Sequence[str]) -> set[str]:
    named = set(Attachment.objects.filter(storage_key__in=keys).values_list("storage_key", flat=True))
    with_preview = Attachment.objects.filter(preview_key__in=keys).exclude(preview_key="")
    return named | set(with_preview.values_list("preview_key", flat=True))


def _keys() -> Iterable[str]:
    rows = Attachment.objects.order_by()
    previews = rows.exclude(preview_key="").values_list("preview_key", flat=True)
    named = rows.values_list("storage_key", flat=True).union(previews).order_by("storage_key")
    return named.iterator(chunk_size=BATCH_ROWS)


declare_claim("attachment", FileClaim(_find, _keys))
