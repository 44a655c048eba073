"""What an operator says about incoming mail is understood, or refused by name and without a password in the error."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from tracker import mail_settings
from tracker.mail_settings import read_mailbox, read_matching


def test_an_address_of_a_mailbox_is_taken_apart(monkeypatch):
    monkeypatch.setenv("IMAP_URL", "imaps://re%40x:p%2F%40w@mail.example.com/Shared%20Box")
    mailbox = read_mailbox(is_local=False)
    assert (mailbox.host, mailbox.port, mailbox.user, mailbox.password) == ("mail.example.com", 993, "re@x", "p/@w")
    assert (mailbox.folder, mailbox.is_encrypted) == ("Shared Box", True)
    assert "p/@w" not in repr(mailbox)


def test_the_password_may_lie_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("p/@w\n")
    monkeypatch.setenv("IMAP_URL", "imaps://reports@mail.example.com:1993")
    monkeypatch.setenv("IMAP_PASSWORD_FILE", str(tmp_path / "secret"))
    mailbox = read_mailbox(is_local=False)
    assert (mailbox.port, mailbox.password, mailbox.folder) == (1993, "p/@w", "INBOX")


def test_without_an_address_there_is_no_mailbox(monkeypatch):
    monkeypatch.delenv("IMAP_URL", raising=False)
    assert read_mailbox(is_local=False) is None


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("imap://reports:geheim@mail.example.com", ""),
        ("https://reports:geheim@mail.example.com", ""),
        ("imaps://mail.example.com", ""),
        ("imaps://reports@mail.example.com", ""),
        ("imaps://reports:geheim@mail.example.com", "geheim"),
        ("imaps://:geheim@mail.example.com", ""),
        ("imaps://reports:geheim@", ""),
        ("imaps://reports:geheim@mail.example.com:99999", ""),
        ("imaps://reports:geheim@mail.example.com/INBOX?x=1", ""),
        ("", "geheim"),
    ],
)
def test_nonsense_is_refused_without_repeating_a_password(monkeypatch, url, password):
    monkeypatch.setenv("IMAP_URL", url)
    monkeypatch.setenv("IMAP_PASSWORD", password)
    with pytest.raises(ImproperlyConfigured, match="IMAP") as refusal:
        read_mailbox(is_local=False)
    assert "geheim" not in str(refusal.value)


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (mail_settings.ADDRESS, "reports@example.com", "reports+x@example.com"),
        (mail_settings.ADDRESS, "reports@tracker", "Reports <reports@example.com>"),
        (mail_settings.TARGET, "incident:theft", "ticket"),
        (mail_settings.TARGET, "issue:OPS", "issue"),
        (mail_settings.SERVER, "mx.example.com", "mx.example.com; x"),
    ],
)
def test_words_of_another_shape_are_refused_with_an_example(monkeypatch, pattern, good, bad):
    monkeypatch.setenv("WORD", good)
    assert read_matching("WORD", pattern, "this") == good
    monkeypatch.setenv("WORD", bad)
    with pytest.raises(ImproperlyConfigured, match="WORD must look like this"):
        read_matching("WORD", pattern, "this")
