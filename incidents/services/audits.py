"""The auditor: what must always hold between the tables, asked of the database itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from incidents.services.orphans import find_lost_files
from tracker import clock

MAX_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that does not hold: how many rows break it, and some of them."""

    rule: str
    count: int
    examples: list[str]


# Each statement selects a name for every row that breaks the rule; %(now)s is the present moment.
RULES = {
    "a ticket event belongs to a ticket": """
        SELECT e.id::text FROM incidents_ticketevent e
         WHERE NOT EXISTS (SELECT 1 FROM incidents_ticket t WHERE t.id = e.ticket_id)""",
    "a clock belongs to a ticket": """
        SELECT c.id::text FROM incidents_clock c
         WHERE NOT EXISTS (SELECT 1 FROM incidents_ticket t WHERE t.id = c.ticket_id)""",
    "an alert belongs to a ticket": """
        SELECT a.id::text FROM incidents_alert a
         WHERE NOT EXISTS (SELECT 1 FROM incidents_ticket t WHERE t.id = a.ticket_id)""",
    "a ticket has a history, and stands at its newest moment": """
        SELECT t.external_id FROM incidents_ticket t
          LEFT JOIN LATERAL (SELECT max(e.updated_at) AS newest FROM incidents_ticketevent e
                              WHERE e.ticket_id = t.id) h ON true
         WHERE h.newest IS DISTINCT FROM t.updated_at""",
    "a ticket event names the line of the log that says who sent it": """
        SELECT e.id::text FROM incidents_ticketevent e
         WHERE NOT EXISTS (SELECT 1 FROM tracker_event l WHERE l.id = e.logged_in_id)""",
    "a due clock is swept within five minutes": """
        SELECT id::text FROM incidents_clock WHERE next_check_at < %(now)s - interval '5 minutes'""",
    "every step that a clock was alerted for has its alert": """
        SELECT c.id::text FROM incidents_clock c
          JOIN LATERAL (SELECT s.percent, row_number() OVER (ORDER BY s.percent) AS place
                          FROM incidents_escalationstep s WHERE s.version_id = c.policy_id) s ON true
         WHERE c.alerted_percent >= s.percent AND c.crossings[s.place] IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM incidents_alert a
                            WHERE a.clock_id = c.id AND a.percent = s.percent AND a.state <> 'withdrawn')""",
    "no alert stands for a step that its clock was not alerted for": """
        SELECT a.id::text FROM incidents_alert a JOIN incidents_clock c ON c.id = a.clock_id
         WHERE a.state <> 'withdrawn' AND a.percent > c.alerted_percent""",
    "no alert fires for a clock that has stopped": """
        SELECT a.id::text FROM incidents_alert a JOIN incidents_clock c ON c.id = a.clock_id
         WHERE a.state IN ('firing', 'acked') AND c.state IN ('stopped', 'void')""",
    "a stopped clock has stopped somewhen, a live one has not": """
        SELECT id::text FROM incidents_clock
         WHERE state <> 'void' AND (state = 'stopped') <> (stopped_at IS NOT NULL)""",
    "a lease ends": """
        SELECT id::text FROM incidents_delivery
         WHERE status = 'leased' AND (leased_until IS NULL OR leased_until < %(now)s - interval '5 minutes')""",
    "what is pending has a next attempt": """
        SELECT id::text FROM incidents_delivery WHERE status = 'pending' AND next_attempt_at IS NULL""",
    "what is sent was attempted": """
        SELECT id::text FROM incidents_delivery
         WHERE status = 'sent' AND (sent_at IS NULL OR (attempts = 0 AND digest_of_id IS NULL))""",
    "an incident has one open stay, which is as the incident is": """
        SELECT i.id::text FROM incidents_incident i
         WHERE NOT EXISTS (SELECT 1 FROM incidents_incidentspan s
                            WHERE s.incident_id = i.id AND s.ended_at IS NULL
                              AND (s.status, s.severity) = (i.status, i.severity)
                              AND s.project_id IS NOT DISTINCT FROM i.project_id
                              AND s.assignee_id IS NOT DISTINCT FROM i.assignee_id)""",
    "an issue has one open stay, which is as the issue is": """
        SELECT i.id::text FROM incidents_issue i
         WHERE NOT EXISTS (SELECT 1 FROM incidents_issuespan s
                            WHERE s.issue_id = i.id AND s.ended_at IS NULL
                              AND (s.status, s.severity, s.project_id) = (i.status, i.severity, i.project_id)
                              AND s.assignee_id IS NOT DISTINCT FROM i.assignee_id)""",
    "a file of a comment is where the comment is, and internal where that is": """
        SELECT f.id::text FROM incidents_attachment f JOIN incidents_comment c ON c.id = f.comment_id
         WHERE f.issue_id IS DISTINCT FROM c.issue_id OR f.incident_id IS DISTINCT FROM c.incident_id
            OR (c.is_internal AND NOT f.is_internal)""",
    "a comment or file of nobody with an account names who it is of": """
        SELECT 'comment ' || id FROM incidents_comment WHERE author_id IS NULL AND author_label = ''
        UNION ALL
        SELECT 'file ' || id FROM incidents_attachment WHERE uploaded_by_id IS NULL AND uploader_label = ''""",
    "a person is in the one group of their role": """
        SELECT u.email FROM tracker_user u
         WHERE ARRAY(SELECT g.name::text FROM tracker_user_groups m JOIN auth_group g ON g.id = m.group_id
                      WHERE m.user_id = u.id) <> ARRAY[u.role::text]""",
}
FILES_RULE = "a file that a row names is in the file store"
_declared: dict[str, str] = {}


def declare_rules(rules: Mapping[str, str]) -> None:
    """Adds the rules of a package above; one that is declared again replaces itself."""
    _declared.update(rules)


def all_rules() -> Mapping[str, str]:
    """Every rule with its statement."""
    return {**RULES, **_declared}


def audit() -> list[Finding]:
    """Asks every rule, and the file store; reads only.

    Returns:
        the rules that do not hold, none where all is well.
    """
    findings = []
    with connection.cursor() as cursor:
        for rule, statement in all_rules().items():
            cursor.execute(
                f"SELECT count(*), (array_agg(name))[1:{MAX_EXAMPLES}] FROM ({statement}) AS broken(name)",  # noqa: S608
                {"now": clock.now()},
            )
            count, examples = cursor.fetchone()
            if count:
                findings.append(Finding(rule, count, examples))
    lost = find_lost_files()
    return [*findings, Finding(FILES_RULE, len(lost), lost[:MAX_EXAMPLES])] if lost else findings
