"""Mail in the back office: read by maintainers, kept from reporters, and as harmless as it was hostile."""

import pytest
from django.test import Client

from incidents.models import MailMessage
from incidents.services.mail_intake import take_mail
from incidents.testing.mails import make_mail
from tracker.access import Actor
from tracker.choices import Role
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
PAGE = "/admin/incidents/mailmessage/"
HOSTILE = "<script>alert(1)</script>"


def take(*args, **named) -> MailMessage:
    return take_mail(actor=Actor.system("test"), raw=make_mail(*args, **named)).message


def text_of(answer) -> str:
    return answer.content.decode()


def test_a_maintainer_sees_what_became_of_each_and_is_led_there(maintainer_client: Client):
    row = take(subject=f"Gate {HOSTILE}", sender=f'"{HOSTILE}" <anna@example.com>')
    take(sender="eve@example.com", precedence="bulk")
    text = text_of(maintainer_client.get(PAGE))
    for words in ("anna@example.com", row.incident.key, "New incident", "Sent by a machine", "Precedence: bulk"):
        assert words in text
    page = text_of(maintainer_client.get(f"{PAGE}{row.pk}/change/"))
    assert f'href="/admin/incidents/incident/{row.incident.pk}/change/">{row.incident.key}</a>' in page
    assert HOSTILE not in text + page
    assert maintainer_client.get(f"{PAGE}{row.pk}/history/").status_code in (200, 403)


def test_messages_are_found_by_outcome_sender_and_id(maintainer_client: Client):
    take(sender="anna@example.com", message_id="<one@x>")
    take(sender="eve@example.com", precedence="bulk")
    for query in ("outcome=loop", "q=EVE@example.com"):
        text = text_of(maintainer_client.get(f"{PAGE}?{query}"))
        assert ("eve@example.com" in text, "anna@example.com" in text) == (True, False), query
    assert "anna@example.com" in text_of(maintainer_client.get(f"{PAGE}?q=%3Cone@x%3E"))


def test_nobody_writes_there_and_reporters_do_not_read(admin_client: Client):
    row = take()
    assert admin_client.get(f"{PAGE}add/").status_code == 403
    assert admin_client.post(f"{PAGE}{row.pk}/delete/").status_code == 403
    reporter = Client()
    reporter.force_login(make_user(Role.REPORTER))
    for address in (PAGE, f"{PAGE}{row.pk}/change/"):
        assert reporter.get(address).status_code == 302
    row.refresh_from_db()
