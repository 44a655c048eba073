"""How bad it is, in the words of many senders."""

from incidents.choices import Severity

WORDS = {
    Severity.CRITICAL: "critical crit fatal page emergency emerg disaster blocker p0 p1 sev0 sev1 s1",
    Severity.HIGH: "high error err major alert urgent p2 sev2 s2",
    Severity.MEDIUM: "medium warning warn moderate average ticket p3 sev3 s3",
    Severity.LOW: "low info information informational notice debug minor none ok p4 p5 sev4 sev5 s4",
}
_BY_WORD = {word: severity.value for severity, words in WORDS.items() for word in words.split()}


def read_severity(word: str) -> str:
    """One of our four; empty for a word that says nothing about it."""
    return _BY_WORD.get(word.strip().lower(), "")
