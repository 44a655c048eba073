"""Bytes from a mailbox become a mail, or one clear reason why not; in little time, whatever they are."""

import base64
import html
import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.intake.mail_kinds import MailKind, OwnMail
from incidents.intake.mail_messages import MAX_MAIL_BYTES, ParsedMail, read_mail
from incidents.intake.mail_parts import MAX_FILES, MAX_TEXT_CHARACTERS, Unreadable
from incidents.intake.mail_texts import html_to_markdown
from incidents.rich_text import TAGS, render_markdown
from tracker.testing.real_data import DATA, needs

FOLDER = DATA / "mail"
HEAD = b"From: Anna <anna@example.com>\nTo: reports@tracker.example\nSubject: Gate\nMessage-ID: <1@example.com>\n"
# Four times what the worst takes on a quiet machine.
CPU_SECONDS = 6.0


def mail(body: str = "It is open.", headers: str = "") -> bytes:
    return HEAD + headers.encode() + b"\n" + body.encode()


def read_quickly(raw: bytes) -> ParsedMail | str:
    """The mail, or the reason why there is none; fails where it takes long."""
    started = time.process_time()
    try:
        found: ParsedMail | str = read_mail(raw, authserv_id="mx.example")
    except Unreadable as error:
        found = str(error)
    assert time.process_time() - started < CPU_SECONDS
    return found


def check_keepable(found: ParsedMail | str) -> None:
    if isinstance(found, str):
        assert found.startswith(("it ", "its "))
        return
    for text in (found.subject, found.text, found.reply, found.sender, found.sender_name, found.message_id):
        text.encode()
        assert "\0" not in text
    assert found.subject.isprintable()
    assert len(found.text) <= MAX_TEXT_CHARACTERS + 500
    assert all(file.name and "/" not in file.name for file in found.files)


def test_a_plain_mail_says_who_what_and_when():
    found = read_mail(mail(headers="Date: Fri, 20 Nov 2026 10:00:00 +0100\nCc: Ben <BEN@example.com>\n"))
    assert (found.sender, found.sender_name, found.subject) == ("anna@example.com", "Anna", "Gate")
    assert found.recipients == ("reports@tracker.example", "ben@example.com")
    assert (found.message_id, found.text, found.kind) == ("1@example.com", "It is open.", MailKind.NORMAL)
    assert found.sent_at.isoformat() == "2026-11-20T09:00:00+00:00"


@pytest.mark.parametrize(
    ("header", "subject"),
    [
        ("=?utf-8?b?VMO8ciBvZmZlbg==?=", "Tür offen"),
        ("=?iso-8859-1?q?T=FCr?=\n =?utf-8?q?_offen?=", "Tür offen"),
        ("=?no-such-charset?q?T=FCr?=", "Tür"),
        ("=?utf-8?b?!!!?= x", "x"),
        ("€ =?utf-8?q?=E2=82=AC?=", "€ €"),
        ("=?utf-8?q?one=0D=0ABcc:_x=1B[31m_=E2=80=AE?=", "one Bcc: x [31m"),
        ("Tür offen", "Tür offen"),
    ],
)
def test_a_subject_is_one_line_that_people_can_read(header, subject):
    raw = HEAD.replace(b"Subject: Gate", f"Subject: {header}".encode()) + b"\nx"
    assert read_mail(raw).subject == subject


def test_plain_text_is_preferred_and_pages_become_markdown():
    both = (
        "--b\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nT=FCr\n"
        "--b\nContent-Type: text/html\n\n<p>Door</p>\n--b--\n"
    )
    assert read_mail(mail(both, "Content-Type: multipart/alternative; boundary=b\n")).text == "Tür"
    page = (
        "<html><head><style>p{}</style></head><h1>Gate</h1><p onclick=x()>Open <b>all</b> "
        "<a href='https://x.example'>night</a> <a href='javascript:alert(1)'>click</a><img src=http://spy.example/1>"
        "<script>alert(1)</script><ul><li>one<li>two</ul>"
    )
    text = read_mail(mail(page, "Content-Type: text/html; charset=utf-8\n")).text
    assert text == "# Gate\n\nOpen all [night](https://x.example) click\n\n- one\n- two"


@pytest.mark.parametrize(
    "history",
    [
        "On Fri, 20 Nov 2026 at 10:00, Tracker <tracker@tracker.example> wrote:\n> INC-7 is yours\n> > old",
        "Am Fr., 20. Nov. 2026 um 10:00 Uhr schrieb Tracker <tracker@tracker.example>:\n\n> INC-7",
        "-----Original Message-----\nFrom: Tracker\nSent: Friday\nTo: Anna\nSubject: INC-7\n\nINC-7 is yours",
        "________________________________\nVon: Tracker\nGesendet: Freitag\nAn: Anna\nBetreff: INC-7\n\nINC-7",
        "> INC-7 is yours\n> please look",
    ],
)
def test_a_reply_is_told_from_the_letter_that_it_answers(history):
    found = read_mail(mail(f"Done:\n\n    indented code\n\n- one\n- two\n\n{history}\n"))
    assert found.reply == "Done:\n\n    indented code\n\n- one\n- two"
    assert "INC-7" in found.text


