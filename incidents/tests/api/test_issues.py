"""/v1/issues: what people and scripts report, read and change, and what they do not get to see."""

from datetime import date

import pytest

from incidents.models import Issue, IssueLink
from incidents.testing.factories import make_issue, make_issue_comment
from tracker import clock
from tracker.choices import Role
from tracker.models import Event, Factory
from tracker.testing.factories import ApiClient, jwt_client, make_project, make_user, token_client

pytestmark = pytest.mark.django_db
LISTED = {
    "id", "key", "number", "project", "title", "description", "severity", "priority", "status", "reporter",
    "reporter_label", "assignee", "tags", "factory", "due_on", "merged_into", "is_watched", "created_at", "updated_at",
    "triaged_at", "done_at",
}  # fmt: skip


@pytest.fixture
def maintainer():
    return make_user(Role.MAINTAINER)


@pytest.fixture
def client(maintainer) -> ApiClient:
    return jwt_client(maintainer)


@pytest.fixture
def reporter():
    return make_user(Role.REPORTER)


def keys(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [issue["key"] for issue in answer.json()["results"]]


def fields_refused(answer) -> set[str]:
    assert answer.status_code == 400, answer.content
    return {detail["field"] for detail in answer.json()["error"]["details"]}


# Reporting.


def test_a_reporter_reports_and_finds_it_again_by_id_and_key(reporter):
    client = jwt_client(reporter)
    answer = client.post("/v1/issues", {"title": "Lamp broken", "description": "In **hall 2**\n<script>x</script>"})
    assert answer.status_code == 201, answer.content
    issue = answer.json()
    assert (issue["key"], issue["project"], issue["status"], issue["reporter"]) == (
        "INBOX-1", "INBOX", "OPEN", reporter.email,
    )  # fmt: skip
    assert "<strong>hall 2</strong>" in issue["description_html"]
    assert "<script" not in issue["description_html"]
    assert answer["Location"] == f"/v1/issues/{issue['id']}"
    for name in (issue["id"], "INBOX-1", "inbox-1"):
        found = client.get(f"/v1/issues/{name}")
        assert found.json() == issue
        assert found["ETag"] == answer["ETag"]


@pytest.mark.parametrize(
    "field", ["severity", "priority", "tags", "project", "assignee", "due_on", "status", "reporter", "id", "number"]
)
def test_a_reporter_writes_title_and_description_alone(reporter, field):
    client, own = jwt_client(reporter), make_issue(reporter=reporter)
    assert fields_refused(client.post("/v1/issues", {"title": "x", field: "high"})) == {field}
    assert fields_refused(client.patch(f"/v1/issues/{own.pk}", {field: "high"})) == {field}
    assert Issue.objects.count() == 1


def test_a_maintainer_says_everything_at_once(client):
    project, factory, colleague = make_project(key="OPS"), Factory.objects.create(name="Augsburg"), make_user()
    body = {
        "title": "Lamp broken", "description": "", "severity": "high", "priority": 1, "tags": ["Light", "hall 2"],
        "project": "OPS", "assignee": colleague.email.upper(), "due_on": "2026-12-24", "factory": "Augsburg",
    }  # fmt: skip
    answer = client.post("/v1/issues", body)
    assert answer.status_code == 201, answer.content
    issue = answer.json()
    assert issue["tags"] == ["hall 2", "light"]
    assert (issue["assignee"], issue["factory"], issue["due_on"]) == (colleague.email, factory.name, "2026-12-24")
    assert (issue["key"], issue["comment_count"], issue["attachment_count"]) == (f"{project.key}-1", 0, 0)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": " "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"title": "x", "description": "x" * 65_537}, "description"),
        ({"title": "x", "severity": "awful"}, "severity"),
        ({"title": "x", "priority": 4}, "priority"),
        ({"title": "x", "priority": True}, "priority"),
        ({"title": "x", "tags": ["a"] * 21}, "tags"),
        ({"title": "x", "tags": ["a,b"]}, "tags"),
        ({"title": "x", "project": "NOSUCH"}, "project"),
        ({"title": "x", "project": "OLD"}, "project"),
        ({"title": "x", "assignee": "nobody@example.com"}, "assignee"),
        ({"title": "x", "due_on": "2026-02-30"}, "due_on"),
        ({"title": "x", "due_on": "9999-01-01"}, "due_on"),
        ({"title": "x", "factory": "Nowhere"}, "factory"),
        ({"title": "x", "colour": "red"}, "colour"),
    ],
)
def test_a_bad_report_names_the_field_and_leaves_nothing(client, body, field):
    make_project(key="OLD", archived_at=clock.now())
    assert fields_refused(client.post("/v1/issues", body)) == {field}
    assert not Issue.objects.exists()
    assert not Event.objects.filter(object_type="issue").exists()


