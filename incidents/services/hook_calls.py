"""A call of a hook: kept as it came, checked, read, and each of its signals done."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from incidents.choices import HookOutcome
from incidents.intake.hooks.readers import read_call, read_document
from incidents.intake.hooks.signals import Reading, Signal, Unknown, clean_text
from incidents.models import Hook, HookCall, Incident
from incidents.services.hook_news import take_news
from incidents.services.hook_rules import plan_signal, rules_of
from incidents.services.hook_signals import Result, take_signal
from incidents.services.hook_signatures import check_signature
from incidents.services.hook_throttling import write_throttled
from incidents.services.hooks import note_use
from tracker import clock
from tracker.access import Actor
from tracker.exceptions import DomainError, InvalidInput, NotAuthenticated

# What says how a call is meant; whatever else came with it, such as a credential, is not kept.
KEPT_HEADERS = (
    "user-agent", "x-github-event", "x-github-delivery", "x-github-hook-id", "sentry-hook-resource",
    "sentry-hook-timestamp", "request-id",
)  # fmt: skip
DELIVERY = "x-github-delivery"
MAX_NOTE_CHARACTERS = 500
MAX_TRIES = 3
DEADLOCK = "40P01"
DONE = frozenset({"opened", "appended", "closed", "updated"})
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RawCall:
    """A call as it came: its headers in lower case, its body as it was signed."""

    headers: Mapping[str, str]
    body: bytes
    content_type: str = "application/json"

    @property
    def digest(self) -> str:
        """By which equal bodies are known."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def delivery_id(self) -> str:
        """The sender's own id of this call, where it has one."""
        return clean_text(self.headers.get(DELIVERY, ""))[:100].strip()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told."""

    call: HookCall
    results: Sequence[Result] = field(default_factory=tuple)
    is_repeated: bool = False


def take_call(*, hook: Hook, raw: RawCall, request_id: str = "") -> Answer:
    """Takes a call: its row is there afterwards, whatever became of it.

    Raises:
        NotAuthenticated: a wrong signature, or none. Only the digest of the body is kept.
        InvalidInput: no JSON as it has to be.
    """
    note_use(hook)
    write_throttled(hook)
    try:
        check_signature(hook, raw.headers, raw.body)
    except NotAuthenticated as refusal:
        note_refusal(hook=hook, raw=raw, note=refusal.message)
        raise
    try:
        document = read_document(raw.body, raw.content_type)
    except InvalidInput as refusal:
        note_refusal(hook=hook, raw=raw, note=refusal.message, keeps_body=True)
        raise
    reading = read_call(hook.kind, document, raw.headers)
    actor = Actor(label=f"hook:{hook.name}", request_id=request_id, is_system=True)
    return _take_with_patience(actor, hook, raw, reading)


def note_refusal(*, hook: Hook, raw: RawCall, note: str, keeps_body: bool = False) -> HookCall:
    """The row of a call that was refused. The body of whoever could not sign it is a stranger's, and not kept."""
    return _keep(hook, raw, HookOutcome.REFUSED, note, keeps_body=keeps_body)


def _take_with_patience(actor: Actor, hook: Hook, raw: RawCall, reading: Reading | Unknown) -> Answer:
    """Two calls that wait for each other: the database ends one, and that one starts again."""
    for attempt in range(1, MAX_TRIES + 1):
        try:
            return _take(actor, hook, raw, reading)
        except OperationalError as error:
            is_deadlock = getattr(error.__cause__, "sqlstate", "") == DEADLOCK
            if not is_deadlock or attempt == MAX_TRIES or connection.in_atomic_block:
                raise
    raise AssertionError("unreachable")


@transaction.atomic
def _take(actor: Actor, hook: Hook, raw: RawCall, reading: Reading | Unknown) -> Answer:
    is_known = isinstance(reading, Reading)
    note = reading.note if isinstance(reading, Reading) else reading.reason
    try:
        with transaction.atomic():
            outcome = HookOutcome.TAKEN if is_known else HookOutcome.NOTED
            call = _keep(hook, raw, outcome, note, delivery_id=raw.delivery_id, keeps_body=True)
    except IntegrityError:
        return Answer(HookCall.objects.get(hook=hook, delivery_id=raw.delivery_id), is_repeated=True)
    if not isinstance(reading, Reading) or not reading.signals:
        return Answer(call)
    results = _take_signals(actor, hook, reading.signals)
    call.taken = sum(result.result in DONE for result in results)
    refused = [result.note for result in results if result.result == "refused"]
    if refused:
        call.note = _shorten(f"{note} {len(refused)} refused: {refused[0]}")
        # Nothing of it is anywhere but in this row.
        call.outcome = HookOutcome.TAKEN if call.taken else HookOutcome.NOTED
    call.save(update_fields=["taken", "note", "outcome"])
    return Answer(call, results)


def _take_signals(actor: Actor, hook: Hook, signals: Sequence[Signal]) -> list[Result]:
    """What became of each, in the order they came; done in the order of their names, so that calls do not cross."""
    rules = rules_of(hook)
    done: dict[int, Result] = {}
    for place in sorted(range(len(signals)), key=lambda place: signals[place].fingerprint):
        signal = signals[place]
        try:
            with transaction.atomic():
                done[place] = _take_one(actor, hook, signal, plan_signal(hook, signal, rules))
        except (DomainError, DataError, IntegrityError) as refusal:
            message = refusal.message if isinstance(refusal, DomainError) else "A value does not fit."
            logger.warning("A signal of a hook was refused.", extra={"hook": hook.name, "reason": message[:200]})
            done[place] = Result(signal.fingerprint, "refused", note=message[:MAX_NOTE_CHARACTERS])
    return [done[place] for place in range(len(signals))]


def _take_one(actor: Actor, hook: Hook, signal: Signal, plan: Any) -> Result:
    if signal.news is not None:
        return take_news(actor=actor, hook=hook, signal=signal, news=signal.news, plan=plan)
    return take_signal(actor=actor, hook=hook, signal=signal, plan=plan)


def _keep(
    hook: Hook, raw: RawCall, outcome: HookOutcome, note: str, *, delivery_id: str = "", keeps_body: bool = False
) -> HookCall:
    headers = {name: clean_text(raw.headers[name])[:200] for name in KEPT_HEADERS if name in raw.headers}
    # PostgreSQL's texts hold no NUL, and a body may be no text at all.
    text = raw.body.decode("utf-8", "replace").replace("\0", "\ufffd") if keeps_body else ""
    return HookCall.objects.create(
        hook=hook,
        delivery_id=delivery_id,
        received_at=clock.now(),
        content_type=clean_text(raw.content_type)[:100],
        headers=headers,
        body=text,
        body_digest=raw.digest,
        outcome=outcome,
        note=_shorten(note),
    )


def _shorten(text: str) -> str:
    return clean_text(text).strip()[:MAX_NOTE_CHARACTERS]


def key_of(result: Result) -> dict[str, str]:
    """What the subject of a result is called, under its kind."""
    if result.subject is None:
        return {}
    return {"incident" if isinstance(result.subject, Incident) else "issue": result.subject.key}
