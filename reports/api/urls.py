"""Addresses of reports and daily figures, below /v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from reports.api.daily_stats import DailyStatViewSet
from reports.api.daily_summaries import DailySummaryView
from reports.api.reports import ReportViewSet

router = SimpleRouter(trailing_slash=False)
router.register("stats/daily", DailyStatViewSet, basename="daily-stat")
router.register("reports", ReportViewSet, basename="report")

urlpatterns = [
    path("reports/project/<str:project>/daily-summary", DailySummaryView.as_view(), name="daily-summary"),
    *router.urls,
]
