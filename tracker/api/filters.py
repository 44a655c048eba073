"""What a list may be asked: known parameters only, each once; filters, ordering and search from allow-lists."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet
from django_filters import rest_framework as django_filters
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from tracker.exceptions import FieldError, InvalidInput

MOST_VALUES = 20
MOST_ORDERINGS = 3
LONGEST_SEARCH = 200
MOST_WORDS = 10


class InFilter(django_filters.BaseInFilter, django_filters.CharFilter):
    """`?status=open,waiting`: any of up to 20 values, separated by commas."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": 60 * MOST_VALUES, **kwargs})

    def filter(self, qs: Any, value: Any) -> Any:
        """The queryset, narrowed.

        Raises:
            InvalidInput: too many values.
        """
        if value and len(value) > MOST_VALUES:
            raise InvalidInput.of_field(str(self.field_name), f"Send up to {MOST_VALUES} values.")
        return super().filter(qs, value)


class ChoiceInFilter(django_filters.BaseInFilter, django_filters.ChoiceFilter):
    """`?state=firing,acked`: any of several choices; an unknown one is refused."""


class NumberInFilter(django_filters.BaseInFilter, django_filters.NumberFilter):
    """`?project=1,2`: any of several numbers."""


class FlagFilter(django_filters.TypedChoiceFilter):
    """`?is_open=true`: true or false; anything else is refused instead of meaning nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        flags = [("true", "true"), ("false", "false")]
        super().__init__(*args, **{"choices": flags, "coerce": "true".__eq__, "empty_value": None, **kwargs})


def check_query(params: Mapping[str, Any], allowed: Collection[str]) -> None:
    """Refuses parameters that this address does not know, and repeated ones.

    Raises:
        InvalidInput: naming each, and what is allowed.
    """
    names = ", ".join(sorted(allowed)) or "none"
    details = [
        FieldError(name[:100], f"Unknown parameter; allowed here: {names}.") for name in params if name not in allowed
    ]
    repeated = [name for name in params if name in allowed and len(params.getlist(name)) > 1]  # type: ignore[attr-defined]
    details += [FieldError(name, "Send it once; several values go into one, separated by commas.") for name in repeated]
    if details:
        raise InvalidInput(f"{details[0].field}: {details[0].message}", details=details)
    for name in params:
        if "\0" in params[name]:
            raise InvalidInput.of_field(name, "Text may not contain NUL characters.")


class StrictFilterBackend(django_filters.DjangoFilterBackend):
    """django-filter on lists alone: one object is found by its id, whatever else the query says."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        """The rows that the query asks for."""
        return super().filter_queryset(request, queryset, view) if not is_about_one(view) else queryset


class OrderingFilter(BaseFilterBackend):
    """`?ordering=-created_at,id` from the view's `ordering_fields`; NULL comes last either way."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        """The rows in order; a paginated list is put in order by its paginator."""
        return (
            queryset
            if is_about_one(view) or view.pagination_class
            else queryset.order_by(*find_ordering(request, view))
        )

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """The parameter for the OpenAPI document."""
        fields = ordering_fields(view)
        if not fields:
            return []
        allowed = [sign + name for name in fields for sign in ("", "-")]
        text = f"Up to {MOST_ORDERINGS}, separated by commas; `-` turns one round: {', '.join(allowed)}."
        schema = {"type": "string"}
        return [{"name": "ordering", "in": "query", "required": False, "description": text, "schema": schema}]


def ordering_fields(view: Any) -> Mapping[str, str]:
    """Public name → ORM path of what a view's list may be ordered by."""
    fields: Any = getattr(view, "ordering_fields", ())
    return fields if isinstance(fields, Mapping) else {name: name for name in fields}


def find_ordering(request: Request, view: Any) -> Sequence[str]:
    """The ORM's order_by arguments that the query asks for, or the view's own `ordering`.

    Raises:
        InvalidInput: not in the allow-list.
    """
    spelled: str | None = request.query_params.get("ordering")
    if spelled is None:
        default: Sequence[str] = getattr(view, "ordering", ("-pk",))
        return default
    allowed = ordering_fields(view)
    names = spelled.split(",")
    if len(names) > MOST_ORDERINGS or any(name.removeprefix("-") not in allowed for name in names):
        options = ", ".join(allowed)
        raise InvalidInput.of_field("ordering", f"Send up to {MOST_ORDERINGS} of {options}, each with or without `-`.")
    return [("-" if name.startswith("-") else "") + allowed[name.removeprefix("-")] for name in names]


class SearchFilter(BaseFilterBackend):
    """`?search=`: words, each found by its beginning. Never a pattern: `%`, `_`, `*` and `$` mean themselves.

    A view names `search_vector` (a tsvector column, for big tables) or `search_fields` (for small ones), or has
    a method `search(queryset, words)` of its own.
    """

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        """The rows that match.

        Raises:
            InvalidInput: too long.
        """
        text = request.query_params.get("search", "").strip()
        if not text or is_about_one(view):
            return queryset
        if len(text) > LONGEST_SEARCH:
            raise InvalidInput.of_field("search", f"Send up to {LONGEST_SEARCH} characters.")
        words = text.split()[:MOST_WORDS]
        own = getattr(view, "search", None)
        if own is not None:
            return own(queryset, words)
        vector = getattr(view, "search_vector", None)
        return queryset.filter(**{vector: words_query(words)}) if vector else _contains(queryset, view, words)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """The parameter for the OpenAPI document."""
        if not is_searchable(view):
            return []
        schema = {"type": "string", "maxLength": LONGEST_SEARCH}
        text = "Words, each found by its beginning."
        return [{"name": "search", "in": "query", "required": False, "description": text, "schema": schema}]


def words_query(words: Iterable[str], *, config: str = "simple") -> SearchQuery:
    """A full-text query for all of `words` by their beginnings; quotes and operators in them mean nothing."""
    quoted = ("'" + word.replace("\\", "\\\\").replace("'", "''") + "':*" for word in words)
    return SearchQuery(" & ".join(quoted), config=config, search_type="raw")


def _contains(queryset: "QuerySet[Any]", view: Any, words: Sequence[str]) -> "QuerySet[Any]":
    for word in words:
        condition = Q()
        for field in view.search_fields:
            condition |= Q(**{f"{field}__icontains": word})
        queryset = queryset.filter(condition)
    return queryset


def is_searchable(view: Any) -> bool:
    """Whether a view's list takes `search`."""
    return any(getattr(view, name, None) for name in ("search", "search_vector", "search_fields"))


def is_about_one(view: Any) -> bool:
    """Whether the address names one object, or no list."""
    return bool(getattr(view, "detail", False))


def list_parameters(view: Any) -> set[str]:
    """The names that a view's list knows, without those of its paginator."""
    filterset = getattr(view, "filterset_class", None)
    names = set(filterset.base_filters) if filterset is not None else set(getattr(view, "filterset_fields", None) or ())
    if ordering_fields(view):
        names.add("ordering")
    if is_searchable(view):
        names.add("search")
    return names
