"""Files in a bucket behave as on a disk, and the bucket has no public address."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from django.core.files.storage import storages
from moto.server import ThreadedMotoServer

from tracker.exceptions import Conflict, Unavailable
from tracker.files.keeping import forget_files, keep_file, kept_since, list_keys, open_file, put_back, read_chunks
from tracker.files.names import make_storage_key, storage_shards
from tracker.files.uploads import Upload, incoming_directory

BUCKET = "tracker-files"


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def bucket(endpoint, settings, tmp_path):
    options = {"endpoint_url": endpoint, "region_name": "eu-central-1"}
    client = boto3.client("s3", aws_access_key_id="key", aws_secret_access_key="secret", **options)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    settings.MEDIA_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "attachments": {
            "BACKEND": "tracker.files.bucket.BucketStorage",
            "OPTIONS": {**options, "bucket_name": BUCKET, "access_key": "key", "secret_key": "secret"},
        }
    }
    yield client
    for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=item["Key"])
    client.delete_bucket(Bucket=BUCKET)


def test_a_file_goes_in_and_comes_out(bucket):
    content = bytes(range(256)) * 8192
    with Upload.of_chunks("a.txt", [content]) as upload:
        key = keep_file(upload)
        assert upload.read_head(3) == b"\0\1\2"
    assert not any(incoming_directory().iterdir())
    file = open_file(key)
    assert file.size == len(content)
    assert b"".join(read_chunks(file)) == content
    assert [found for shard in storage_shards() if shard == key[:2] for found in list_keys(shard)] == [key]
    assert abs(kept_since(key) - datetime.now(UTC)) < timedelta(minutes=1)
    forget_files([key, make_storage_key()])
    assert list_keys(key[:2]) == []
    assert kept_since(key) is None
    with pytest.raises(FileNotFoundError):
        open_file(key)


def test_a_file_of_a_backup_is_put_back_under_its_own_key_once(bucket):
    key = make_storage_key()
    for content, is_new in ((b"bill", True), (b"bill", False)):
        with Upload.of_chunks("x", [content]) as upload:
            assert put_back(key, upload) is is_new
    with Upload.of_chunks("x", [b"another"]) as upload, pytest.raises(Conflict, match=key):
        put_back(key, upload)
    assert b"".join(read_chunks(open_file(key))) == b"bill"


def test_nothing_in_the_bucket_is_public(bucket):
    with Upload.of_chunks("a.txt", [b"x"]) as upload:
        key = keep_file(upload)
    grants = bucket.get_object_acl(Bucket=BUCKET, Key=f"attachments/{key}")["Grants"]
    assert all("AllUsers" not in grant["Grantee"].get("URI", "") for grant in grants)
    with pytest.raises(NotImplementedError):
        storages["attachments"].url(key)


def test_a_bucket_that_does_not_answer_is_a_503(bucket, settings):
    options = settings.STORAGES["attachments"]["OPTIONS"]
    for change in ({"endpoint_url": "http://127.0.0.1:1"}, {"bucket_name": "no-such-bucket"}):
        settings.STORAGES = settings.STORAGES | {
            "attachments": {**settings.STORAGES["attachments"], "OPTIONS": options | change}
        }
        with Upload.of_chunks("a.txt", [b"x"]) as upload, pytest.raises(Unavailable):
            keep_file(upload)
    assert not any(incoming_directory().iterdir())