@pytest.mark.parametrize(
    "page",
    [
        '<div dir="ltr">It is <b>shut</b>.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Fri, '
        'Nov 20, 2026 at 10:00 AM Tracker &lt;<a href="mailto:t@tracker.example">t@tracker.example</a>&gt; wrote:<br>'
        '</div><blockquote class="gmail_quote"><div>INC-7 is yours</div></blockquote></div>',
        '<div class="WordSection1"><p class="MsoNormal">It is shut.</p><div style="border-top:solid"><p><b>From:</b> '
        "Tracker &lt;t@tracker.example&gt;<br><b>Sent:</b> Friday<br><b>To:</b> Anna<br><b>Subject:</b> [INC-7]</p>"
        "</div><p>INC-7 is yours</p></div>",
    ],
)
def test_the_replies_of_web_mail_are_told_from_their_letters_too(page):
    assert read_mail(mail(page, "Content-Type: text/html; charset=utf-8\n")).reply == "It is shut."


def test_what_only_looks_like_a_history_stays():
    for text in ("> only a quote", "On Monday the gate was open.\nFrom: the yard\nit looks closed.", "a\n\n- b\n-- c"):
        assert read_mail(mail(text)).reply == text


def test_files_come_along_under_harmless_names_and_whole_mails_as_files():
    png = base64.b64encode(b"\x89PNG fake").decode()
    body = (
        "--b\n\nSee the picture.\n"
        f'--b\nContent-Type: image/png; name="../../etc/x.png"\nContent-Transfer-Encoding: base64\n\n{png}\n'
        "--b\nContent-Type: application/x-a\nContent-Disposition: attachment;\n "
        "filename*=utf-8''T%C3%BCr%E2%80%AEfdp.exe\n\nbytes\n"
        "--b\nContent-Type: message/rfc822\n\nFrom: x@y.z\nSubject: inner\nContent-Type: message/rfc822\n\nSubject: z\n"
        "--b\nContent-Type: text/plain; name=notes.txt\n\nnotes\n"
        "--b\nContent-Type: application/pgp-signature; name=s.asc\n\nxyz\n--b--\n"
    )
    found = read_mail(mail(body, "Content-Type: multipart/mixed; boundary=b\n"))
    assert found.text == "See the picture."
    assert [file.name for file in found.files] == ["x.png", "Tür fdp.exe", "message-3.eml", "notes.txt"]
    assert found.files[0].content == b"\x89PNG fake"
    assert found.files[2].content.startswith(b"From: x@y.z\nSubject: inner")


def test_more_than_can_be_kept_is_named_and_never_dropped_in_silence():
    parts = "".join(f"--b\nContent-Type: application/x-a; name=f{number}.bin\n\nx\n" for number in range(MAX_FILES + 3))
    found = read_mail(mail(parts, "Content-Type: multipart/mixed; boundary=b\n"))
    assert len(found.files) == MAX_FILES
    assert [words.split(":")[0] for words in found.left_out] == ["f20.bin", "f21.bin", "f22.bin"]
    found = read_mail(mail("word " * 20_000))
    assert found.text.endswith("[…]")
    assert [(file.name, len(file.content)) for file in found.files] == [("file-1.txt", 100_000)]


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ("", MailKind.NORMAL),
        ("Auto-Submitted: no\nPrecedence: normal\n", MailKind.NORMAL),
        ("Auto-Submitted: auto-replied\n", MailKind.AUTO_REPLY),
        ("auto-submitted: auto-generated; x=y\n", MailKind.AUTO_REPLY),
        ("Precedence: Bulk\n", MailKind.AUTO_REPLY),
        ("Precedence: list\n", MailKind.AUTO_REPLY),
        ("List-Id: <all.example.com>\n", MailKind.AUTO_REPLY),
        ("X-Auto-Response-Suppress: All\n", MailKind.AUTO_REPLY),
        ('Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\n', MailKind.AUTO_REPLY),
        ("Return-Path: <>\n", MailKind.BOUNCE),
        ("X-Failed-Recipients: x@example.com\n", MailKind.BOUNCE),
        ('Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n', MailKind.BOUNCE),
        ("X-Tracker-Delivery: 1\n", MailKind.LOOP),
    ],
)
def test_machines_are_told_from_people(headers, kind):
    assert read_mail(mail(headers=headers)).kind == kind


