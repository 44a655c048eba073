"""The backend; Django finds `DatabaseWrapper` here by the name of the package."""

import select

from django.db.backends.postgresql import base

from tracker.postgresql.schema import DatabaseSchemaEditor


class DatabaseWrapper(base.DatabaseWrapper):
    """Asks the socket before it asks the server.

    CONN_HEALTH_CHECKS sends a `SELECT 1` before the first query of each request, which costs a cheap request a third of
    its time. A server that has gone away has closed its socket, and a closed socket is readable: as long as nothing can
    be read between two requests, the connection is as it was.
    """

    SchemaEditorClass = DatabaseSchemaEditor

    def is_usable(self) -> bool:
        """Whether the kept connection can be used for this request."""
        connection = self.connection
        if connection is None or connection.closed:
            return False
        # poll, not select: among thousands of WebSockets a descriptor may be beyond what select can name.
        poller = select.poll()
        poller.register(connection.fileno(), select.POLLIN)
        # Something to read is an end of file or a notice; only asking tells which.
        return super().is_usable() if poller.poll(0) else True
