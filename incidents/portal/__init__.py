"""The reporters' portal: pages at /incidents for whoever reports something, on a telephone and without JavaScript.

Pages do what every entrance does: parse, find out who it is, make one service call, render. What a machine sends or
wants as JSON is answered by /v1/incidents itself. People without an account come in where INCIDENT_PORTAL_ANONYMOUS
says so; they are counted by their address, and follow their report by a signed link.
"""
