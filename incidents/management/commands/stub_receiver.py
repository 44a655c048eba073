"""`manage.py stub_receiver`: something to send to where there is no Slack."""

import asyncio
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents.testing.receiver import Receiver

DEFAULT_PORT = 9009


class Command(BaseCommand):
    """Runs the stub receiver in the foreground; needs no database."""

    help = "Stands in for Slack and for webhooks, and shows on a page what it received."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=DEFAULT_PORT)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        """Serves until interrupted."""
        try:
            asyncio.run(self._serve(host, port))
        except KeyboardInterrupt:
            return
        except OSError as error:
            raise CommandError(f"Cannot listen on {host}:{port}: {error.strerror}.") from None

    async def _serve(self, host: str, port: int) -> None:
        receiver = Receiver()
        server = await asyncio.start_server(receiver.serve, host, port)
        self.stdout.write(f"The stub receiver listens at http://{host}:{port}/")
        async with server:
            await server.serve_forever()
