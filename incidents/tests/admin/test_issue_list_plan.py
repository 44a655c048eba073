"""At 50,000 issues the list's statements stand on their indexes, also where the oldest rows are all done."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tracker.testing.factories import make_project, make_user

LIST = "/admin/incidents/issue/"
FILL = """
INSERT INTO incidents_issue (project_id, number, title, description, description_html, severity, priority, status,
    reporter_label, source, source_id, created_at, updated_at, done_at, assignee_id, due_on, search)
SELECT %(project)s, i, 'Issue', '', '', CASE WHEN i %% 500 = 0 THEN 'critical' ELSE 'low' END, 2,
    CASE WHEN i < 35000 THEN 'DONE' ELSE 'OPEN' END, '', '', '', now(), now() - (50000 - i || ' seconds')::interval,
    CASE WHEN i < 35000 THEN now() END, CASE WHEN i %% 400 = 0 THEN %(person)s END,
    CASE WHEN i %% 300 = 0 THEN current_date - 1 END,
    to_tsvector('simple', CASE WHEN i %% 1000 = 0 THEN 'printer' ELSE 'other' END)
FROM generate_series(1, 50000) i;
INSERT INTO incidents_tag (name, created_at) VALUES ('rare', now());
INSERT INTO incidents_issue_tags (issue_id, tag_id)
SELECT id, (SELECT min(id) FROM incidents_tag) FROM incidents_issue WHERE number %% 700 = 0;
"""
# As autovacuum leaves a table; after hundreds of tests its pages hold more that is dead than alive.
SETTLE = "VACUUM (ANALYZE) incidents_issue, incidents_issue_tags, incidents_tag"


def read_plans(client: Client, query: str) -> list[str]:
    """The plans of what a view of the list reads of issues."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(LIST + query).status_code == 200
    plans = []
    with connection.cursor() as cursor:
        for captured in queries:
            if 'FROM "incidents_issue"' in captured["sql"]:
                cursor.execute("EXPLAIN " + captured["sql"])
                plans.append("\n".join(row[0] for row in cursor.fetchall()))
    return plans


def test_every_view_is_read_through_indexes(transactional_db: None, client: Client):
    person = make_user()
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"project": make_project().pk, "person": person.pk})
        cursor.execute(SETTLE)
    client.force_login(person)
    wanted = {
        "": "issue_open_by_update",
        "?p=100": "issue_open_by_update",
        "?status=all": "issue_by_update",
        "?assigned=me": "issue_of_assignee",
        "?status=all&q=print": "issue_search",
        "?due=overdue": "issue_open_by_due_day",
        "?tag=rare": "incidents_issue_tags",
        "?o=-1": "issue_open",
    }
    for query, index in wanted.items():
        plans = read_plans(client, query)
        assert len(plans) >= 2, query
        # Without a condition, a scan ends with the last row that is wanted.
        assert [plan for plan in plans if "Seq Scan on incidents_issue " in plan and "Filter:" in plan] == [], query
        page = next(plan for plan in plans if "tracker_project" in plan)
        assert index in page, query + page
