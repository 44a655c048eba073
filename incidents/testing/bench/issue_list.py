"""P7: the back office's issue list: by size of the table, searched, and against a stock ModelAdmin."""

from collections.abc import Iterator
from functools import partial

from django.conf import settings
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.test import Client, RequestFactory
from django.urls import ResolverMatch

from incidents.models import Issue
from tracker.choices import Role
from tracker.models import User
from tracker.testing.bench import Bench, Finding, alternate, at_most, median, workload
from tracker.testing.bench.rounds import time_call

LIST = "/admin/incidents/issue/"
FILL = """
INSERT INTO incidents_issue (project_id, number, title, description, description_html, severity, priority, status,
    reporter_label, source, source_id, created_at, updated_at, done_at, reporter_id, assignee_id, due_on, search)
SELECT (SELECT min(id) FROM tracker_project) + i %% 20, i, 'Issue ' || i, repeat('text ', 60), '',
    (ARRAY['low', 'medium', 'high', 'critical'])[1 + i %% 4], 1 + i %% 3,
    (ARRAY['OPEN', 'TRIAGED', 'IN_PROGRESS', 'DONE', 'DONE'])[1 + i %% 5], '', '', '', now() - interval '1 day',
    now() - (i %% 900000 || ' seconds')::interval, CASE WHEN i %% 5 > 2 THEN now() END, p.id,
    CASE WHEN i %% 3 = 0 THEN p.id END, CASE WHEN i %% 10 = 0 THEN current_date + i %% 60 - 30 END,
    to_tsvector('simple', 'word' || i %% 50000 || ' common' || i %% 2 || CASE WHEN i <= 100 THEN ' boiler' ELSE '' END)
FROM generate_series(1, %(count)s) i, (SELECT min(id) AS id FROM tracker_user) p
"""
TAG = """
INSERT INTO incidents_issue_tags (issue_id, tag_id)
SELECT id, (SELECT min(id) FROM incidents_tag) + number %% 10 FROM incidents_issue WHERE number %% 3 = 0
"""


class StockAdmin(ModelAdmin[Issue]):
    """The same list as most applications show it."""

    list_display = ["__str__", "title", "severity", "priority", "status", "assignee", "project", "due_on", "updated_at"]
    list_filter = ["status", "severity", "priority"]
    search_fields = ["title", "description"]
    ordering = ["-updated_at"]

    def has_view_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        """Everybody: rights are not what is measured."""
        return True


def fill(bench: Bench, count: int) -> None:
    """A person, 20 projects, ten tags and `count` issues, as a settled database has them."""
    bench.empty("incidents_issue", "incidents_tag", "tracker_project")
    bench.execute(
        "INSERT INTO tracker_project (key, name, last_issue_number, created_at) "
        "SELECT 'BENCH' || i, 'Project ' || i, 0, now() FROM generate_series(1, 20) i"
    )
    bench.execute("INSERT INTO incidents_tag (name, created_at) SELECT 'tag' || i, now() FROM generate_series(1, 10) i")
    bench.execute(FILL, {"count": count})
    # Before its tags, which look up each issue: without figures the database would read the whole table for each.
    bench.execute("VACUUM ANALYZE incidents_issue")
    bench.execute(TAG.replace("%%", "%"))
    bench.execute("VACUUM ANALYZE incidents_issue_tags")


def read_stock_page(person: User) -> None:
    """Django's own list of the same table, rendered."""
    request = RequestFactory().get(LIST)
    request.user, request.session = person, SessionStore()
    request.resolver_match = ResolverMatch(lambda: None, (), {}, "incidents_issue_changelist", ["admin"])
    answer = StockAdmin(Issue, AdminSite()).changelist_view(request)
    if not isinstance(answer, TemplateResponse):
        raise RuntimeError("The stock list redirects.")
    answer.render()


@workload("P7", "Admin lists")
def measure(bench: Bench) -> Iterator[Finding]:
    """The default view and two searches at both sizes, and Django's own list in turns with ours at the larger.

    What the stock list pays for is counting, so its goal holds for a million rows.
    """
    person = User(email="bench-list@example.com", role=Role.MAINTAINER, password="!")
    person.save()
    client = Client(SERVER_NAME=settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost")
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    views = {"list": LIST, "rare word": f"{LIST}?q=boil", "common word": f"{LIST}?q=common1"}
    times, cost = bench.pick(7, 15), {}

    def read(address: str) -> None:
        answer = client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}")

    few, many = 1_000, bench.pick(20_000, 1_000_000)
    for count in (few, many):
        fill(bench, count)
        for name, address in views.items():
            read(address)
            cost[name, count] = median([time_call(partial(read, address)) for _ in range(times)])
    for name in views:
        figures = {f"{count:,}": f"{cost[name, count] * 1000:.1f} ms" for count in (few, many)}
        yield at_most(f"{name} at {many:,} issues against {few:,}", cost[name, many] / cost[name, few], 1.15, **figures)
    read_stock_page(person)
    stock = partial(read_stock_page, person)
    sides = {"ours": lambda: time_call(partial(read, LIST)), "stock": lambda: time_call(stock)}
    seconds = alternate(sides, times)
    told = {name: f"{taken * 1000:.1f} ms" for name, taken in seconds.items()}
    yield at_most("list against a stock ModelAdmin", seconds["ours"] / seconds["stock"], bench.pick(1, 0.42), **told)
