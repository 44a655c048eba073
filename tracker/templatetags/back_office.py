"""The back office's way of writing times and states, for templates."""

from django.template import Library

from tracker.admin import formats

register = Library()
register.filter("moment", formats.write_moment)
register.filter("time_left", formats.write_time_left)
register.filter("short_moment", formats.write_short)
register.filter("span", formats.write_span)
register.filter("minutes", formats.write_minutes)
register.filter("absolute", formats.write_absolute)
register.filter("badge", formats.render_badge)
register.filter("system_value", formats.write_system_value)
