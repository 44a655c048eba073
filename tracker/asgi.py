"""One port for everything: streams are native async handlers, the rest goes to Django's WSGI application in threads."""

from a2wsgi import WSGIMiddleware

from tracker.wsgi import application as pages

application = WSGIMiddleware(pages, workers=8)  # type: ignore[arg-type]
