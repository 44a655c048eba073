"""The SLA a second time, slow and plain, for the auditor: it lives through the days that the engine looks up in tables.

It shares no code with `incidents.sla`, so that a fault of the one is no fault of the other.
"""