def test_mail_servers_and_our_own_address_are_known_by_the_sender():
    for sender, kind in [
        ("MAILER-DAEMON@mx.example", MailKind.BOUNCE),
        ("Postmaster <postmaster@mx.example>", MailKind.BOUNCE),
        ("MAILER DAEMON <>", MailKind.BOUNCE),
        ("Tracker <Tracker@Tracker.example>", MailKind.LOOP),
    ]:
        raw = mail().replace(b"Anna <anna@example.com>", sender.encode())
        assert read_mail(raw, own=OwnMail(frozenset({"tracker@tracker.example"}))).kind == kind


def test_a_bounce_names_the_letter_that_came_back():
    body = (
        "--b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n"
        "Final-Recipient: rfc822; x@y.z\nStatus: 5.1.1\n"
        "--b\nContent-Type: message/rfc822\n\nMessage-ID: <abc@tracker.example>\nSubject: x\n\ntext\n--b--\n"
    )
    found = read_mail(mail(body, "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n"))
    assert (found.bounced_ids, found.bounce_status) == (("abc@tracker.example",), "5.1.1")


@pytest.mark.parametrize(
    ("results", "is_vouched"),
    [
        (["mx.example; dmarc=pass header.from=example.com"], True),
        (["mx.example 1; spf=fail (no; dmarc=pass); DMARC=PASS (p=none) header.from=Example.com"], True),
        (["mx.example; dmarc=fail header.from=example.com"], False),
        (["mx.example; spf=pass; x=(dmarc=pass)"], False),
        (["mx.example; dmarc=pass header.from=other.example"], False),
        (["mx.example; dmarc=pass"], False),
        (["mx.example; dmarc=fail; dmarc=pass header.from=example.com"], False),
        (["mx.example.evil; dmarc=pass header.from=example.com"], False),
        (['mx.example; dmarc=pass (a (nested; one) of "theirs) header.from=example.com'], True),
        # The local part of an address is the sender's own, and servers quote it.
        (['mx.example; spf=pass smtp.mailfrom="x; dmarc=pass header.from=example.com"@evil.example'], False),
        (['mx.example; spf=pass smtp.mailfrom="x\\"; dmarc=pass header.from=example.com"@evil.example'], False),
        (['mx.example; dkim=pass header.i="@;dmarc=pass header.from=example.com;"'], False),
        (["mx.example; spf=pass (x\\); dmarc=pass header.from=example.com)"], False),
        (['mx.example; spf=pass smtp.mailfrom="x; dmarc=pass header.from=example.com'], False),
        # Whoever sends the mail can write every header but the topmost.
        (["evil.example; none", "mx.example; dmarc=pass header.from=example.com"], False),
        ([], False),
    ],
)
def test_only_the_operator_s_own_server_vouches_for_a_sender(results, is_vouched):
    headers = "".join(f"Authentication-Results: {result}\n" for result in results)
    assert read_mail(headers.encode() + mail(), authserv_id="mx.example").is_sender_vouched is is_vouched
    assert not read_mail(headers.encode() + mail()).is_sender_vouched


@pytest.mark.parametrize(
    "sender",
    [
        "boss@example.com, anna@example.com",
        "boss@example.com <anna@example.com>",
        '"boss@example.com" <anna@example.com>',
        "anna@example.com>boss@example.com",
        "Anna <anna@example.com>\nFrom: boss@example.com",
        "anna@example.com\0@evil.example",
    ],
)
def test_nobody_vouches_for_a_sender_of_whom_there_can_be_two_readings(sender):
    vouched = b"Authentication-Results: mx.example; dmarc=pass header.from=example.com\n"
    raw = vouched + mail().replace(b"Anna <anna@example.com>", sender.encode())
    assert not read_mail(raw, authserv_id="mx.example").is_sender_vouched


