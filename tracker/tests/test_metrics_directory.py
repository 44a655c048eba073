"""Figures of processes go to a directory that the environment names."""

import subprocess
import sys

from tracker.testing.services import CHECKOUT, make_child_environment


def test_a_worker_or_a_command_that_starts_before_the_web_makes_the_directory_itself(tmp_path):
    directory = tmp_path / "not" / "yet"
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env=make_child_environment(PROMETHEUS_MULTIPROC_DIR=str(directory)),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert directory.is_dir()
