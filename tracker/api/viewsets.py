"""What every view of the API is made of. See tracker/api/__init__.py for how to use it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from tracker.access import Actor, Decision, decide
from tracker.api.authentication import actor_of
from tracker.api.etags import check_match, etag_of, is_unchanged, values_of
from tracker.api.filters import check_query, is_about_one, list_parameters
from tracker.api.idempotency import HEADER, answer_once, request_digest
from tracker.api.multipart import StrictMultipartParser, UploadRules, close_uploads, digest_form
from tracker.api.pagination import PAGING
from tracker.api.parsers import MAX_BODY_BYTES, is_form, read_body
from tracker.api.permissions import column_of
from tracker.api.renderers import NOTHING_IS_LOADED, BrowsableRenderer
from tracker.exceptions import InvalidInput, NotAuthenticated, NotFound
from tracker.models import User

M = TypeVar("M", bound=Model)
PRIVATE = {"Cache-Control": "no-store, private", "Vary": "Accept, Authorization, Cookie"}


class ApiView(APIView):
    """Any address: names `resource` and `access`, or says `is_public`.

    Order of a request: who → how often → may they → parameters → (once, under If-Match) the handler.
    """

    resource: str | None = None
    access: str | dict[str, str] | None = None
    is_public = False
    max_body_bytes: int = MAX_BODY_BYTES
    raw_bodies: ClassVar[dict[str, int]] = {}
    uploads: ClassVar[dict[str, UploadRules]] = {}
    query_params: ClassVar[dict[str, Sequence[str]]] = {}
    hidden_keys: tuple[str, ...] = ()
    keeps_answers = True
    request: Any
    response: Any

    @property
    def actor(self) -> Actor:
        """Whoever speaks."""
        return actor_of(self.request)

    @property
    def person(self) -> User:
        """The person who speaks, or in whose name a token does."""
        if self.actor.user is None:
            raise NotAuthenticated("Log in or send a token.")
        return self.actor.user

    @property
    def decision(self) -> Decision:
        """The cell of the rights table that let the caller in: Y for all rows, O, V or A for some."""
        return decide(self.actor, self.resource or "", column_of(self, self.request.method))

    def valid(self, serializer_class: Callable[..., Any], **options: Any) -> dict[str, Any]:
        """The body, checked by a strict serializer.

        Raises:
            ValidationError: rendered as a 400 that names each field.
        """
        serializer = serializer_class(
            data=self.request.data, context={"request": self.request, "view": self}, **options
        )
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        return values

    def allowed_query_params(self) -> Iterable[str]:
        """The parameters that this address knows in this action."""
        return self.query_params.get(self.action_name, ())

    @property
    def action_name(self) -> str:
        """What runs: the action of a viewset, else the method."""
        return str(getattr(self, "action", None) or self.request.method.lower())

    @property
    def body_limit_bytes(self) -> int:
        """How large a body this address takes in this action."""
        return self.raw_bodies.get(self.action_name, self.max_body_bytes)

    # What REST framework calls.

    def get_parsers(self) -> list[Any]:
        """JSON, and forms with files where this action takes them."""
        # REST framework asks before it has said which action runs.
        actions: dict[str, str] = getattr(self, "action_map", None) or {}
        method = (self.request.method or "").lower() if self.request is not None else ""
        action = getattr(self, "action", None) or actions.get(method, method)
        return [*super().get_parsers(), *([StrictMultipartParser()] if action in self.uploads else [])]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Everything that is checked before the handler runs."""
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        request.version = request.versioning_scheme = None
        self.perform_authentication(request)
        self.check_throttles(request)
        self.check_permissions(request)
        if any("\0" in str(value) for value in kwargs.values()):
            raise NotFound.unseen()
        if request._request.META.get("QUERY_STRING"):
            check_query(request.query_params, set(self.allowed_query_params()))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The life of a request."""
        self.args, self.kwargs = args, kwargs
        self.headers = PRIVATE
        self.request = drf_request = self.initialize_request(request, *args, **kwargs)
        try:
            self.initial(drf_request, *args, **kwargs)
            response = self._answer(drf_request)
        except Exception as exc:
            response = self.handle_exception(exc)
        finally:
            close_uploads(request)
        self.response = self.finalize_response(drf_request, response, *args, **kwargs)
        return self.response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Says how the answer is rendered, and that no cache may keep it."""
        if isinstance(response, Response):
            if not getattr(request, "accepted_renderer", None):
                negotiated = self.perform_content_negotiation(request, force=True)
                request.accepted_renderer, request.accepted_media_type = negotiated
            response.accepted_renderer = request.accepted_renderer
            response.accepted_media_type = request.accepted_media_type
            response.renderer_context = self.get_renderer_context()  # type: ignore[attr-defined]
        for name, value in PRIVATE.items():
            response.headers.setdefault(name, value)
        if not isinstance(request.accepted_renderer, BrowsableRenderer):
            # JSON loads nothing and is framed nowhere; pages get the site's own policy.
            response.headers.setdefault("Content-Security-Policy", NOTHING_IS_LOADED)
        return response

    def _answer(self, request: Request) -> Any:
        method = request.method or "GET"
        is_known = method.lower() in self.http_method_names
        handler: Any = getattr(self, method.lower(), None) if is_known else None
        if handler is None:
            handler = self.http_method_not_allowed
        if method == "POST" and HEADER in request.headers and self.keeps_answers and self.actor.role is not None:
            return self._answer_once(request, handler)
        if method not in SAFE_METHODS and "If-Match" in request.headers and self.keeps_answers and not self.is_public:
            # One transaction from the comparison to the change, so that nobody comes in between.
            with transaction.atomic():
                return handler(request, *self.args, **self.kwargs)
        response = handler(request, *self.args, **self.kwargs)
        if method in SAFE_METHODS and "If-None-Match" in request.headers and response.has_header("ETag"):
            return self._not_modified_or(response, request.headers["If-None-Match"])
        return response

    def _not_modified_or(self, response: Any, if_none_match: str) -> Any:
        if response.status_code == 200 and is_unchanged(if_none_match, response["ETag"]):
            return Response(status=304, headers={"ETag": response["ETag"]})
        return response

    def _answer_once(self, request: Request, handler: Callable[..., Any]) -> HttpResponseBase:
        if is_form(request):
            body = digest_form(request.data)
        else:
            body = read_body(request._request, limit_bytes=self.body_limit_bytes)

        def produce() -> HttpResponseBase:
            response = self.finalize_response(request, handler(request, *self.args, **self.kwargs))
            return response.render() if isinstance(response, Response) else response

        return answer_once(
            caller=self.actor.key,
            key=request.headers[HEADER],
            digest=request_digest(request.method or "", request.get_full_path(), body),
            produce=produce,
            hidden_keys=self.hidden_keys,
        )