def test_an_issue_is_never_a_reporters(client, reporter):
    issue = make_issue()
    assert fields_refused(client.patch(f"/v1/issues/{issue.pk}", {"assignee": reporter.email})) == {"assignee"}


def test_a_token_reports_in_its_owners_name_and_reads_nothing(maintainer):
    sender = token_client("issues", owner=maintainer)
    answer = sender.post("/v1/issues", {"title": "From CI", "severity": "low"})
    assert (answer.status_code, answer.json()["reporter"]) == (201, maintainer.email)
    assert sender.get("/v1/issues").status_code == 403
    assert token_client("read").patch(f"/v1/issues/{answer.json()['id']}", {"title": "x"}).status_code == 403
    assert token_client("read").post(f"/v1/issues/{answer.json()['id']}/watch").status_code == 403


def test_a_repeated_report_with_one_key_is_one_issue(reporter):
    client, headers = jwt_client(reporter), {"Idempotency-Key": "k1"}
    first, again = (client.post("/v1/issues", {"title": "Once"}, headers=headers) for _ in range(2))
    assert first.json() == again.json()
    assert Issue.objects.count() == 1


# Listing.


def test_a_reporter_lists_what_they_reported_and_nothing_else(reporter):
    own = make_issue(reporter=reporter, project=make_project(members=[reporter]), number=1)
    make_issue(project=own.project, number=2)
    client = jwt_client(reporter)
    assert keys(client.get("/v1/issues")) == [own.key]
    assert keys(client.get("/v1/issues?search=broken")) == [own.key]
    assert keys(client.get(f"/v1/issues?project={own.project.key}&cursor=")) == [own.key]


@pytest.fixture
def _four(maintainer, reporter):
    """Four issues of which each filter finds some."""
    at = clock.now()
    ops = make_project(key="OPS")
    make_issue(project=ops, number=1, title="Lamp", severity="high", tags=["light"], reporter=reporter)
    make_issue(project=ops, number=2, title="Door", assignee=maintainer, due_on=date(2026, 12, 1), priority=1)
    make_issue(project=ops, number=3, title="Floor", status="DONE", done_at=at, watchers=[maintainer])
    make_issue(project=make_project(key="WEB"), number=4, title="Page", status="TRIAGED", tags=["light", "ui"])


@pytest.mark.usefixtures("_four")
@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [4, 3, 2, 1]),
        ("ordering=id", [1, 2, 3, 4]),
        ("ordering=due_on", [2, 1, 3, 4]),
        ("ordering=-updated_at", [4, 3, 2, 1]),
        ("status=OPEN,TRIAGED", [4, 2, 1]),
        ("severity=high", [1]),
        ("priority=1,3", [2]),
        ("project=ops", [3, 2, 1]),
        ("project=OPS,WEB", [4, 3, 2, 1]),
        ("project=NOSUCH", []),
        ("assignee=me", [2]),
        ("assignee=none&project=OPS", [3, 1]),
        ("assignee=nobody@example.com", []),
        ("reporter=none", [4, 3, 2]),
        ("tag=light", [4, 1]),
        ("tag=ui,light", [4, 1]),
        ("is_open=true", [4, 2, 1]),
        ("is_open=false", [3]),
        ("watched=true", [3]),
        ("watched=false", [4, 2, 1]),
        ("due_before=2026-12-02&due_after=2026-12-01", [2]),
        ("due_before=2026-12-01", []),
        ("created_after=2020-01-01T00:00:00Z&updated_before=2020-01-01T00:00:00Z", []),
        ("done_after=2020-01-01T00:00:00Z", [3]),
        ("search=lam", [1]),
        ("search=lam nothing", []),
        ("limit=2&offset=1", [3, 2]),
    ],
)
def test_the_list_is_narrowed_and_ordered_by_what_is_asked(client, query, numbers):
    answer = client.get(f"/v1/issues?{query}")
    assert [issue["number"] for issue in answer.json()["results"]] == numbers


