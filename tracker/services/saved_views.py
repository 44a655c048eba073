"""Views of the back office's lists that people keep: filters, search and order under a name, shared or not."""

from collections.abc import Collection
from urllib.parse import parse_qsl, urlencode

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from tracker.access import Actor, decide, require
from tracker.exceptions import Conflict, FieldError, InvalidInput, NotFound, PermissionDenied
from tracker.models import SavedView, User
from tracker.services.events import log_event

MAX_VIEWS = 50
MAX_NAME_CHARACTERS = 60
MAX_QUERY_CHARACTERS = 2_000
MAX_PARAMETERS = 50


def visible_views(actor: Actor) -> QuerySet[SavedView]:
    """The one rule of which views an actor may know of: their own and the shared ones."""
    if actor.user is None or not decide(actor, "saved_views", "list").is_allowed:
        return SavedView.objects.none()
    return SavedView.objects.filter(Q(owner=actor.user) | Q(is_shared=True))


@transaction.atomic
def save_view(
    *, actor: Actor, page: str, name: str, query: str, known: Collection[str], is_shared: bool = False
) -> SavedView:
    """Keeps the query string of the list `page` under a name; `known` are the parameters which that list takes.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, saved_views.create.
        InvalidInput: no name, a query that the list does not take, or MAX_VIEWS of this list are there.
        Conflict: one's own view of this name is there.
    """
    require(actor, "saved_views", "create")
    if actor.user is None:
        raise PermissionDenied("A view is kept for a person.")
    view = SavedView(owner=actor.user, page=page, name=_clean_name(name), is_shared=is_shared)
    view.query = clean_query(query, known=known)
    # Whoever saves two views at once waits here, so that the limit holds.
    User.objects.select_for_update(no_key=True).only("pk").get(pk=actor.user.pk)
    if SavedView.objects.filter(owner=actor.user, page=page).count() >= MAX_VIEWS:
        raise InvalidInput.of_field("name", f"You have {MAX_VIEWS} views of this list. Delete one first.")
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        raise Conflict("You have a view of this name.", details=[FieldError("name", "Taken.")]) from None
    log_event(actor=actor, verb="saved_view.created", obj=view, after=_facts(view))
    return view


@transaction.atomic
def share_view(*, actor: Actor, view: SavedView, is_shared: bool) -> SavedView:
    """Shows a view to everybody who may see the list, or to its author alone.

    Raises:
        PermissionDenied: not the author. NotFound: not to be seen.
    """
    view = _lock_own(actor, view, action="update")
    if view.is_shared != is_shared:
        view.is_shared = is_shared
        view.save(update_fields=["is_shared"])
        log_event(actor=actor, verb="saved_view.updated", obj=view, after=_facts(view))
    return view


@transaction.atomic
def delete_view(*, actor: Actor, view: SavedView) -> None:
    """Forgets a view. Raises: as `share_view`."""
    view = _lock_own(actor, view, action="delete")
    log_event(actor=actor, verb="saved_view.deleted", obj=view, before=_facts(view))
    view.delete()


def clean_query(query: str, *, known: Collection[str]) -> str:
    """The query string in its one spelling: only parameters that the list knows, each once, none empty.

    Raises:
        InvalidInput: too long, unreadable, or with another parameter.
    """
    query = query.removeprefix("?")
    if len(query) > MAX_QUERY_CHARACTERS or "\0" in query:
        raise InvalidInput.of_field("query", f"At most {MAX_QUERY_CHARACTERS:,} characters.")
    try:
        pairs = dict(parse_qsl(query, max_num_fields=MAX_PARAMETERS))
    except ValueError:
        raise InvalidInput.of_field("query", f"At most {MAX_PARAMETERS} parameters.") from None
    unknown = sorted(set(pairs) - set(known))
    if unknown:
        raise InvalidInput.of_field("query", f"This list has no parameter {unknown[0][:40]!a}.")
    if any("\0" in value for value in pairs.values()):
        raise InvalidInput.of_field("query", "No NUL characters.")
    cleaned = urlencode(sorted(pairs.items()))
    if len(cleaned) > MAX_QUERY_CHARACTERS:
        raise InvalidInput.of_field("query", f"At most {MAX_QUERY_CHARACTERS:,} characters.")
    return cleaned


def _clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not (1 <= len(name) <= MAX_NAME_CHARACTERS and name.isprintable()):
        raise InvalidInput.of_field("name", f"1 to {MAX_NAME_CHARACTERS} characters.")
    return name


def _lock_own(actor: Actor, view: SavedView, *, action: str) -> SavedView:
    require(actor, "saved_views", action)
    found = visible_views(actor).select_for_update(of=("self",), no_key=True).filter(pk=view.pk).first()
    if found is None:
        raise NotFound.unseen()
    if actor.user is None or found.owner_id != actor.user.pk:
        raise PermissionDenied("Only its author may change a view.")
    return found


def _facts(view: SavedView) -> dict[str, object]:
    return {"page": view.page, "name": view.name, "query": view.query, "is_shared": view.is_shared}
