"""What the auditor adds to /healthz, /metrics and the System page; and its rules, known from the start."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from incidents.choices import FindingState
from incidents.models import AuditFinding, AuditMark
from incidents.services.audit_passes import ROUND
from incidents.services.audits import all_rules
from tracker import gauges, health
from tracker.health import Check, Grade
from tracker.models import SweepHeartbeat
from tracker.services.system import Content, Fact, Section, Tone, register_section

FINDINGS = "admin:incidents_auditfinding_changelist"


def open_findings() -> int:
    """How many inconsistencies wait for somebody."""
    return AuditFinding.objects.filter(state=FindingState.OPEN).count()


def _check_audit() -> Grade:
    is_open = AuditFinding.objects.filter(state=FindingState.OPEN).exists()
    return Grade.DEGRADED if is_open else Grade.OK


def _collect() -> Iterator[Metric]:
    findings = GaugeMetricFamily("tracker_audit_findings_open", "Inconsistencies that wait for somebody.")
    findings.add_metric([], open_findings())
    yield findings


def _read_section() -> Content:
    count = open_findings()
    last = SweepHeartbeat.objects.filter(name="audit").values_list("finished_at", flat=True).first()
    begun = AuditMark.objects.filter(name=ROUND).first()
    words = "Last round over everything" if begun is None or begun.position == 0 else "Round over everything, since"
    note = "Look at each: repair it, correct the row, or accept it as it is." if count else ""
    return Content(
        facts=(
            Fact("Open findings", count, tone=Tone.ALERT if count else Tone.OK, note=note, page=FINDINGS),
            Fact("Rules", len(all_rules())),
            Fact("Last pass", last),
            Fact(words, begun.at if begun is not None else None),
        )
    )


health.register(Check("audit", _check_audit, is_vital=False))
gauges.register("audit", _collect)
register_section(Section("audit", "Consistency", _read_section, position=45))
