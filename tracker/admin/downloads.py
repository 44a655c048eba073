"""Answers that are files."""

from typing import IO

from django.http import FileResponse

from tracker.models import User


def hand_out_archive(archive: IO[bytes], person: User) -> FileResponse:
    """What is known of a person, to be saved; the answer closes it, and nobody on the way keeps a copy."""
    answer = FileResponse(archive, as_attachment=True, filename=f"person-{person.pk}.zip")
    answer["Cache-Control"] = "no-store"
    return answer
