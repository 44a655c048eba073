"""Files that people send: named, recognised, kept and shown without ever being trusted.

`uploads` takes bytes in, `names` and `types` say what they are, `previews` makes a picture that may be shown, and
`keeping` puts files into the storage `attachments`, on disk or S3, and takes them out again. Nothing here knows what a
file belongs to.
"""
