"""What senders' calls mean. Pure: a document and its headers in, signals out; nothing here reads or writes rows.

Each sender has a module with `read_SENDER(document, headers)`. It never raises: what is missing or of the wrong type is
left out, and a document that is nothing of that sender's is `Unknown`, with the reason.
"""
