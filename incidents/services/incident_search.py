"""The words by which incidents are found: title and place before description before comments."""

from collections.abc import Sequence

from incidents.services.issue_search import refresh_words

REFRESH = """
UPDATE incidents_incident i SET search =
    setweight(to_tsvector('simple', i.title || ' ' || i.place), 'A')
    || setweight(to_tsvector('simple', left(i.description, %(description)s)), 'B')
    || setweight(to_tsvector('simple', left(coalesce((
         SELECT string_agg(left(c.body, 20000), ' ' ORDER BY c.id DESC) FROM incidents_comment c
          WHERE c.incident_id = i.id AND NOT c.is_internal
       ), ''), %(comments)s)), 'C')
 WHERE i.id = ANY(%(ids)s)
"""


def refresh_incident_search(incident_ids: Sequence[int]) -> None:
    """Reads the words of these incidents anew; to be called in the transaction that changed a text, under its lock.

    What is internal is left out: a reporter who searches must not learn its words.
    """
    refresh_words(REFRESH, incident_ids)
