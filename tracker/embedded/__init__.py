"""PostgreSQL and Valkey from wheels, for local runs and tests on a machine that has neither.

Settings import this package only in a local process whose environment names no database or no broker; production
never does. Engines live under `var/`, listen on unix sockets alone, are shared by every process of a checkout and
stop when the last of these ends, however it ends. `make run` keeps its data in `var/`, tests use `var/test/`.
"""

from pathlib import Path

from tracker.embedded.engine import EngineError, join, leave
from tracker.embedded.postgres import Postgres
from tracker.embedded.valkey import Valkey

__all__ = ["EngineError", "Postgres", "Valkey", "ensure_postgres", "ensure_valkey", "leave", "stop_engines"]


def ensure_postgres(var: Path, *, is_durable: bool = True) -> str:
    """Starts or joins the PostgreSQL under `var` and answers its DATABASE_URL.

    Args:
        is_durable: off, commits are not flushed to disk: several times faster, and a power cut loses the data.

    Raises:
        EngineError: it cannot run here; the message says in one line why.
    """
    engine = Postgres(var.resolve() / "postgres", is_durable=is_durable)
    join(engine)
    return engine.url()


def ensure_valkey(var: Path) -> str:
    """Starts or joins the Valkey under `var` and answers its REDIS_URL (a `unix://` address).

    Raises:
        EngineError: it cannot run here; the message says in one line why.
    """
    engine = Valkey(var.resolve() / "valkey")
    join(engine)
    return engine.url()


def stop_engines(var: Path) -> None:
    """Stops what runs under `var`, whoever uses it."""
    for engine in (Postgres(var.resolve() / "postgres"), Valkey(var.resolve() / "valkey")):
        if engine.directory.exists():
            engine.stop()
