"""Nobody who writes waits for a broker that is gone."""

import subprocess
import sys

from tracker.testing.services import CHECKOUT, make_child_environment

RING = """
import time
import django
django.setup()
from tracker.bells import MAIL_PEOPLE, _send
from tracker.realtime import _publish
began = time.monotonic()
_publish()
_send(MAIL_PEOPLE)
print(time.monotonic() - began)
"""


def test_the_doorbells_of_a_commit_give_up_at_once(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", RING],
        env=make_child_environment(REDIS_URL=f"unix://{tmp_path}/none.sock?db=0"),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert float(done.stdout.splitlines()[-1]) < 1.0
