"""Reports that name a person. What is finished never changes, so they go; whoever needs one asks again."""

import zipfile
from typing import Any

from django.db import connection, transaction

from reports.models import Report
from tracker.files.keeping import forget_files, open_file
from tracker.models import User
from tracker.personal_words import PersonalWords

CHUNK_BYTES = 1024 * 1024
NAMING = """
SELECT id FROM reports_report
 WHERE owner_id = %(owner)s OR owner_label ILIKE ANY(%(patterns)s) OR schedule ILIKE ANY(%(patterns)s)
    OR error ILIKE ANY(%(patterns)s) OR parameters::text ILIKE ANY(%(patterns)s)
    OR result::text ILIKE ANY(%(patterns)s) OR file_name ILIKE ANY(%(patterns)s)
"""


def forget_reports(user: User, words: PersonalWords) -> int:
    """Deletes a person's own reports and every other that names them, with their files; how many."""
    with connection.cursor() as cursor:
        cursor.execute(NAMING, {"owner": user.pk, "patterns": words.patterns})
        ids = {row[0] for row in cursor.fetchall()}
    others = Report.objects.exclude(pk__in=ids).exclude(file_key="").filter(created_at__gte=user.created_at)
    ids |= {pk for pk, key in others.values_list("pk", "file_key").iterator() if _file_names(key, words)}
    rows = Report.objects.filter(pk__in=ids)
    keys = list(rows.exclude(file_key="").values_list("file_key", flat=True))
    transaction.on_commit(lambda: forget_files(keys), robust=True)
    rows.delete()
    return len(ids)


def _file_names(key: str, words: PersonalWords) -> bool:
    """Whether a kept file holds one of the words. What is packed in a way that cannot be searched counts as if."""
    try:
        file = open_file(key)
    except FileNotFoundError:
        return False
    with file:
        head = file.read(4)
        file.seek(0)
        if head == b"PAR1":
            return True
        if head[:2] != b"PK":
            return _stream_names(file, words)
        with zipfile.ZipFile(file) as book:
            return any(_member_names(book, member, words) for member in book.namelist())


def _member_names(book: zipfile.ZipFile, member: str, words: PersonalWords) -> bool:
    with book.open(member) as stream:
        return _stream_names(stream, words)


def _stream_names(stream: Any, words: PersonalWords) -> bool:
    wanted = words.bytes_like
    overlap, tail = max(map(len, wanted), default=1), b""
    while chunk := stream.read(CHUNK_BYTES):
        text = (tail + chunk).lower()
        if any(word in text for word in wanted):
            return True
        tail = text[-overlap:]
    return False
