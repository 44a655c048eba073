"""Letters to one person each, over EMAIL_URL. A mailbox that is dead says nothing against anybody else's."""

import dataclasses
from email.mime.image import MIMEImage
from uuid import UUID

from django.core.mail import EmailMultiAlternatives

from incidents.channels.base import Dead, Outcome, PersonalLetter
from incidents.channels.email import build_letter, send_letter


async def send(letter: PersonalLetter, *, key: UUID, deadline_seconds: float) -> Outcome:
    """One attempt. Whatever the server says of this person for ever ends this letter alone."""
    mail = build_letter(letter.headline, "letter", {"letter": letter}, key=key, recipients=[letter.to])
    if letter.reference:
        mail.extra_headers |= {"References": letter.reference, "In-Reply-To": letter.reference}
    if letter.reply_to:
        mail.reply_to = [letter.reply_to]
    _add_pictures(mail, letter)
    if letter.file is not None:
        mail.attach(letter.file.name, letter.file.content, letter.file.content_type.partition(";")[0])
    outcome = await send_letter(mail, deadline_seconds=deadline_seconds)
    return dataclasses.replace(outcome, breaks_channel=False) if isinstance(outcome, Dead) else outcome


def _add_pictures(mail: EmailMultiAlternatives, letter: PersonalLetter) -> None:
    """Pictures go with the letter and are named in its HTML: nothing is fetched from anywhere when it is read."""
    for number, picture in enumerate(letter.pictures, start=1):
        part = MIMEImage(picture.content, "png")
        part.add_header("Content-ID", f"<picture-{number}>")
        part.add_header("Content-Disposition", "inline", filename=f"chart-{number}.png")
        mail.attach(part)
    if letter.pictures and letter.file is None:
        # Pictures are parts of the page; beside a real attachment programs expect the plain kind.
        mail.mixed_subtype = "related"  # type: ignore[attr-defined]
