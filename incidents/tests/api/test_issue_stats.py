"""/v1/issues/dashboard/stats: every word is counted, and only what the caller may see."""

import pytest

from incidents.testing.factories import make_issue
from tracker import clock
from tracker.choices import Role
from tracker.testing.factories import jwt_client, make_project, make_user, token_client

pytestmark = pytest.mark.django_db
STATS = "/v1/issues/dashboard/stats"
NONE = {
    "total_issues": 0,
    "open_issues": 0,
    "severity_breakdown": {"low": 0, "medium": 0, "high": 0, "critical": 0},
    "open_severity_breakdown": {"low": 0, "medium": 0, "high": 0, "critical": 0},
    "status_breakdown": {"OPEN": 0, "TRIAGED": 0, "IN_PROGRESS": 0, "DONE": 0},
}


def test_where_there_is_nothing_every_word_is_there_with_zero():
    assert token_client("read").get(STATS).json() == NONE


def test_figures_are_those_of_what_the_caller_may_see(django_assert_max_num_queries):
    reporter, ops = make_user(Role.REPORTER), make_project(key="OPS")
    make_issue(severity="high", reporter=reporter, project=ops, number=1)
    make_issue(severity="high", project=ops, number=2, status="DONE", done_at=clock.now())
    make_issue(severity="low", status="TRIAGED")
    client = jwt_client(make_user(Role.MAINTAINER))
    client.get(STATS)
    with django_assert_max_num_queries(2):
        stats = client.get(STATS).json()
    assert (stats["total_issues"], stats["open_issues"]) == (3, 2)
    assert stats["severity_breakdown"] == {"low": 1, "medium": 0, "high": 2, "critical": 0}
    assert stats["open_severity_breakdown"] == {"low": 1, "medium": 0, "high": 1, "critical": 0}
    assert stats["status_breakdown"] == {"OPEN": 1, "TRIAGED": 1, "IN_PROGRESS": 0, "DONE": 1}
    assert client.get(f"{STATS}?project=ops").json()["total_issues"] == 2
    assert client.get(f"{STATS}?project=NOSUCH").json() == NONE
    assert jwt_client(reporter).get(STATS).json()["total_issues"] == 1
    assert jwt_client(make_user(Role.REPORTER)).get(f"{STATS}?project=OPS").json() == NONE


def test_other_questions_are_refused():
    assert token_client("read").get(f"{STATS}?colour=red").status_code == 400
    assert token_client("issues").get(STATS).status_code == 403
