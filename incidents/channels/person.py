"""Letters to one person each, over EMAIL_URL. A mailbox that is dead says nothing against anybody else's."""

import dataclasses
from uuid import UUID

from incidents.channels.base import Dead, Outcome, PersonalLetter
from incidents.channels.email import build_letter, send_letter


async def send(letter: PersonalLetter, *, key: UUID, deadline_seconds: float) -> Outcome:
    """One attempt. Whatever the server says of this person for ever ends this letter alone."""
    mail = build_letter(letter.headline, "letter", {"letter": letter}, key=key, recipients=[letter.to])
    if letter.reference:
        mail.extra_headers |= {"References": letter.reference, "In-Reply-To": letter.reference}
    if letter.reply_to:
        mail.reply_to = [letter.reply_to]
    outcome = await send_letter(mail, deadline_seconds=deadline_seconds)
    return dataclasses.replace(outcome, breaks_channel=False) if isinstance(outcome, Dead) else outcome
