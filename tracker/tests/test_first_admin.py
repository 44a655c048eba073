import pytest
from django.core.management import call_command

from tracker.access import Actor
from tracker.models import Event, User
from tracker.services.first_admin import ensure_first_admin

pytestmark = pytest.mark.django_db


def ensure(tmp_path, *, email="admin@example.com", password=""):
    return ensure_first_admin(
        actor=Actor.system("run_local"), email=email, password=password, password_file=tmp_path / "admin-password"
    )


def test_the_first_run_makes_an_admin_with_a_random_password_kept_for_the_owner_alone(tmp_path):
    admin = ensure(tmp_path)
    user = User.objects.get()
    assert user.is_superuser
    assert user.role == "admin"
    assert user.check_password(admin.password)
    kept = tmp_path / "admin-password"
    assert kept.read_text().strip() == admin.password
    assert kept.stat().st_mode & 0o777 == 0o600
    assert Event.objects.get(verb="user.created").after == {"email": "admin@example.com", "role": "admin"}


def test_the_second_run_tells_the_same_password(tmp_path):
    assert ensure(tmp_path) == ensure(tmp_path)
    assert User.objects.count() == 1


def test_a_chosen_password_is_used_and_not_written_down(tmp_path):
    admin = ensure(tmp_path, email="Chief@Example.com", password="a long enough one")
    assert (admin.email, admin.password) == ("chief@example.com", "a long enough one")
    assert not (tmp_path / "admin-password").exists()


def test_a_password_changed_since_is_neither_reset_nor_told(tmp_path):
    ensure(tmp_path)
    user = User.objects.get()
    user.set_password("something else entirely")
    user.save()
    assert ensure(tmp_path).password is None
    assert User.objects.get().check_password("something else entirely")


def test_prepare_makes_the_admin_that_the_environment_names(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "boss@example.com")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a long enough one")
    call_command("prepare")
    call_command("prepare")
    assert User.objects.get(email="boss@example.com").check_password("a long enough one")
    assert Event.objects.filter(verb="user.created").count() == 1


def test_prepare_makes_nobody_up(monkeypatch):
    monkeypatch.delenv("DJANGO_SUPERUSER_EMAIL", raising=False)
    call_command("prepare")
    assert not User.objects.exists()
