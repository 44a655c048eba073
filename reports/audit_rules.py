"""What must always hold of reports: the auditor asks it with the rest."""

from incidents.services.audits import declare_rules

RULES = {
    "a report that runs is looked after": """
        SELECT id::text FROM reports_report
         WHERE state = 'running' AND (lease IS NULL OR leased_until IS NULL
                                      OR leased_until < %(now)s - interval '5 minutes')""",
    "a report waits only while another one runs": """
        SELECT id::text FROM reports_report
         WHERE state = 'pending' AND created_at < %(now)s - interval '10 minutes'
           AND NOT EXISTS (SELECT 1 FROM reports_report WHERE state = 'running')""",
}
declare_rules(RULES)