def test_a_mail_is_known_again_whatever_servers_on_the_way_add():
    assert read_mail(mail()).digest == read_mail(b"Received: by mx\nX-Spam: no\n" + mail() + b"\r\n").digest
    nameless = mail().replace(b"Message-ID: <1@example.com>\n", b"")
    assert read_mail(nameless).digest == read_mail(b"Received: by mx\n" + nameless.replace(b"\n", b"\r\n")).digest
    assert len({read_mail(raw).digest for raw in (mail(), mail("x"), nameless, nameless + b"!")}) == 4


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\x00\x01\x02" * 100, "none of the headers"),
        (b"From: a@b.c\n\n" + b"x" * MAX_MAIL_BYTES, "larger than 25 MiB"),
        (b"From: a@b.c\n\n" + b"\n" * 600_000, "500,000 lines"),
        (b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(10_000)), "deeper"),
        (HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 300, "200 parts"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(raw, words):
    with pytest.raises(Unreadable, match=words):
        read_mail(raw)


BOMBS = {
    "a header of 24 MB": b"From: " + b"a," * (12 * 1024**2) + b"\n\nx",
    "half a million headers": HEAD + b"A: b\n" * 490_000 + b"\nx",
    "nested comments": b"From: " + b'"(' * 2_000 + b"\nDate: " + b"1 " * 2_000 + b"\n\nx",
    "thousands of parameters": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\n\n"
    + (b"--b\nContent-Type: text/plain" + b";a" * 2_000 + b"\n\nx\n") * 190,
    "enclosed mails in mails": HEAD + b"Content-Type: message/rfc822\n\n" * 10_000,
    "a quadratic charset": HEAD + b"Content-Type: text/plain; charset=punycode\n\n" + b"a-bcdef" * 300_000,
    "wrong base64": HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"A=\x80?" * 500_000,
    "deep tags": HEAD + b"Content-Type: text/html\n\n" + b"<div>" * 50_000,
    "formatting tags": HEAD + b"Content-Type: text/html\n\n" + b"<font a b c>" * 9_900 + b"</p>" * 10_000,
    "attributes": HEAD + b"Content-Type: text/html\n\n<a " + b" ".join(b"b%d" % n for n in range(60_000)) + b">",
    "many pages": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\n\n"
    + (b"--b\nContent-Type: text/html\n\n<a " + b" ".join(b"b%d" % n for n in range(30_000)) + b">\n") * 90,
    "deep quotes": HEAD + b"Content-Type: text/html\n\n" + b"<blockquote>" * 79 + b"x<br>" * 9_000,
    "quoted words": HEAD + b"\n" + (b"Am " + b"x schrieb " * 48 + b"\n") * 500,
    "more quoted words": HEAD + b"\n" + (b"Den " + b"x skrev " * 60 + b"\n") * 500,
    "blank lines": HEAD + b"\n" + b"On \n \n" * 80_000,
}


@pytest.mark.attack
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_cost_little(name):
    check_keepable(read_quickly(BOMBS[name]))


def test_hostile_pages_become_harmless_markdown():
    for page in ("<a href='java&#10;script:alert(1)'>x</a>", "<svg><script>1</script></svg>x", "<a href=data:x>x</a>"):
        assert html_to_markdown(page).strip() == "x"


@needs(DATA / "nasty" / "dompurify_xss_cases.json")
def test_no_page_of_the_known_attacks_survives_as_markup_of_its_own():
    cases = json.loads((DATA / "nasty" / "dompurify_xss_cases.json").read_text())
    assert len(cases) > 150
    for case in cases:
        raw = mail(case["payload"], "Content-Type: text/html; charset=utf-8\n")
        rendered = render_markdown(read_mail(raw).text)
        tags = set(re.findall(r"<\s*/?\s*([a-zA-Z0-9]+)", rendered))
        assert tags <= TAGS, case
        for address in re.findall(r'href="([^"]*)"', rendered):
            scheme = re.match(r"[a-z][a-z0-9+.-]*:", html.unescape(address).strip().lower())
            assert scheme is None or scheme[0] in ("http:", "https:", "mailto:"), case


def sample_names() -> list[str]:
    return sorted(path.name for path in FOLDER.glob("*.eml"))


@needs(FOLDER)
def test_every_real_sample_is_read():
    names = sample_names()
    assert len(names) == 13
    for name in names:
        found = read_quickly((FOLDER / name).read_bytes())
        check_keepable(found)
        assert not isinstance(found, str), name
        assert found.text or found.files, name
        assert (found.kind == MailKind.BOUNCE) == ("bounce" in name), name


PATCHES = [
    b"\0", b"\xff\xfe", b"\r", b"\n\n", b"--", b'"', b"=?utf-8?b?x", b"charset=x-none", b"charset*0*=u''%", b"<!--",
    b"\nContent-Transfer-Encoding: base64\n", b"\nContent-Type: multipart/digest; boundary=b\n",
    b"\nContent-Transfer-Encoding: x-uuencode\n", b"\nDate: 99999999999\n", b"\nFrom: <@,;:\\>\n",
]  # fmt: skip


@needs(FOLDER)
@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sample_names() or ["-"]),
    cut=st.floats(0, 1),
    dropped=st.integers(0, 40),
    patches=st.lists(
        st.tuples(
            st.floats(0, 1),
            st.sampled_from(PATCHES),
        ),
        max_size=6,
    ),
)
def test_no_mutation_of_a_sample_raises(name, cut, dropped, patches):
    raw = (FOLDER / name).read_bytes()
    lines = raw.split(b"\n")
    raw = b"\n".join(lines[:dropped] + lines[dropped + 1 :])[: int(len(raw) * cut) + 1]
    for place, patch in patches:
        position = int(len(raw) * place)
        raw = raw[:position] + patch + raw[position:]
    check_keepable(read_quickly(raw))
