"""Addresses of issues, incidents, tickets, alerts, channels and deliveries, below /v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from incidents.api.alerts import AlertViewSet
from incidents.api.attachment_content import AttachmentContentView
from incidents.api.channels import ChannelViewSet
from incidents.api.deliveries import DeliveryViewSet
from incidents.api.enrichments import EnrichmentViewSet, EnrichView
from incidents.api.hooks import HookView
from incidents.api.incident_attachments import IncidentAttachmentViewSet
from incidents.api.incident_categories import IncidentCategoryViewSet
from incidents.api.incident_parts import IncidentCommentViewSet, IncidentEventViewSet, IncidentLinkViewSet
from incidents.api.incidents import IncidentViewSet
from incidents.api.issue_attachments import IssueAttachmentViewSet
from incidents.api.issue_parts import IssueCommentViewSet, IssueEventViewSet, IssueLinkViewSet
from incidents.api.issues import IssueViewSet, ProjectIssueViewSet
from incidents.api.sla import CalendarViewSet, PolicyViewSet
from incidents.api.sla_preview import PreviewViewSet
from incidents.api.tags import TagViewSet
from incidents.api.tickets import DashboardViewSet, TicketViewSet
from incidents.services.incidents import find_incident

OF_ISSUE = "issues/(?P<id>[^/]+)"
OF_INCIDENT = "incidents/(?P<id>[^/]+)"

router = SimpleRouter(trailing_slash=False)
router.register("issues", IssueViewSet, basename="issue")
router.register(f"{OF_ISSUE}/comments", IssueCommentViewSet, basename="issue-comment")
router.register(f"{OF_ISSUE}/attachments", IssueAttachmentViewSet, basename="issue-attachment")
router.register(f"{OF_ISSUE}/links", IssueLinkViewSet, basename="issue-link")
router.register(f"{OF_ISSUE}/events", IssueEventViewSet, basename="issue-event")
router.register("projects/(?P<project>[^/]+)/issues", ProjectIssueViewSet, basename="project-issue")
router.register("incidents", IncidentViewSet, basename="incident")
router.register(f"{OF_INCIDENT}/comments", IncidentCommentViewSet, basename="incident-comment")
router.register(f"{OF_INCIDENT}/attachments", IncidentAttachmentViewSet, basename="incident-attachment")
router.register(f"{OF_INCIDENT}/links", IncidentLinkViewSet, basename="incident-link")
router.register(f"{OF_INCIDENT}/events", IncidentEventViewSet, basename="incident-event")
router.register("incident-categories", IncidentCategoryViewSet, basename="incident-category")
router.register("tags", TagViewSet, basename="tag")
router.register("tickets", TicketViewSet, basename="ticket")
router.register("dashboard", DashboardViewSet, basename="dashboard")
router.register("alerts", AlertViewSet, basename="alert")
router.register("channels", ChannelViewSet, basename="channel")
router.register("deliveries", DeliveryViewSet, basename="delivery")
router.register("incidents/(?P<id>[^/]+)/enrichments", EnrichmentViewSet, basename="incident-enrichment")
router.register("sla/policies", PolicyViewSet, basename="sla-policy")
router.register("sla/calendars", CalendarViewSet, basename="sla-calendar")
router.register("sla/preview", PreviewViewSet, basename="sla-preview")

urlpatterns = [
    path(
        "issues/<str:id>/attachments/<str:attachment_id>/content",
        AttachmentContentView.as_view(),
        name="attachment-content",
    ),
    path(
        "incidents/<str:id>/attachments/<str:attachment_id>/content",
        AttachmentContentView.as_view(find_named=find_incident),
        name="incident-attachment-content",
    ),
    path("incidents/<str:id>/enrich", EnrichView.as_view(), name="incident-enrich"),
    # Named `token`, so that the log shows the route and never the key.
    path("hooks/<str:kind>/<str:token>", HookView.as_view(), name="hook"),
    *router.urls,
]
