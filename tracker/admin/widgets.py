"""Fields of forms on which Django's own would break."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.widgets import AutocompleteMixin, AutocompleteSelect, AutocompleteSelectMultiple

from tracker.row_ids import read_row_id


class IdsOnly(AutocompleteMixin):
    """Django's own asks the database for whatever was sent, also for what is no id, when it shows a form again."""

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        """The chosen rows, where ids were sent."""
        ids = [text for text in map(str, value) if read_row_id(text) is not None]
        return super().optgroups(name, ids, attr)


class RowSelect(IdsOnly, AutocompleteSelect):
    """A row chosen by typing."""


class RowsSelect(IdsOnly, AutocompleteSelectMultiple):
    """Rows chosen by typing."""