def test_a_row_of_the_list_says_what_an_issue_is(client):
    issue = make_issue(tags=["b", "a"], description="*x*", description_html="<em>x</em>")
    (row,) = client.get("/v1/issues").json()["results"]
    assert row.keys() == LISTED
    assert row["tags"] == ["a", "b"]
    (row,) = client.get("/v1/issues?include=html").json()["results"]
    assert row["description_html"] == "<em>x</em>"
    whole = client.get(f"/v1/issues/{issue.pk}").json()
    assert whole.keys() == LISTED | {"description_html", "comment_count", "attachment_count"}


@pytest.mark.parametrize(
    "query",
    [
        "status=open", "severity=bad", "priority=9", "is_open=perhaps", "due_before=soon", "ordering=title",
        "ordering=reporter__password", "reporter__password__startswith=p", "include=secrets", "limit=1001",
        "offset=9223372036854775808", "cursor=forged", "format=csv", "limit=1000000",
        "tag=" + ",".join("abcdefghijklmnopqrstu"), "project=" + ",".join(["P"] * 21), "search=" + "x" * 201,
        "created_after=yesterday", "assignee=" + "x" * 255,
    ],
)  # fmt: skip
def test_a_question_that_means_nothing_is_refused(client, query):
    assert client.get(f"/v1/issues?{query}").status_code == 400


@pytest.mark.parametrize(
    "term", ["%", "_", "%_" * 90, "'", "\\", "a' | 'b", "!", "& |", ".*", "$", "(", "lamp:*", "<->"]
)
def test_search_takes_every_sign_as_it_is(client, term):
    make_issue(title="Lamp")
    answer = client.get("/v1/issues", {"search": term})
    assert answer.status_code == 200, answer.content
    assert answer.json()["count"] <= 1


def test_a_page_costs_six_queries_at_most_whatever_its_size(client, django_assert_max_num_queries):
    for number in range(12):
        make_issue(tags=["a", "b"], project=make_project(), number=1, reporter=make_user() if number < 3 else None)
    for query in ("limit=2", "limit=1000", "limit=3&project=P1&assignee=me&tag=a&search=brok&watched=true"):
        with django_assert_max_num_queries(6):
            client.get(f"/v1/issues?{query}")


