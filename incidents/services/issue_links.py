"""How issues stand to each other."""

from django.db import transaction

from incidents.choices import IssueLinkKind
from incidents.models import Issue, IssueLink
from incidents.services.issue_news import log_issue
from incidents.services.issues import lock_issue, visible_issues
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import InvalidInput, NotFound

MAX_LINKS = 100


@transaction.atomic
def link_issues(*, actor: Actor, source: Issue, target: Issue, kind: str) -> IssueLink:
    """Says that `source` duplicates, blocks or relates to `target`; saying it twice is saying it once.

    Raises:
        PermissionDenied, NotFound: who may transition an issue may link it, and must see the other one.
        InvalidInput: to itself, or more than MAX_LINKS.
    """
    access.require(actor, "issues", "transition")
    source = lock_issue(actor, source, action="transition")
    if not visible_issues(actor, "read").filter(pk=target.pk).exists():
        raise NotFound.unseen()
    if source.pk == target.pk:
        raise InvalidInput.of_field("target", "Must be another issue.")
    if source.links_out.count() + source.links_in.count() >= MAX_LINKS:
        raise InvalidInput.of_field("target", f"An issue has up to {MAX_LINKS} links.")
    link, is_new = keep_link(source=source, target=target, kind=IssueLinkKind(kind))
    if is_new:
        log_issue(actor=actor, verb="issue.linked", issue=source, after={"kind": kind, "target": target.key})
    return link


@transaction.atomic
def unlink_issues(*, actor: Actor, issue: Issue, link: IssueLink) -> None:
    """Takes back a link of `issue`, in whichever direction.

    Raises:
        PermissionDenied, NotFound: as `link_issues`; no link of this issue.
    """
    access.require(actor, "issues", "transition")
    issue = lock_issue(actor, issue, action="transition")
    if issue.pk not in (link.source_id, link.target_id):
        raise NotFound.unseen()
    if IssueLink.objects.filter(pk=link.pk).delete()[0]:
        before = {"kind": link.kind, "source": link.source_id, "target": link.target_id}
        log_issue(actor=actor, verb="issue.unlinked", issue=issue, before=before)


def keep_link(*, source: Issue, target: Issue, kind: IssueLinkKind) -> tuple[IssueLink, bool]:
    """The link's row, and whether it is new."""
    if kind == IssueLinkKind.RELATES and source.pk > target.pk:
        source, target = target, source
    return IssueLink.objects.get_or_create(
        source=source, target=target, kind=kind, defaults={"created_at": clock.now()}
    )