class ApiViewSet(ApiView, GenericViewSet[M], Generic[M]):
    """For collections: names `resource`, and its `get_queryset` gives the caller's rows by the one visibility rule."""

    etag_exclude: ClassVar[Sequence[str]] = ()

    def get_queryset(self) -> "QuerySet[M]":
        """The rows that the caller may know of."""
        raise NotImplementedError

    def get_object(self) -> M:
        """The object that the address names, or 404. With If-Match: locked, and the version that the caller saw."""
        if_match = self.request.headers.get("If-Match") if self.request.method not in SAFE_METHODS else None
        queryset: Any = self.get_queryset()
        if if_match is not None:
            queryset = queryset.select_for_update(of=("self",))
        try:
            instance: M | None = self.find(queryset).first()
        except (ValueError, TypeError, OverflowError):
            instance = None
        if instance is None:
            raise NotFound.unseen()
        if if_match is not None:
            check_match(if_match, self.etag(instance))
        return instance

    def find(self, queryset: Any) -> Any:
        """The row that the address names; override where an object goes by several names.

        Raises:
            ValueError, TypeError, OverflowError: there cannot be one.
        """
        name = self.lookup_field
        value = str(self.kwargs[self.lookup_url_kwarg or name])
        if name in ("pk", "number") and not (value.isascii() and value.isdecimal()):
            # int() would take other scripts' digits, blanks and underscores, and each id has one spelling.
            raise ValueError(value)
        return queryset.filter(**{name: value})

    def etag(self, instance: M) -> str:
        """The version of an object; override where the answer shows more than its row, such as the state of a clock."""
        return etag_of(values_of(instance, exclude=self.etag_exclude))

    def represent(self, objects: Sequence[M]) -> list[Any]:
        """The JSON of objects; override with something quicker where lists are long."""
        serializer: Any = self.get_serializer_class()
        data: list[Any] = serializer(objects, many=True, context=self.get_serializer_context()).data
        return data

    def respond(self, instance: M, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        """One object as an answer, with its ETag."""
        (data,) = self.represent([instance])
        return Response(data, status=status, headers={"ETag": self.etag(instance), **(headers or {})})

    def paginated(self, queryset: Any, represent: Callable[[Sequence[Any]], list[Any]] | None = None) -> Response:
        """A page of `queryset` as an answer."""
        page = self.paginate_queryset(queryset)
        return self.get_paginated_response((represent or self.represent)(page or []))

    def allowed_query_params(self) -> Iterable[str]:
        """Filters, ordering, search and paging on the list; what `query_params` says elsewhere."""
        extra = super().allowed_query_params()
        if self.action != "list" or is_about_one(self):
            return extra
        return {*extra, *list_parameters(self), *PAGING}

    def change(self, serializer_class: Callable[..., Any]) -> dict[str, Any]:
        """The body of a PATCH, checked; refuses one that changes nothing."""
        values = self.valid(serializer_class, partial=True)
        if not values:
            raise InvalidInput("The body names nothing to change.")
        return values


class ListMixin:
    """GET of the collection."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The rows that the caller may see."""
        view: Any = self
        return view.paginated(view.filter_queryset(view.get_queryset()))


class RetrieveMixin:
    """GET of one object."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One object, with its ETag."""
        view: Any = self
        return view.respond(view.get_object())
