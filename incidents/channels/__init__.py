"""The kinds of channel: `send` picks the one that a channel speaks."""

from uuid import UUID

from incidents.channels import email, person, slack, webhook
from incidents.channels.base import ChannelConfig, Message, Outcome, PersonalLetter, Sender
from incidents.choices import ChannelKind
from tracker.outgoing import OutgoingClient

SENDERS: dict[str, Sender] = {
    ChannelKind.SLACK: slack.send,
    ChannelKind.WEBHOOK: webhook.send,
    ChannelKind.EMAIL: email.send,
}


async def send(
    channel: ChannelConfig,
    message: Message | PersonalLetter,
    *,
    key: UUID,
    deadline_seconds: float,
    client: OutgoingClient,
) -> Outcome:
    """One attempt to bring a message to a channel, within `deadline_seconds`. Raises nothing."""
    if isinstance(message, PersonalLetter):
        return await person.send(message, key=key, deadline_seconds=deadline_seconds)
    return await SENDERS[channel.kind](channel, message, key=key, deadline_seconds=deadline_seconds, client=client)
