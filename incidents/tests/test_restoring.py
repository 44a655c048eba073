"""A backup brings back every row and every file, elsewhere; what is not whole, not ours or not for here is refused."""

import json
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from psycopg.conninfo import make_conninfo

from incidents.models import Attachment, DeliveryHold
from incidents.testing.factories import make_attachment, make_issue
from tracker import clock
from tracker.access import Actor
from tracker.backups.archive import DUMP, FILES, MANIFEST, SIGNATURE, ArchiveReader, ArchiveWriter
from tracker.backups.checking import check_backup
from tracker.backups.fingerprints import mark_tables
from tracker.backups.manifest import sign
from tracker.choices import Role
from tracker.exceptions import Conflict, InvalidInput, PermissionDenied
from tracker.files.keeping import keep_file, open_file, read_chunks
from tracker.files.uploads import Upload
from tracker.models import ApiToken, Backup, Event
from tracker.schema_state import SchemaGate, read_schema_state
from tracker.services.backups import keep_quiet, make_backup
from tracker.services.restoring import RestoreChoices, examine_backup, restore_backup, settle_restored
from tracker.testing.factories import make_token_row, make_user

# A snapshot is exported from a transaction of its own.
real_transactions = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("test")
CONTENT = b"%PDF-1.4 a bill" * 100


def keep(content):
    with Upload.of_chunks("bill.pdf", [content]) as upload:
        return keep_file(upload)


@contextmanager
def empty_database():
    """Another database of the same server, under Django's one connection."""
    before = str(connection.settings_dict["NAME"])
    name = f"{before}_restored"
    told = connection.get_connection_params()
    known = {key: told[key] for key in ("host", "port", "user", "password") if told.get(key)}
    server = make_conninfo("", dbname="postgres", **known)
    with psycopg.connect(server, autocommit=True) as other:
        other.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        other.execute(f'CREATE DATABASE "{name}"'.encode())
        connection.close()
        connection.settings_dict["NAME"] = name
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = before
            other.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def rewrite(path, target, *, change=None, **replaced):
    """A copy with other members, signed with the key that is set."""
    with ArchiveReader(path) as old, ArchiveWriter(target) as new:
        for name in old.members:
            if name not in (MANIFEST, SIGNATURE):
                new.add(name, replaced.get(name, old.read(name)))
        document = json.loads(old.read_whole(MANIFEST, most=10**7))
        text = json.dumps({**document, **(change or {})}).encode()
        new.add(MANIFEST, [text])
        new.add(SIGNATURE, [sign(text)])
        new.finish()
    return target


