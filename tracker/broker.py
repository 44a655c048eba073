"""What the broker is and how many messages wait in it. They are doorbells: the work itself waits in PostgreSQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amqp.exceptions import NotFound
from kombu import Connection
from kombu.transport.redis import Transport as RedisTransport

from tracker.celery import app

TIMEOUT_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker that answered: `kind` is Valkey, Redis or RabbitMQ; `messages` how many wait, by queue."""

    kind: str
    version: str
    messages: Mapping[str, int]


def read_broker() -> Broker:
    """Asks the broker, within about two seconds.

    Raises:
        OperationalError, OSError: it does not answer (kombu's, and the socket's).
    """
    with app.connection_for_read(connect_timeout=TIMEOUT_SECONDS) as connection:
        options = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
        connection.transport_options = {**(connection.transport_options or {}), **options}
        connection.ensure_connection(max_retries=1, interval_start=0, timeout=2 * TIMEOUT_SECONDS)
        names = [queue.name for queue in app.amqp.queues.values()]
        if isinstance(connection.transport, RedisTransport):
            return _read_redis(connection, names)
        return _read_amqp(connection, names)


def _read_redis(connection: Connection, names: list[str]) -> Broker:
    channel: Any = connection.default_channel
    information = channel.client.info("server")
    # Valkey calls itself Redis as well, for old clients.
    valkey = information.get("valkey_version")
    # Kombu keeps messages of another priority in lists of their own; its own count adds them up.
    messages = {name: int(channel._size(name)) for name in names}
    return Broker("Valkey" if valkey else "Redis", str(valkey or information.get("redis_version", "")), messages)


def _read_amqp(connection: Connection, names: list[str]) -> Broker:
    properties: Mapping[str, Any] = getattr(connection.connection, "server_properties", {})
    messages = {}
    for name in names:
        # A channel of its own: asking for a queue that nobody has made yet closes it.
        channel: Any = connection.channel()
        try:
            messages[name] = int(channel.queue_declare(name, passive=True).message_count)
        except NotFound:
            messages[name] = 0
        finally:
            channel.close()
    return Broker(str(properties.get("product", "AMQP")), str(properties.get("version", "")), messages)
