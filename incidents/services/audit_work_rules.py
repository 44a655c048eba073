"""What must hold of issues, incidents, files and people, and of the tables themselves."""

from django.apps import apps
from django.db.models import AutoField

from incidents.services.audit_registry import Broken, Rows, Rule, Scope, by_statement, declare
from incidents.services.audit_repairs import (
    make_months,
    mend_incidents,
    raise_issue_numbers,
    raise_sequences,
    recount_points,
    regroup_people,
    take_back_look_ups,
    write_letters_due,
)
from incidents.services.orphans import find_lost_files
from tracker.partitions import MONTHLY_TABLES, add_months, list_partitions, present_month

ISSUES = Rows("incidents_issue", "SELECT id FROM incidents_issue ORDER BY updated_at DESC, id DESC LIMIT %(most)s")
INCIDENTS = Rows(
    "incidents_incident", "SELECT id FROM incidents_incident ORDER BY updated_at DESC, id DESC LIMIT %(most)s"
)
COMMENTS = Rows("incidents_comment")
FILES = Rows("incidents_attachment")
PEOPLE = Rows("tracker_user")
FILES_RULE = "a file that a row names is in the file store"
PACKAGES = ("tracker", "incidents", "reports")


def find_lost(scope: Scope) -> list[Broken]:
    """Files that are named and not there; read in the file store, so never in a hurry."""
    lost = find_lost_files()
    return [Broken(key) for key in lost if scope.keys is None or key in scope.keys]


def find_sequences_behind(scope: Scope) -> list[Broken]:
    """Tables whose next number was given away already, as after a restore that left the sequences out."""
    tables = [
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.app_label in PACKAGES and isinstance(model._meta.pk, AutoField)
    ]
    statement = " UNION ALL ".join(
        f"SELECT '{table}' WHERE (SELECT max(id) FROM {table}) > coalesce("  # noqa: S608 - a table of ours
        f"pg_sequence_last_value(pg_get_serial_sequence('{table}', 'id')::regclass), 0)"
        for table in tables
    )
    return list(by_statement(statement)(scope))


def find_months_missing(scope: Scope) -> list[Broken]:
    """Tables in months that have none for the next one; who has none at all lives in the default partition."""
    wanted, ending = {present_month(), add_months(present_month(), 1)}, []
    for table in MONTHLY_TABLES:
        months = {partition.month for partition in list_partitions(table)} - {None}
        if months and not wanted <= months:
            ending.append(table.name)
    return [Broken(name) for name in ending if scope.keys is None or name in scope.keys]


declare(
    Rule(
        "an incident has one open stay, which is as the incident is", "incident",
        by_statement("""
        SELECT i.id::text FROM incidents_incident i
         WHERE i.id = ANY(%(ids)s)
           AND NOT EXISTS (SELECT 1 FROM incidents_incidentspan s
                            WHERE s.incident_id = i.id AND s.ended_at IS NULL
                              AND (s.status, s.severity) = (i.status, i.severity)
                              AND s.project_id IS NOT DISTINCT FROM i.project_id
                              AND s.assignee_id IS NOT DISTINCT FROM i.assignee_id)"""),
        INCIDENTS,
    ),
    Rule(
        "an issue has one open stay, which is as the issue is", "issue",
        by_statement("""
        SELECT i.id::text FROM incidents_issue i
         WHERE i.id = ANY(%(ids)s)
           AND NOT EXISTS (SELECT 1 FROM incidents_issuespan s
                            WHERE s.issue_id = i.id AND s.ended_at IS NULL
                              AND (s.status, s.severity, s.project_id) = (i.status, i.severity, i.project_id)
                              AND s.assignee_id IS NOT DISTINCT FROM i.assignee_id)"""),
        ISSUES,
    ),
    Rule(
        "a project's next issue number is free", "project",
        by_statement("""
        SELECT p.id::text FROM tracker_project p
         WHERE p.id = ANY(%(ids)s) AND EXISTS (SELECT FROM incidents_issue i
                                                WHERE i.project_id = p.id AND i.number > p.last_issue_number)"""),
        Rows("tracker_project"),
        repair=raise_issue_numbers,
    ),
    Rule(
        "an incident that waits for look-ups has one to come", "incident",
        by_statement("""
        SELECT i.id::text FROM incidents_incident i
         WHERE i.enrichment IN ('NEW', 'ENRICHING') AND i.created_at < %(now)s - interval '10 minutes'
           AND NOT EXISTS (SELECT FROM incidents_enrichmentrun r
                            WHERE r.incident_id = i.id AND r.state IN ('pending', 'running'))"""),
        repair=mend_incidents,
    ),
    Rule(
        "a look-up about an incident comes to its end", "enrichmentrun",
        by_statement("""
        SELECT id::text FROM incidents_enrichmentrun
         WHERE state = 'running' AND (leased_until IS NULL OR leased_until < %(now)s - interval '5 minutes')"""),
        repair=take_back_look_ups,
    ),
    Rule(
        "a file of a comment is where the comment is, and internal where that is", "attachment",
        by_statement("""
        SELECT f.id::text FROM incidents_attachment f JOIN incidents_comment c ON c.id = f.comment_id
         WHERE f.id = ANY(%(ids)s)
           AND (f.issue_id IS DISTINCT FROM c.issue_id OR f.incident_id IS DISTINCT FROM c.incident_id
                OR (c.is_internal AND NOT f.is_internal))"""),
        FILES,
    ),
    Rule(
        "a comment of nobody with an account names who it is of", "comment",
        by_statement("""
        SELECT id::text FROM incidents_comment
         WHERE id = ANY(%(ids)s) AND author_id IS NULL AND author_label = ''"""),
        COMMENTS,
    ),
    Rule(
        "a file of nobody with an account names who it is of", "attachment",
        by_statement("""
        SELECT id::text FROM incidents_attachment
         WHERE id = ANY(%(ids)s) AND uploaded_by_id IS NULL AND uploader_label = ''"""),
        FILES,
    ),
    Rule(
        "a person is in the one group of their role", "user",
        by_statement("""
        SELECT u.id::text FROM tracker_user u
         WHERE u.id = ANY(%(ids)s)
           AND ARRAY(SELECT g.name::text FROM tracker_user_groups m JOIN auth_group g ON g.id = m.group_id
                      WHERE m.user_id = u.id) <> ARRAY[u.role::text]"""),
        PEOPLE,
        repair=regroup_people,
    ),
    Rule(
        "a letter that is due is written within ten minutes", "notification",
        by_statement("SELECT id::text FROM tracker_notification WHERE mail_at < %(now)s - interval '10 minutes'"),
        repair=write_letters_due,
    ),
    Rule(
        "a factory knows how many points its series has", "factory",
        by_statement("""
        SELECT f.id::text FROM tracker_factory f
         WHERE f.id = ANY(%(ids)s)
           AND f.points_count <> (SELECT count(*) FROM tracker_productionpoint p WHERE p.factory_id = f.id)"""),
        Rows("tracker_factory"),
        is_nightly=True,
        repair=recount_points,
    ),
    Rule(
        "a table's next number is a new one", "table", find_sequences_behind, is_nightly=True, repair=raise_sequences,
    ),
    Rule(
        "a table in months has the next one", "table", find_months_missing, is_nightly=True, repair=make_months,
    ),
    Rule(FILES_RULE, "file", find_lost, is_nightly=True),
)  # fmt: skip
