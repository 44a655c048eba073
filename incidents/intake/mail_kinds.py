"""Whether a person wrote a mail, a machine answered, a mail server sent it back, or it is our own; and who vouches."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from incidents.intake.mail_parts import MailPart, headers_of

BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
MAIL_SERVERS = frozenset({"mailer-daemon", "postmaster"})
OWN_HEADER = "x-tracker-"
# Their mere presence says that no person pressed "send".
MACHINE_HEADERS = frozenset({"list-id", "x-auto-response-suppress", "x-autoreply", "x-autorespond"})
# Read receipts: nothing came back, a program says that somebody looked.
RECEIPTS = "disposition-notification"
_DSN_STATUS = re.compile(r"(?im)^status:\s*([245]\.\d{1,3}\.\d{1,3})")


class MailKind(StrEnum):
    """What a mail is."""

    NORMAL = "normal"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    LOOP = "loop"


@dataclass(frozen=True, slots=True)
class OwnMail:
    """How our own letters are known: the addresses that they come from or are answered to, in lower case."""

    addresses: frozenset[str] = frozenset()


def find_kind(message: MailPart, *, sender: str, own: OwnMail) -> tuple[MailKind, str]:
    """The kind of a mail, and by what it was known."""
    if any(key.lower().startswith(OWN_HEADER) for key in message.keys()):  # noqa: SIM118
        return MailKind.LOOP, "it is a letter of Tracker"
    name, _, domain = sender.partition("@")
    if sender and f"{name.partition('+')[0]}@{domain}" in own.addresses:
        return MailKind.LOOP, "it comes from Tracker's own address"
    is_report = message.get_content_type() == "multipart/report"
    if is_report and RECEIPTS in " ".join(headers_of(message, "content-type")).lower():
        return MailKind.AUTO_REPLY, "a receipt"
    from_line = " ".join(headers_of(message, "from")).lower().replace(" ", "-")
    if is_report or headers_of(message, "x-failed-recipients"):
        return MailKind.BOUNCE, "a mail server's report"
    if sender.partition("@")[0] in MAIL_SERVERS or "mailer-daemon" in from_line:
        return MailKind.BOUNCE, "from a mail server"
    if why := _machine(message):
        return MailKind.AUTO_REPLY, why
    if "<>" in (path.strip() for path in headers_of(message, "return-path")):
        return MailKind.BOUNCE, "nobody to answer to (empty Return-Path)"
    return MailKind.NORMAL, ""


def find_status(reports: Sequence[str]) -> str:
    """The status that a report of delivery names, such as 5.1.1; the worst where it names several."""
    return max((status for report in reports for status in _DSN_STATUS.findall(report)), default="")


def find_vouched_domain(message: MailPart, *, authserv_id: str) -> str:
    """The domain for which the operator's own mail server says `dmarc=pass`; none without such a word.

    Only the topmost Authentication-Results counts, and only with that server's name: whoever sends a mail can write
    others below it.
    """
    results = headers_of(message, "authentication-results")
    if not authserv_id or not results:
        return ""
    server, *claims = _without_asides(results[0]).lower().split(";")
    if not server.split() or server.split()[0] != authserv_id.lower():
        return ""
    passed = [words for claim in claims if (words := claim.split()) and words[0].startswith("dmarc=")]
    if len(passed) != 1 or passed[0][0] != "dmarc=pass":
        return ""
    domains = [word.removeprefix("header.from=") for word in passed[0][1:] if word.startswith("header.from=")]
    return domains[0].rpartition("@")[2] if len(domains) == 1 else ""


def _machine(message: MailPart) -> str:
    submitted = " ".join(headers_of(message, "auto-submitted")).strip().lower()
    if submitted and not submitted.startswith("no"):
        return f"Auto-Submitted: {submitted[:40]}"
    precedence = " ".join(headers_of(message, "precedence")).strip().lower()
    if precedence in BULK:
        return f"Precedence: {precedence}"
    found = next((key for key in message.keys() if key.lower() in MACHINE_HEADERS), "")  # noqa: SIM118
    return f"the header {found}" if found else ""


def _without_asides(value: str) -> str:
    """Without comments, which nest, and quoted texts, in which a sender's own words may stand; nothing is left where
    one has no end."""
    kept, depth, is_quoted, is_escaped = [], 0, False, False
    for sign in value:
        if is_escaped:
            is_escaped = False
        elif sign == "\\" and (depth or is_quoted):
            is_escaped = True
        elif is_quoted:
            is_quoted = sign != '"'
        elif sign in "()":
            depth = max(0, depth + (1 if sign == "(" else -1))
            kept.append(" ")
        elif not depth:
            is_quoted = sign == '"'
            kept.append(sign)
    return "" if depth or is_quoted else "".join(kept)