def test_cursors_meet_every_issue_once(client):
    for day in (1, None, 3, None, 2):
        make_issue(due_on=date(2026, 1, day) if day else None)
    seen, url = [], "/v1/issues?limit=2&ordering=-due_on&cursor="
    while url:
        page = client.get(url).json()
        seen += [issue["id"] for issue in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == 5


# Changing.


def test_a_change_needs_the_version_that_was_read(client):
    issue = make_issue()
    etag = client.get(f"/v1/issues/{issue.pk}")["ETag"]
    assert client.get(f"/v1/issues/{issue.pk}", headers={"If-None-Match": etag}).status_code == 304
    headers = {"If-Match": etag}
    assert client.patch(f"/v1/issues/{issue.pk}", {"tags": ["new"]}, headers=headers).status_code == 200
    assert client.patch(f"/v1/issues/{issue.pk}", {"severity": "low"}, headers=headers).status_code == 412
    assert client.delete(f"/v1/issues/{issue.pk}", headers=headers).status_code == 403
    assert client.get(f"/v1/issues/{issue.pk}").json()["severity"] == "medium"


def test_an_empty_change_is_refused_and_the_same_again_is_no_event(client):
    issue = make_issue(title="Same")
    assert client.patch(f"/v1/issues/{issue.pk}", {}).status_code == 400
    assert client.patch(f"/v1/issues/{issue.pk}", {"title": "Same"}).status_code == 200
    assert not Event.objects.filter(object_type="issue").exists()


def test_moves_go_along_the_table_and_others_name_those_there_are(client):
    issue = make_issue()
    answer = client.post(f"/v1/issues/{issue.pk}/transition", {"status": "DONE"})
    assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (409, "status")
    for status in ("TRIAGED", "IN_PROGRESS", "DONE", "OPEN"):
        told = client.post(f"/v1/issues/{issue.key}/transition", {"status": status}).json()
        assert (told["status"], told["done_at"] is not None) == (status, status == "DONE")
    assert client.post(f"/v1/issues/{issue.pk}/transition", {"status": "open"}).status_code == 400


def test_a_duplicate_is_merged_and_says_into_what(client, reporter):
    issue, other = make_issue(reporter=reporter), make_issue()
    assert fields_refused(client.post(f"/v1/issues/{issue.pk}/merge", {"into": "NOSUCH-1"})) == {"into"}
    assert fields_refused(client.post(f"/v1/issues/{issue.pk}/merge", {"into": issue.key})) == {"into"}
    told = client.post(f"/v1/issues/{issue.pk}/merge", {"into": other.key}).json()
    assert (told["status"], told["merged_into"]) == ("DONE", other.key)
    own = jwt_client(reporter)
    assert own.get(f"/v1/issues/{issue.pk}").json()["merged_into"] is None
    assert own.get(f"/v1/issues/{issue.pk}/links").json()["results"] == []
    assert other.key not in own.get(f"/v1/issues/{issue.pk}/events").content.decode()


def test_watching_is_ones_own(client, reporter):
    issue = make_issue(reporter=reporter)
    assert client.post(f"/v1/issues/{issue.pk}/watch").json()["is_watched"] is True
    assert jwt_client(reporter).get(f"/v1/issues/{issue.pk}").json()["is_watched"] is False
    assert client.post(f"/v1/issues/{issue.pk}/unwatch").json()["is_watched"] is False


def test_links_are_seen_from_both_ends_and_taken_back(client):
    issue, other = make_issue(), make_issue()
    answer = client.post(f"/v1/issues/{issue.pk}/links", {"kind": "blocks", "target": other.key})
    assert (answer.status_code, answer.json()["direction"]) == (201, "out")
    (seen,) = client.get(f"/v1/issues/{other.pk}/links").json()["results"]
    assert (seen["direction"], seen["issue"]["key"]) == ("in", issue.key)
    assert client.post(f"/v1/issues/{issue.pk}/links", {"kind": "blocks", "target": issue.key}).status_code == 400
    assert client.delete(f"/v1/issues/{make_issue().pk}/links/{seen['id']}").status_code == 404
    assert client.delete(f"/v1/issues/{other.pk}/links/{seen['id']}").status_code == 204
    assert not IssueLink.objects.exists()


def test_the_timeline_tells_reporters_names_and_staff_addresses(client, maintainer, reporter):
    issue = make_issue(reporter=reporter)
    client.patch(f"/v1/issues/{issue.pk}", {"severity": "high", "assignee": maintainer.email})
    client.post(f"/v1/issues/{issue.pk}/comments", {"body": "Seen."})
    said, changed = client.get(f"/v1/issues/{issue.pk}/events").json()["results"]
    assert (changed["actor"], changed["after"]) == (
        maintainer.email,
        {"severity": "high", "assignee": maintainer.email},
    )
    assert said["comment"] == issue.comments.get().pk
    answer = jwt_client(reporter).get(f"/v1/issues/{issue.pk}/events")
    assert answer.json()["results"][1]["after"] == {"severity": "high"}
    assert answer.json()["results"][1]["actor"] == maintainer.full_name
    assert maintainer.email not in answer.content.decode()


def test_an_admin_deletes_with_all_that_hangs_on_it(maintainer):
    issue = make_issue(tags=["a"])
    make_issue_comment(issue, maintainer)
    assert jwt_client(make_user(Role.ADMIN)).delete(f"/v1/issues/{issue.key}").status_code == 204
    assert not Issue.objects.exists()
    assert Event.objects.get(verb="issue.deleted").before["key"] == issue.key


# Names that cannot be.


@pytest.mark.parametrize(
    "name", ["0", "-1", "9" * 30, "9" * 5000, "OPS", "OPS-", "OPS-x", "OPS-1-2", "%00", "²", "A-²"]
)
def test_what_cannot_be_an_issue_is_not_found(client, name):
    make_issue(project=make_project(key="OPS"), number=1)
    assert client.get(f"/v1/issues/{name}").status_code == 404


def test_an_issue_of_others_looks_like_one_that_never_was(reporter):
    client, foreign = jwt_client(reporter), make_issue()
    for suffix in ("", "/comments", "/links", "/events"):
        answers = [client.get(f"/v1/issues/{name}{suffix}") for name in (foreign.pk, foreign.key, 999_999)]
        bodies = [{**answer.json()["error"], "request_id": ""} for answer in answers]
        assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert bodies[0] == bodies[1] == bodies[2]
