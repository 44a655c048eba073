"""Kept files in a private bucket of S3, or of anything that speaks like it."""

from pathlib import Path
from typing import Any

from botocore.config import Config
from django.core.files import File
from storages.backends.s3 import S3Storage


class BucketStorage(S3Storage):
    """Private objects of an S3 bucket, or of anything that speaks like one."""

    def get_default_settings(self) -> dict[str, Any]:
        """What no installation may set otherwise."""
        defaults: dict[str, Any] = super().get_default_settings()
        return defaults | {
            "location": "attachments",
            "default_acl": None,
            "querystring_auth": True,
            # Keys are random; asking first whether one is taken would be one more round trip.
            "file_overwrite": True,
            # Larger files lie on the disk while they are read.
            "max_memory_size": 1024 * 1024,
            "client_config": Config(
                connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 3}, s3={"addressing_style": "path"}
            ),
        }

    def _save(self, name: str, content: Any) -> str:
        """Copies the file: the library closes what it sends, and the upload is still needed."""
        with Path(content.temporary_file_path()).open("rb") as copy:
            return str(super()._save(name, File(copy, name)))

    def url(self, *args: Any, **kwargs: Any) -> str:
        """There is none: files are reached through their issue alone."""
        raise NotImplementedError("Kept files have no address of their own.")
