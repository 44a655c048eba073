import subprocess
import sys

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from tracker.testing.services import make_child_environment


@pytest.mark.django_db
def test_the_database_is_a_postgresql_of_its_own_for_each_worker(worker_id):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), version()")
        name, version = cursor.fetchone()
    assert name == ("test_tracker" if worker_id == "master" else f"test_tracker_{worker_id}")
    assert version.startswith("PostgreSQL")


def test_the_cache_is_a_valkey(worker_id):
    cache.set("who", worker_id)
    assert cache.get("who") == worker_id
    assert settings.REDIS_URL.endswith("0" if worker_id == "master" else str(int(worker_id[2:]) + 1))


@pytest.mark.django_db(transaction=True)
def test_a_child_process_sees_the_database_of_its_test():
    code = (
        "import django; django.setup(); from django.db import connection as c;"
        "k = c.cursor(); k.execute('select current_database()'); print(k.fetchone()[0])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], env=make_child_environment(), capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == connection.settings_dict["NAME"]
