"""/v1/tickets: events in, tickets out; /v1/dashboard: tickets by SLA state."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.api.history_filter import HistoryFilter
from incidents.api.ticket_json import describe_receipts, describe_refusals, describe_tickets
from incidents.api.ticket_serializers import (
    AssignSerializer,
    CommentSerializer,
    ExplanationSerializer,
    NewCommentSerializer,
    ReceiptSerializer,
    TicketEventSerializer,
    TicketSerializer,
    TransitionSerializer,
)
from incidents.choices import Category, SLAState
from incidents.intake.ticket_events import MAX_BODY_BYTES
from incidents.intake.tickets import ingest_events
from incidents.models import Comment, Ticket, TicketForecast
from incidents.querysets import TicketQuerySet
from incidents.services.past_sets import TICKETS
from incidents.services.past_tickets import tickets_of
from incidents.services.settled_promises import EXAMPLE, FORM, LONGEST, read_settled, settled_tickets
from incidents.services.ticket_ledgers import explain_ticket
from incidents.services.tickets import assign_ticket, change_ticket, comment_on_ticket, visible_tickets
from tracker.api.etags import etag_of, values_of
from tracker.api.filters import ChoiceInFilter, FlagFilter, InFilter
from tracker.api.viewsets import ApiViewSet, ListMixin, RetrieveMixin
from tracker.exceptions import InvalidInput
from tracker.models import User

INCLUDABLE = ("history", "alerts", "forecast")
INCLUDE = OpenApiParameter("include", str, description="Any of history, alerts and forecast, separated by commas.")
ATOMIC = OpenApiParameter("atomic", bool, description="false takes the good events of a list and names the others.")
EVENT_OR_LIST = PolymorphicProxySerializer(
    "TicketEventOrList",
    serializers=[TicketEventSerializer, TicketEventSerializer(many=True)],
    resource_type_field_name=None,
    many=False,
)
RECEIPT_OR_LIST = PolymorphicProxySerializer(
    "ReceiptOrList",
    serializers=[ReceiptSerializer, ReceiptSerializer(many=True)],
    resource_type_field_name=None,
    many=False,
)


class TicketFilterSet(filters.FilterSet):
    """What a list of tickets may be narrowed by."""

    state = filters.ChoiceFilter(
        choices=SLAState.choices, method="filter_state", label="SLA state; alert has breach too"
    )
    priority = InFilter(field_name="priority", lookup_expr="in")
    customer_tier = InFilter(field_name="customer_tier", lookup_expr="in")
    status = InFilter(field_name="status", lookup_expr="in")
    category = ChoiceInFilter(field_name="category", lookup_expr="in", choices=Category.choices)
    project = InFilter(field_name="project__key", lookup_expr="in")
    assignee = filters.CharFilter(method="filter_assignee", max_length=254, label="an e-mail address, or none")
    is_open = FlagFilter()
    created_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")
    updated_after = filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")
    updated_before = filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="lt")
    due_before = filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="lt")
    settled = filters.CharFilter(
        method="filter_settled", max_length=LONGEST, label=f"promises that ended: {FORM}; such as {EXAMPLE}"
    )

    history = HistoryFilter(TICKETS, tickets_of)

    class Meta:
        model = Ticket
        fields: Sequence[str] = ()

    def filter_state(self, queryset: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        """By the SLA state at this moment."""
        return queryset.in_sla_state(SLAState(value))

    def filter_settled(self, queryset: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        """By how a promise ended, and when."""
        try:
            return settled_tickets(queryset, read_settled(value))
        except ValueError:
            raise InvalidInput.of_field(name, f"Send {FORM}; such as {EXAMPLE}.") from None

    def filter_assignee(self, queryset: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        """By the assignee's e-mail address; `none` = unassigned."""
        return queryset.filter(assignee__isnull=True) if value == "none" else queryset.filter(assignee__email=value)


class TicketListMixin(ListMixin):
    """Lists of tickets, read as plain rows."""

    resource: str | None = "tickets"
    filterset_class = TicketFilterSet
    ordering_fields: Mapping[str, str] = {"due_at": "due_at", "updated_at": "updated_at", "received": "pk"}
    search_vector = "search"
    request: Any
    actor: Any

    def get_queryset(self) -> TicketQuerySet:
        """The tickets that the caller may know of."""
        return visible_tickets(self.actor)

    def represent(self, objects: Sequence[Ticket]) -> list[Any]:
        """The tickets with what `include` asks for."""
        return describe_tickets([ticket.pk for ticket in objects], include=self.included())

    def included(self) -> list[str]:
        """The parts that `include` names.

        Raises:
            InvalidInput: it names something else.
        """
        names = [name for name in self.request.query_params.get("include", "").split(",") if name]
        if any(name not in INCLUDABLE for name in names):
            raise InvalidInput.of_field("include", f"Name any of {', '.join(INCLUDABLE)}, separated by commas.")
        return names