@real_transactions
def test_every_row_and_file_comes_back_and_nothing_is_let_out(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    person = make_user(email="anna@example.com")
    make_token_row(person)
    Client().force_login(person)
    make_attachment(make_issue(), storage_key=keep(CONTENT))
    keep(b"named by nobody")
    made = make_backup(actor=SYSTEM, directory=tmp_path / "backups")
    assert (made.files, made.error, made.kept_until > clock.now() + timedelta(days=180)) == (1, "", True)
    settings.MEDIA_ROOT = tmp_path / "elsewhere"
    newer = rewrite(tmp_path / made.location, tmp_path / "newer.tar", change={"migrations": ["tracker.9999_x"]})
    with empty_database():
        with pytest.raises(InvalidInput, match=r"newer release.*9999_x"):
            examine_backup(path=newer, is_foreign=False, progress=keep_quiet)
        out = StringIO()
        call_command("restore", made.location, "--yes", "--revoke-tokens", "--quiet", stdout=out)
        told = out.getvalue()
        assert "1 files are as they were" in told
        assert "Deliveries are held" in told
        assert SchemaGate().is_open()
        assert b"".join(read_chunks(open_file(Attachment.objects.get().storage_key))) == CONTENT
        assert DeliveryHold.objects.get().released_at is None
        assert Session.objects.count() == 0
        assert ApiToken.objects.get().revoked_at is not None
        row = Backup.objects.get()
        assert (row.sha256, row.size_bytes, row.error) == (made.sha256, made.size_bytes, "")
        assert row.kept_until == made.kept_until
        assert Event.objects.filter(verb="backup.restored").count() == 1
        make_user(email="bertha@example.com")
        with pytest.raises(CommandError, match="not empty"):
            call_command("restore", made.location, "--yes", "--quiet")


@real_transactions
def test_nobody_works_in_a_database_whose_restore_did_not_come_to_its_end(settings, tmp_path, monkeypatch):
    """Nothing is held there yet, and what starts after a command that failed would send everything again."""
    settings.MEDIA_ROOT = tmp_path / "media"
    make_user()
    made = make_backup(actor=SYSTEM, directory=tmp_path)

    def fail(*_, **__):
        raise Conflict("the light went out")

    monkeypatch.setattr("tracker.management.commands.restore.settle_restored", fail)
    with empty_database():
        with pytest.raises(CommandError, match="light went out"):
            call_command("restore", made.location, "--yes", "--quiet", stdout=StringIO())
        assert read_schema_state().missing == ()
        assert not SchemaGate().is_open()


@pytest.mark.django_db
def test_the_same_rows_come_to_the_same_in_any_order_and_others_do_not():
    first, second = make_user(), make_user()
    before = mark_tables(lambda _: None)
    with connection.cursor() as cursor:
        # Written anew at the end of the table, as it was.
        cursor.execute("UPDATE tracker_user SET full_name = full_name WHERE id = %s", [first.pk])
        assert mark_tables(lambda _: None) == before
        cursor.execute("UPDATE tracker_user SET full_name = full_name || ' ' WHERE id = %s", [second.pk])
    after = mark_tables(lambda _: None)
    assert {name for name in after if after[name] != before[name]} == {"public.tracker_user"}


@real_transactions
def test_what_was_changed_forged_or_signed_by_another_is_refused_by_name(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    attachment = make_attachment(make_issue(), storage_key=keep(CONTENT))
    path = tmp_path / make_backup(actor=SYSTEM, directory=tmp_path).location
    kept = FILES + attachment.storage_key

    def refusal(**options):
        with pytest.raises(InvalidInput) as refused:
            check_backup(options.pop("path", path), progress=keep_quiet, **options)
        return refused.value.message

    assert kept in refusal(path=rewrite(path, tmp_path / "a.tar", **{kept: [CONTENT[::-1]]}))
    assert DUMP in refusal(path=rewrite(path, tmp_path / "b.tar", **{DUMP: [b"PGDMP"]}))
    assert "missing" in refusal(
        path=rewrite(path, tmp_path / "c.tar", change={"files": {"ab/cd": {"size": 1, "sha256": ""}}})
    )
    assert "put into it" in refusal(path=rewrite(path, tmp_path / "d.tar", change={"files": {}}))
    assert "manifest" in refusal(path=rewrite(path, tmp_path / "e.tar", change={"tables": 7}))
    raw = bytearray(path.read_bytes())
    raw[2000] ^= 1
    (tmp_path / "f.tar").write_bytes(raw)
    assert DUMP in refusal(path=tmp_path / "f.tar") or kept in refusal(path=tmp_path / "f.tar")
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another key of sixty characters, which this backup never saw...."
    assert "SECRET_KEY" in refusal()
    assert check_backup(path, is_foreign=True, progress=keep_quiet).can_read_secrets() is False
    settings.SECRET_KEY_FALLBACKS = [old]
    assert check_backup(path, progress=keep_quiet).can_read_secrets()


@real_transactions
def test_what_is_exchanged_after_it_was_examined_is_not_taken(settings, tmp_path, monkeypatch):
    """Between the check and the restore somebody types the name of the database."""
    settings.MEDIA_ROOT = tmp_path / "media"
    attachment = make_attachment(make_issue(), storage_key=keep(CONTENT))
    path = tmp_path / make_backup(actor=SYSTEM, directory=tmp_path).location
    kept = FILES + attachment.storage_key
    manifest = check_backup(path, progress=keep_quiet)
    filled = []
    monkeypatch.setattr("tracker.services.restoring._check_database", lambda: None)
    monkeypatch.setattr("tracker.services.restoring.fill_database", lambda chunks: filled.extend(chunks))
    settings.MEDIA_ROOT = tmp_path / "elsewhere"
    for name, content in ((DUMP, [b"PGDMP, and a program of somebody else"]), (kept, [CONTENT[::-1]]), (kept, [])):
        (tmp_path / "other.tar").unlink(missing_ok=True)
        other = rewrite(path, tmp_path / "other.tar", **{name: content})
        with pytest.raises(InvalidInput, match="is not what was backed up"):
            restore_backup(actor=SYSTEM, path=other, manifest=manifest, progress=keep_quiet)
    assert filled == []
    with pytest.raises(FileNotFoundError):
        open_file(attachment.storage_key)


@real_transactions
def test_a_failed_backup_leaves_a_row_and_no_file(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("tracker.services.backups.dump_database", lambda snapshot: iter([b"half a dump"]))
    monkeypatch.setattr(
        "tracker.services.backups.check_backup", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    with pytest.raises(Exception, match="No space left"):
        make_backup(actor=SYSTEM, directory=tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]
    assert "No space left" in Backup.objects.get().error
    assert Event.objects.filter(verb="backup.failed").exists()


@pytest.mark.django_db
def test_two_backups_do_not_write_to_one_folder_at_once(tmp_path, monkeypatch):
    def again(*_):
        with pytest.raises(Conflict, match="Another backup"):
            make_backup(actor=SYSTEM, directory=tmp_path)
        raise Conflict("enough")

    monkeypatch.setattr("tracker.services.backups._write", again)
    with pytest.raises(Conflict, match="enough"):
        make_backup(actor=SYSTEM, directory=tmp_path)


@pytest.mark.django_db
def test_nobody_makes_or_restores_one_but_the_system_itself(tmp_path):
    admin = Actor.of_user(make_user(role=Role.ADMIN))
    with pytest.raises(PermissionDenied):
        make_backup(actor=admin, directory=tmp_path)
    with pytest.raises(PermissionDenied):
        restore_backup(actor=admin, path=tmp_path / "x", manifest=None, progress=keep_quiet)
    with pytest.raises(PermissionDenied):
        settle_restored(actor=admin, path=tmp_path / "x", manifest=None, choices=RestoreChoices())
