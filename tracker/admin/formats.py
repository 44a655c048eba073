"""How the back office writes times, spans and states: always in words, colour only on top."""

from datetime import datetime

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tracker import clock
from tracker.services.system import Cell, Fact, Unit

MINUTE, HOUR, DAY = 60, 3600, 86400
# Nobody reckons with longer spans: from here on a day says more.
SPAN_DAYS = 60


def write_span(seconds: float) -> str:
    """A span of `seconds` in its two largest units: "45 s", "12 min", "2 h 5 min", "3 d 4 h"."""
    whole = int(abs(seconds))
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min"
    if whole < DAY:
        return _join(whole // HOUR, "h", whole % HOUR // MINUTE, "min")
    return _join(whole // DAY, "d", whole % DAY // HOUR, "h")


def _join(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"


def write_minutes(minutes: float) -> str:
    """A span given in minutes."""
    return write_span(minutes * MINUTE)


def write_absolute(moment: datetime) -> str:
    """The moment in the reader's time zone, to the second, with the zone's name."""
    return timezone.localtime(moment).strftime("%a %d %b %Y, %H:%M:%S %Z")


def write_short(moment: datetime) -> SafeString:
    """Day and time to the second as tables need it; the rest in a tooltip."""
    return render_time(moment, timezone.localtime(moment).strftime("%d %b %H:%M:%S"))


def write_due(moment: datetime) -> SafeString:
    """Day and time to the minute in the reader's time zone: what a list needs beside the time left."""
    return render_time(moment, timezone.localtime(moment).strftime("%d %b %H:%M"))


def write_moment(moment: datetime | None) -> SafeString | str:
    """ "5 min ago", "in 2 h 5 min", or the day where it is far away, with the absolute time as a tooltip; a dash for
    no moment."""
    if moment is None:
        return "–"
    seconds = (moment - clock.now()).total_seconds()
    if abs(seconds) > SPAN_DAYS * DAY:
        return render_time(moment, f"{timezone.localtime(moment):%d %b %Y}")
    words = f"in {write_span(seconds)}" if seconds > 0 else f"{write_span(seconds)} ago"
    return render_time(moment, words)


def write_time_left(due_at: datetime | None) -> SafeString | str:
    """ "2 h 5 min left" or "over by 12 min"; a dash where nothing is due."""
    if due_at is None:
        return "–"
    seconds = (due_at - clock.now()).total_seconds()
    if seconds > 0:
        return render_time(due_at, f"{write_span(seconds)} left")
    return render_time(due_at, f"over by {write_span(seconds)}", css_class="moment is-over")


def render_time(moment: datetime, words: str, *, css_class: str = "moment") -> SafeString:
    """`words` as a <time> that shows the absolute moment when asked."""
    return format_html(
        '<time class="{}" datetime="{}" title="{}">{}</time>',
        css_class,
        moment.isoformat(),
        write_absolute(moment),
        words,
    )


def render_badge(words: str, tone: str) -> SafeString:
    """A label; `tone` is ok, alert, breach, info or quiet."""
    return format_html('<span class="badge badge-{}">{}</span>', tone, words)


def write_system_value(one: Fact | Cell) -> SafeString | str:
    """A value of the System page: in words, and as a badge where it has a tone."""
    words = _write_value(one)
    return render_badge(str(words), one.tone) if one.tone else words


def _write_value(one: Fact | Cell) -> SafeString | str:
    value = one.value
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return write_moment(value)
    if isinstance(value, str):
        return value
    if one.unit is Unit.BYTES:
        return filesizeformat(value)
    if one.unit is Unit.SECONDS:
        return f"{value * 1000:.0f} ms" if 0 < value < 1 else write_span(value)
    return f"{value:,}"