@extend_schema_view(list=extend_schema(parameters=[INCLUDE], responses=TicketSerializer))
class TicketViewSet(TicketListMixin, RetrieveMixin, ApiViewSet[Ticket]):
    """Tickets by the sender's own id."""

    lookup_field = "external_id"
    lookup_url_kwarg = "id"
    lookup_value_regex = "[^/]+"
    ordering: Sequence[str] = ("-pk",)
    serializer_class = TicketSerializer
    # `-forecast`: the likeliest to break a promise first. See docs/forecast.md.
    ordering_fields: Mapping[str, str] = {**TicketListMixin.ordering_fields, "forecast": "chance"}
    raw_bodies = {"create": MAX_BODY_BYTES}
    query_params = {"list": ("include",), "create": ("atomic",), "comments": ("limit", "offset", "cursor")}

    def get_queryset(self) -> TicketQuerySet:
        """With what is forecast, where the list is put in that order."""
        tickets = super().get_queryset()
        is_asked = self.action == "list" and "forecast" in self.request.query_params.get("ordering", "")
        return tickets.annotate(chance=F("forecast__chance")) if is_asked else tickets

    @extend_schema(request=EVENT_OR_LIST, responses={200: RECEIPT_OR_LIST}, parameters=[ATOMIC])
    def create(self, request: Request) -> Response:
        """Takes one event or a list of up to 10,000; answers each with its ticket and a receipt."""
        atomic = request.query_params.get("atomic", "true")
        if atomic not in ("true", "false"):
            raise InvalidInput.of_field("atomic", "Send true or false.")
        body: Any = request.data
        result = ingest_events(actor=self.actor, body=body or b"", is_atomic=atomic == "true")
        answer = describe_refusals(describe_receipts(result), result)
        return Response(answer[0] if result.is_single and answer else answer)

    @extend_schema(responses=TicketSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One ticket with its history, alerts and forecast."""
        return super().retrieve(request, *args, **kwargs)

    def included(self) -> list[str]:
        """One ticket always comes whole."""
        return super().included() if self.action == "list" else list(INCLUDABLE)

    def etag(self, instance: Ticket) -> str:
        """The row, its clocks, and where the SLA stands now."""
        clocks = instance.clocks.order_by("pk").values_list("state", "cycle", "escalation_level", "next_check_at")
        told = TicketForecast.objects.filter(ticket=instance).values_list("step", "breached", "cases", "kind")
        return etag_of([*values_of(instance, exclude=["search"]), instance.sla_state, *clocks, *told])

    @extend_schema(responses=ExplanationSerializer)
    @action(detail=True, methods=["get"], access="read")
    def explain(self, request: Request, **kwargs: Any) -> Response:
        """The ledger of each clock: the rows that ran add up to the deadline."""
        return Response(explain_ticket(actor=self.actor, ticket=self.get_object()))

    @extend_schema(request=AssignSerializer, responses=TicketSerializer)
    @action(detail=True, methods=["post"], access="update")
    def assign(self, request: Request, **kwargs: Any) -> Response:
        """Gives the ticket to a maintainer or admin, by e-mail address; null takes it from everybody."""
        email = self.valid(AssignSerializer)["assignee"]
        assignee = User.objects.filter(email__iexact=email).first() if email else None
        if email and assignee is None:
            raise InvalidInput.of_field("assignee", "Must be an active maintainer or admin.")
        return self.respond(assign_ticket(actor=self.actor, ticket=self.get_object(), assignee=assignee))

    @extend_schema(request=TransitionSerializer, responses=TicketSerializer)
    @action(detail=True, methods=["post"], access="transition")
    def transition(self, request: Request, **kwargs: Any) -> Response:
        """Tells the ticket's history a new status, as of now."""
        changes = self.valid(TransitionSerializer)
        return self.respond(change_ticket(actor=self.actor, ticket=self.get_object(), **changes))

    @extend_schema(methods=["GET"], responses=CommentSerializer(many=True))
    @extend_schema(methods=["POST"], request=NewCommentSerializer, responses={201: CommentSerializer})
    @action(detail=True, methods=["get", "post"], access={"get": "read", "post": "update"}, ordering=("pk",))
    def comments(self, request: Request, **kwargs: Any) -> Response:
        """Internal comments, oldest first."""
        ticket = self.get_object()
        if request.method == "POST":
            comment = comment_on_ticket(actor=self.actor, ticket=ticket, body=self.valid(NewCommentSerializer)["body"])
            return Response(CommentSerializer(comment).data, status=201)
        comments = Comment.objects.filter(ticket=ticket).select_related("author").order_by("pk")
        return self.paginated(comments, lambda page: list(CommentSerializer(page, many=True).data))


@extend_schema_view(
    list=extend_schema(
        parameters=[OpenApiParameter("state", OpenApiTypes.STR, enum=SLAState.values)], responses=TicketSerializer
    )
)
class DashboardViewSet(TicketListMixin, ApiViewSet[Ticket]):
    """Open and closed tickets by SLA state, the most urgent first, with their alerts."""

    serializer_class = TicketSerializer
    default_limit = 100
    ordering = ("due_at", "pk")

    def included(self) -> list[str]:
        """The alerts of each ticket."""
        return ["alerts"]
