"""Buckets: listings in pages, single objects, closed listings that say nothing of what is there, and hostile answers."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import replace
from urllib.parse import quote

import pytest
from fake_drive import network
from hypothesis import given
from hypothesis import strategies as st
from internet.buckets import AzureContainer, GoogleBucket, S3Bucket, azure_error, s3_error
from net_fakes import FakeInternet, Reply

from auditor.addresses import locate
from auditor.demo.internet import Fault, Mishap, Page, World
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.world import pose_checkpoint
from auditor.errors import NetworkError
from auditor.facts import Checkpoint, State, Status
from auditor.formats.reading import read_contents
from auditor.hosts import host_for
from auditor.hosts.interface import RemoteFile
from auditor.hosts.registry import HOSTS
from auditor.hosts.xml_answers import read_xml
from auditor.net import Network

FILES = {
    "v1/pose_S.pth": pose_checkpoint("pose_S.pth", "S"),
    "v1/notes+ é&.txt": b"notes",
    "v1/deep/x.bin": b"x" * 5000,
    "plain": b"plain bytes",
}
S3_BUCKET, GOOGLE, AZURE = S3Bucket("lab-models", FILES), GoogleBucket("lab-models", FILES), AzureContainer("models", FILES)
ALL = pytest.mark.parametrize("bucket", [S3_BUCKET, GOOGLE, AZURE], ids=["s3", "gcs", "azure"])


def resolve(url, bucket, *, pages=None, faults=()):
    net = Network(transport=ReplicaAdapter(World(pages={**bucket.pages, **(pages or {})}, faults=faults)), sleep=lambda _: None)
    return host_for(url).resolve(url, net), net


def md5(key):
    content = FILES[key]
    return hashlib.md5(content if isinstance(content, bytes) else content.read(0, content.size), usedforsecurity=False).hexdigest()


@ALL
def test_a_bucket_is_listed_with_sizes_and_digests(bucket):
    listing, net = resolve(bucket.url, bucket)
    assert (listing.status, listing.state, listing.host) == ("ok", State.OK, host_for(bucket.url).name)
    assert {file.name for file in listing.files} == set(FILES)
    for file in listing.files:
        assert file.md5 == md5(file.name)
        assert file.revision
        assert file.url.startswith("https://")
    assert net.requests == listing.requests == 1
    assert listing.sha256


@ALL
@pytest.mark.parametrize("end", ["v1/", "v1", "v1/deep/", "plain"])
def test_a_folder_is_what_its_keys_begin_with(bucket, end):
    listing, _ = resolve(bucket.url + end, bucket)
    names = {"v1/": {"pose_S.pth", "notes+ é&.txt", "deep/x.bin"}, "v1/deep/": {"x.bin"}, "plain": {"plain"}}
    assert listing.status is Status.OK
    assert {file.name for file in listing.files} == names.get(end, names["v1/"])


@ALL
def test_a_listing_of_many_pages_is_read_to_its_end(bucket):
    many = replace(bucket, files={f"{n:03}.pth": b"x" for n in range(25)}, page_size=10)
    listing, net = resolve(many.url, many)
    assert (listing.status, len(listing.files), net.requests) == ("ok", 25, 3)


@ALL
def test_a_checkpoint_is_read_by_ranges(bucket):
    listing, net = resolve(bucket.url, bucket)
    file = next(file for file in listing.files if file.name.endswith("pose_S.pth"))
    before = net.bytes_read
    blob = host_for(bucket.url).open(file, net)
    assert isinstance(next(iter(read_contents(blob))), Checkpoint)
    assert blob.size == file.size
    assert net.bytes_read - before < 0.01 * blob.size


@ALL
def test_a_single_object_tells_its_digest_without_a_listing(bucket):
    url = bucket.url + "v1/pose_S.pth"
    listing, net = resolve(url, replace(bucket, listed=False))
    assert (listing.status, [file.md5 for file in listing.files]) == ("ok", [md5("v1/pose_S.pth")])
    asked = net.requests
    assert host_for(url).open(listing.files[0], net).size == listing.files[0].size
    assert net.requests == asked


@ALL
def test_every_name_of_a_file_leads_to_its_bytes(bucket):
    listing, net = resolve(bucket.url, bucket)
    for file in listing.files:
        want = FILES[file.name]
        assert host_for(bucket.url).open(file, net).read(0, 5) == (want if isinstance(want, bytes) else want.read(0, 5))[:5]
        bare = RemoteFile(file.name, file.url)
        assert host_for(file.url).open(bare, net).size == file.size


@ALL
@pytest.mark.parametrize(
    ("change", "end", "status", "state"),
    [
        ({"files": {}}, "", "ok", State.EMPTY),
        ({"listed": False}, "", "denied", State.NOT_SHARED),
        ({"listed": False}, "v1/", "denied", State.NOT_SHARED),
        ({"listed": False}, "v1", "denied", None),
        ({"listed": False}, "plain", "ok", State.OK),
        ({"closed": True}, "", "denied", State.NOT_SHARED),
        ({"closed": True}, "v1/pose_S.pth", "denied", State.NOT_SHARED),
    ],
)
def test_every_state_has_its_word(bucket, change, end, status, state):
    changed = replace(bucket, **change)
    closed = {"https://lab-models.s3.amazonaws.com/v1": s3_error(403, "AccessDenied", "Access Denied")}
    listing, _ = resolve(bucket.url + end, changed, pages=closed)
    assert listing.status == status
    assert state is None or listing.state == state
    assert listing.status != "missing"


@pytest.mark.parametrize(
    ("url", "page", "status", "state"),
    [
        (S3_BUCKET.url, s3_error(404, "NoSuchBucket", "no"), "missing", State.NOT_FOUND),
        (S3_BUCKET.url + "gone.pth", s3_error(404, "NoSuchKey", "no"), "missing", State.NOT_FOUND),
        (S3_BUCKET.url + "gone.pth", s3_error(403, "AccessDenied", "Access Denied"), "denied", State.NOT_SHARED),
        (S3_BUCKET.url + "a.pth", s3_error(403, "AccessDenied", "Request has expired"), "denied", State.NOT_SHARED),
        (S3_BUCKET.url + "a.pth", s3_error(403, "InvalidObjectState", "archived"), "denied", State.NOT_SHARED),
        (S3_BUCKET.url, s3_error(503, "SlowDown", "Please reduce your request rate."), "quota", State.RATE_LIMITED),
        (S3_BUCKET.url, s3_error(500, "InternalError", "We"), "error", State.SERVER_ERROR),
        (S3_BUCKET.url, Page(b"<html><body>hello</body></html>"), "error", None),
        (GOOGLE.url + "gone.pth", s3_error(404, "NoSuchKey", "no"), "missing", State.NOT_FOUND),
        (GOOGLE.url + "gone.pth", s3_error(403, "AccessDenied", "(or it may not exist)"), "denied", State.NOT_SHARED),
        (GOOGLE.url, Page(b'{"error": {"code": 404, "message": "The specified bucket does not exist."}}', status=404), "missing", None),
        (GOOGLE.url, Page(b'{"error": {"code": 400, "message": "Bucket is a requester pays bucket"}}', status=400), "denied", None),
        (GOOGLE.url, Page(b"[]"), "error", State.SERVER_ERROR),
        (AZURE.url + "gone.pth", azure_error(404, "BlobNotFound", "no"), "missing", State.NOT_FOUND),
        (AZURE.url + "gone.pth", azure_error(404, "ResourceNotFound", "no"), "denied", State.NOT_SHARED),
        (AZURE.url, azure_error(404, "ContainerNotFound", "no"), "missing", State.NOT_FOUND),
        (AZURE.url, azure_error(409, "PublicAccessNotPermitted", "no"), "denied", State.NOT_SHARED),
        (AZURE.url + "a.pth?sv=1&sig=x", azure_error(403, "AuthenticationFailed", "no"), "denied", State.NOT_SHARED),
        (AZURE.url, azure_error(503, "ServerBusy", "no"), "quota", State.RATE_LIMITED),
    ],
)
def test_a_host_s_own_words_decide(url, page, status, state):
    site = FakeInternet({"": Reply(page.status, page.content, {"Content-Type": page.content_type, **page.headers})})
    listing = host_for(url).resolve(url, network(site))
    assert (listing.status, listing.files) == (status, ())
    assert state is None or listing.state == state
    assert listing.detail


@ALL
@pytest.mark.parametrize("fault", [Mishap.RESET, Mishap.TIMEOUT, Mishap.CUT, Mishap.UNKNOWN_HOST])
def test_faults_are_no_absence_and_what_was_found_stays(bucket, fault):
    many = replace(bucket, files={f"{n:03}.pth": b"x" for n in range(25)}, page_size=10)
    host = next(iter(many.pages)).split("/")[2]
    assert resolve(many.url, many, faults=[Fault(host, mishap=fault)])[0].status == "error"
    if fault is not Mishap.UNKNOWN_HOST:
        later = Fault(host, path="*page%3D20*", mishap=fault)
        listing, _ = resolve(many.url, many, faults=[later])
        assert (listing.status, len(listing.files)) == ("partial", 20)


@pytest.mark.parametrize(
    ("url", "name", "bucket", "key", "base"),
    [
        ("s3://b-1/a/m.pth", "s3", "b-1", "a/m.pth", "https://b-1.s3.amazonaws.com"),
        ("https://b-1.s3.eu-west-1.amazonaws.com/a/", "s3", "b-1", "a/", "https://b-1.s3.eu-west-1.amazonaws.com"),
        ("https://b-1.s3-us-west-2.amazonaws.com/m.pth", "s3", "b-1", "m.pth", "https://b-1.s3.us-west-2.amazonaws.com"),
        ("https://s3-us-west-2.amazonaws.com/b-1/m.pth", "s3", "b-1", "m.pth", "https://b-1.s3.us-west-2.amazonaws.com"),
        ("https://s3.amazonaws.com/b.dots/m.pth", "s3", "b.dots", "m.pth", "https://s3.amazonaws.com/b.dots"),
        ("http://b.dots.s3.amazonaws.com/m.pth", "s3", "b.dots", "m.pth", "https://s3.amazonaws.com/b.dots"),
        ("http://b-1.s3-website-us-east-1.amazonaws.com/", "s3", "b-1", "", "https://b-1.s3.us-east-1.amazonaws.com"),
        ("http://b-1.s3-website.eu-central-1.amazonaws.com/x/", "s3", "b-1", "x/", "https://b-1.s3.eu-central-1.amazonaws.com"),
        ("https://b-1.s3.dualstack.us-east-2.amazonaws.com/x", "s3", "b-1", "x", "https://b-1.s3.us-east-2.amazonaws.com"),
        ("https://b-1.s3.cn-north-1.amazonaws.com.cn/x", "s3", "b-1", "x", "https://b-1.s3.cn-north-1.amazonaws.com.cn"),
        ("https://b-1.s3.amazonaws.com/index.html?prefix=w/", "s3", "b-1", "w/", "https://b-1.s3.amazonaws.com"),
        ("https://b-1.s3.amazonaws.com/?list-type=2&prefix=w/", "s3", "b-1", "w/", "https://b-1.s3.amazonaws.com"),
        ("gs://b_1/a/m.pth", "gcs", "b_1", "a/m.pth", "https://storage.googleapis.com/b_1"),
        ("https://storage.googleapis.com/b_1/a%20b/", "gcs", "b_1", "a b/", "https://storage.googleapis.com/b_1"),
        ("https://b_1.storage.googleapis.com/m.pth", "gcs", "b_1", "m.pth", "https://storage.googleapis.com/b_1"),
        ("https://storage.cloud.google.com/b_1/m.pth", "gcs", "b_1", "m.pth", "https://storage.googleapis.com/b_1"),
        ("https://console.cloud.google.com/storage/browser/b_1/a/c;tab=objects?prefix=", "gcs", "b_1", "a/c", "https://storage.googleapis.com/b_1"),
        ("https://console.cloud.google.com/storage/browser/_details/b_1/m.pth", "gcs", "b_1", "m.pth", "https://storage.googleapis.com/b_1"),
        ("https://storage.googleapis.com/download/storage/v1/b/b_1/o/a%2Fm.pth?alt=media", "gcs", "b_1", "a/m.pth", "https://storage.googleapis.com/b_1"),
        ("https://acc1.blob.core.windows.net/models/a/m.pth", "azure", "models", "a/m.pth", "https://acc1.blob.core.windows.net/models"),
        ("https://acc1.blob.core.windows.net/models?restype=container&comp=list", "azure", "models", "", "https://acc1.blob.core.windows.net/models"),
        ("https://acc1.dfs.core.windows.net/models/a", "azure", "models", "a", "https://acc1.blob.core.windows.net/models"),
    ],
)  # fmt: skip
def test_an_address_names_a_bucket_and_a_key(url, name, bucket, key, base):
    host = host_for(url)
    place = host.place(url)
    assert (host.name, place.bucket, place.key, place.base) == (name, bucket, key, base)
    assert locate(url).host in (name, "direct")


@pytest.mark.parametrize(
    "url",
    [
        "https://s3.amazonaws.com/",
        "https://dl.fbaipublicfiles.com/detr/detr-r50-e632da11.pth",
        "https://s3.amazonaws.com.evil.org/b/m.pth",
        "https://evils3.amazonaws.com/m.pth",
        "https://storage.googleapis.com.evil.org/b/m.pth",
        "https://storage.googleapis.com/",
        "https://acc1.blob.core.windows.net.evil.org/c/m.pth",
        "gs://",
        "s3:///key",
    ],
)
def test_other_places_are_no_buckets(url):
    assert host_for(url).name not in ("s3", "gcs", "azure")


def test_a_bucket_in_another_region_is_found_there():
    moved = S3Bucket("lab-models", FILES)
    there = {address.replace(".s3.", ".s3.eu-west-1."): page for address, page in moved.pages.items()}
    hint = Page(b"<Error><Code>PermanentRedirect</Code></Error>", "application/xml", 301, {"x-amz-bucket-region": "eu-west-1"})
    pages = {**dict.fromkeys(moved.pages, hint), **there}
    for url in (moved.url, moved.url + "v1/pose_S.pth"):
        listing, net = resolve(url, moved, pages=pages)
        assert listing.status is Status.OK
        assert host_for(url).open(listing.files[-1], net).read(0, 2)
    lying = replace(hint, headers={"x-amz-bucket-region": "evil.org/x"})
    listing, _ = resolve(moved.url, moved, pages=dict.fromkeys(moved.pages, lying))
    assert (listing.status, listing.state) == ("error", State.MOVED)


def test_a_signed_link_keeps_its_signature_for_its_own_account():
    site = FakeInternet({"": Reply(200, b"x" * 100, ranges=True)})
    url = "https://acc1.blob.core.windows.net/models/m.bin?sv=2022-11-02&sr=c&sig=a%2Fb%3D"
    listing = host_for(url).resolve(url, network(site))
    assert listing.status is Status.OK
    assert "sig=a%2Fb%3D" in site.urls[0]
    host_for(url).resolve("https://acc1.blob.core.windows.net/models/?sv=2022-11-02&sr=c&sig=a%2Fb%3D", network(site))
    assert "comp=list" in site.urls[-1]
    assert "sig=a%2Fb%3D" in site.urls[-1]


def test_an_etag_is_an_md5_only_where_it_is_one():
    for etag, encryption, want in (
        ('"' + "ab" * 16 + '"', "", "ab" * 16),
        ('"' + "ab" * 16 + '-12"', "", None),
        ('"' + "ab" * 16 + '"', "aws:kms", None),
    ):
        headers = {"ETag": etag, "Server": "AmazonS3", **({"x-amz-server-side-encryption": encryption} if encryption else {})}
        url = "https://b-1.s3.amazonaws.com/m.bin"
        listing = host_for(url).resolve(url, network(FakeInternet({"": Reply(200, b"x" * 100, headers, ranges=True)})))
        assert [file.md5 for file in listing.files] == [want]


def s3_listing(*entries: str, more: str = "") -> bytes:
    return f'<?xml version="1.0"?><ListBucketResult>{"".join(entries)}{more}</ListBucketResult>'.encode()


def s3_answer(body: bytes):
    return host_for("s3://b-1/").resolve("s3://b-1/", network(FakeInternet({"": Reply(200, body)})))


def test_pages_that_lead_in_circles_end():
    circle = s3_listing(
        "<Contents><Key>a</Key></Contents>", more="<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
    )
    listing = s3_answer(circle)
    assert (listing.status, len(listing.files), listing.requests) == ("partial", 1, 2)
    endless = s3_answer(s3_listing(more="<IsTruncated>true</IsTruncated>"))
    assert endless.status == "partial"


def test_keys_that_no_address_can_name_are_not_passed_over_in_silence():
    keys = ["../../etc/passwd", "a/../b", "a//b", "/x", "ok.pth", "folder/"]
    listing = s3_answer(
        s3_listing(*(f"<Contents><Key>{key}</Key><Size>1</Size></Contents>" for key in keys), "<Contents><Size>2</Size></Contents>")
    )
    assert [file.name for file in listing.files] == ["ok.pth"]
    assert listing.status == "partial"
    assert "5 entries" in listing.detail


BOMB = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><ListBucketResult><Contents><Key>&b;</Key></Contents></ListBucketResult>'


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><ListBucketResult/>',
        b"<a>" * 100_000,
        b"<ListBucketResult>" + b"<Contents/>" * 250_000 + b"</ListBucketResult>",
        b"",
        b"\x00\x01",
        b'<?xml version="1.0" encoding="nonsense"?><ListBucketResult/>',
        b"<ListBucketResult><Contents>",
    ],
    ids=range(8),
)
def test_xml_that_grows_or_breaks_is_refused(body):
    with pytest.raises(NetworkError):
        read_xml(body)
    assert (s3_answer(body).status, s3_answer(body).files) == ("error", ())


@given(
    st.binary(max_size=80)
    | st.lists(st.sampled_from(["<a>", "</a>", "<Contents>", "</Contents>", "&x;", "<!--", "x", "<Key>", "</Key>"]))
    .map("".join)
    .map(str.encode)
)
def test_no_xml_raises_anything_else(body):
    with contextlib.suppress(NetworkError):
        assert read_xml(body).name


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["items", "name", "size", "md5Hash", "nextPageToken"]), inner)
    ),
    max_leaves=15,
)
ITEM = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["a.pth", "../../x", "/etc", "a\x00b", "", "é" * 2000, "..", "a?b#c", "\ud800.pth"]) | JSON,
        "size": st.sampled_from([-1, 0, 10**30, True, "12", "-3", 1.5]) | JSON,
        "md5Hash": st.sampled_from(["1B2M2Y8AsgTpgAmY7PhCfg==", "zz", "AAAA"]) | JSON,
        "generation": JSON,
    },
)


@given(JSON | st.fixed_dictionaries({"items": st.lists(ITEM | JSON, max_size=4), "nextPageToken": st.sampled_from(["t", ""]) | JSON}))
def test_no_answer_of_google_raises_and_nothing_made_up_is_listed(record):
    site = FakeInternet({"": Reply(200, json.dumps(record).encode())})
    listing = host_for("gs://b-1/").resolve("gs://b-1/", network(site))
    assert listing.status in ("ok", "partial", "error")
    for file in listing.files:
        assert file.size is None or 0 <= file.size < 1 << 63
        assert file.md5 is None or len(file.md5) == 32
        assert file.url.startswith("https://storage.googleapis.com/b-1/")
        assert ".." not in file.name.split("/")
    assert len(site.log) <= 3


def test_an_answer_of_another_server_is_not_the_bucket_s():
    site = FakeInternet({"b-1.s3": Reply(301, headers={"Location": "https://evil.org/"}), "evil.org": Reply(200, s3_listing())})
    listing = host_for("s3://b-1/").resolve("s3://b-1/", network(site))
    assert (listing.status, listing.state) == ("error", State.MOVED)


@given(
    st.text(max_size=60)
    | st.text(max_size=40).map(lambda text: "https://b-1.s3.amazonaws.com/" + text)
    | st.text(max_size=40).map(lambda text: "gs://b-1/" + quote(text, errors="replace"))
)
def test_no_address_raises(url):
    for host in HOSTS:
        assert host.accepts(url) in (True, False)
