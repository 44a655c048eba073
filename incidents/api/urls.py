"""Addresses of tickets, alerts, channels and deliveries, below /v1/."""

from rest_framework.routers import SimpleRouter

from incidents.api.tickets import DashboardViewSet, TicketViewSet

router = SimpleRouter(trailing_slash=False)
router.register("tickets", TicketViewSet, basename="ticket")
router.register("dashboard", DashboardViewSet, basename="dashboard")

urlpatterns = router.urls
