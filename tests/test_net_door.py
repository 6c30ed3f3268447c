"""Attempts, budgets, counting, tokens, limits: what every request passes through."""

from __future__ import annotations

import threading

import pytest
import requests
from net_fakes import FakeInternet, Reply

from auditor.errors import NetworkError
from auditor.net import Network, NetworkSettings, refusal
from auditor.net.door import retry_after


def network(site, **settings):
    waits: list[float] = []
    net = Network(NetworkSettings(**settings), site, sleep=waits.append)
    return net, waits


def replies(*queue):
    rest = list(queue)

    def handler(_request):
        reply = rest.pop(0) if len(rest) > 1 else rest[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    return handler


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_passing_failure_is_tried_again(status):
    net, waits = network(FakeInternet({"a.org": replies(Reply(status), Reply(body=b"ok"))}))
    assert net.get("https://a.org/").body == b"ok"
    assert net.requests == 2
    assert len(waits) == 1
    assert 0 < waits[0] <= 5


@pytest.mark.parametrize("error", [requests.ConnectionError("reset"), requests.Timeout("slow"), ConnectionResetError("reset")])
def test_a_broken_connection_is_tried_again_and_ends_as_error(error):
    site = FakeInternet({"a.org": replies(error, Reply(body=b"ok")), "b.org": error})
    net, waits = network(site)
    assert net.get("https://a.org/").body == b"ok"
    with pytest.raises(NetworkError) as caught:
        net.get("https://b.org/")
    assert caught.value.status == "error"
    assert caught.value.help
    assert len(site.log) == 2 + 3
    assert len(waits) == 3


def test_retry_after_is_honored_when_short_and_ends_the_attempts_when_long():
    net, waits = network(
        FakeInternet(
            {"a.org": replies(Reply(503, headers={"Retry-After": "3"}), Reply()), "b.org": Reply(503, headers={"Retry-After": "3600"})}
        )
    )
    assert net.get("https://a.org/").status == 200
    assert sum(waits) == pytest.approx(3.0, abs=0.1)
    count = len(waits)
    assert net.get("https://b.org/").status == 503
    assert len(waits) == count


def test_a_spent_rate_limit_is_not_tried_again():
    site = FakeInternet({"api.github.com": Reply(403, b'{"message": "API rate limit exceeded"}', {"X-RateLimit-Remaining": "0"})})
    net, waits = network(site)
    answer = net.get("https://api.github.com/repos/a/b")
    assert len(site.log) == 1
    assert waits == []
    assert refusal(answer.final_url, answer.status, answer.headers, answer.body).status == "quota"


@pytest.mark.parametrize(
    ("status", "headers", "body", "word"),
    [
        (401, {}, b"", "denied"),
        (403, {}, b"no", "denied"),
        (403, {}, b"You have exceeded a secondary rate limit", "quota"),
        (403, {"x-ratelimit-remaining": "0"}, b"", "quota"),
        (404, {}, b"", "missing"),
        (410, {}, b"", "missing"),
        (429, {}, b"", "quota"),
        (418, {}, b"", "error"),
        (500, {}, b"", "error"),
        (503, {}, b"", "error"),
        (451, {}, b"", "denied"),
    ],
)
def test_http_statuses_have_words(status, headers, body, word):
    error = refusal("https://a.org/x", status, requests.structures.CaseInsensitiveDict(headers), body)
    assert (error.status, error.http_status) == (word, status)
    assert error.what
    assert error.help


def test_a_post_is_never_sent_twice():
    site = FakeInternet({"a.org": requests.ConnectionError("reset")})
    net, _ = network(site)
    with pytest.raises(NetworkError):
        net.session().post("https://a.org/", data=b"x")
    assert len(site.log) == 1


def test_a_host_that_never_answers_gets_one_attempt_after_a_while():
    site = FakeInternet({"a.org": requests.Timeout("slow")})
    net, _ = network(site)
    for _ in range(4):
        with pytest.raises(NetworkError):
            net.get("https://a.org/")
    assert len(site.log) == 3 + 3 + 1 + 1


def test_budgets_block():
    net, _ = network(FakeInternet({"a.org": Reply(body=b"x" * 1000)}), max_requests=3)
    for _ in range(3):
        net.get("https://a.org/")
    with pytest.raises(NetworkError) as caught:
        net.get("https://a.org/")
    assert caught.value.status == "blocked"
    net, _ = network(FakeInternet({"a.org": Reply(body=b"x" * 1000)}), max_bytes=2500)
    for _ in range(2):
        net.get("https://a.org/")
    for _ in range(2):
        with pytest.raises(NetworkError) as caught:
            net.get("https://a.org/")
        assert caught.value.status == "blocked"


def test_offline_asks_nobody():
    site = FakeInternet({"a.org": Reply()})
    net, _ = network(site, offline=True)
    with pytest.raises(NetworkError) as caught:
        net.get("https://a.org/")
    assert (caught.value.status, caught.value.state) == ("blocked", "offline")
    assert site.log == []


def test_a_page_is_bounded_whether_it_says_its_length_or_not():
    site = FakeInternet(
        {
            "a.org/says": Reply(body=b"x" * 5000),
            "a.org/lies": Reply(body=b"x" * 5000, headers={"Content-Length": "10", "Content-Encoding": "x"}),
        }
    )
    net, _ = network(site)
    for path in ("says", "lies"):
        with pytest.raises(NetworkError):
            net.get(f"https://a.org/{path}", max_bytes=1000)
    net, _ = network(site, max_page_bytes=1000)
    with pytest.raises(NetworkError) as caught:
        net.session().get("https://a.org/says")
    assert caught.value.status == "blocked"
    assert net.bytes_read <= 2 * 65536


def test_redirects_are_followed_counted_and_bounded():
    site = FakeInternet(
        {
            "a.org/1": Reply(302, headers={"Location": "/2"}),
            "a.org/2": Reply(301, headers={"Location": "https://b.org/3?q=1"}),
            "b.org/3": Reply(body=b"end"),
        }
    )
    net, _ = network(site)
    page = net.get("https://a.org/1")
    assert (page.url, page.final_url, page.body, net.requests) == ("https://a.org/1", "https://b.org/3?q=1", b"end", 3)
    assert net.get("https://a.org/1", follow=False).status == 302
    circle = FakeInternet({"a.org": Reply(302, headers={"Location": "https://a.org/"})})
    net, _ = network(circle)
    with pytest.raises(NetworkError):
        net.get("https://a.org/")
    assert len(circle.log) == 11


def test_a_tally_counts_its_own_thread_only():
    net, _ = network(FakeInternet({"a.org": Reply(body=b"12345")}))
    with net.tally() as outer:
        net.get("https://a.org/")
        other = threading.Thread(target=net.get, args=("https://a.org/",))
        other.start()
        other.join()
        with net.tally() as inner:
            net.session().get("https://a.org/")
    assert (outer.requests, outer.bytes_read, inner.requests, inner.bytes_read) == (2, 10, 1, 5)
    assert (net.requests, net.bytes_read) == (3, 15)


def test_counters_are_right_with_many_threads_and_few_at_a_time():
    now, most, lock = [0], [0], threading.Lock()
    gate = threading.Event()

    def handler(_request):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        gate.wait(0.01)
        with lock:
            now[0] -= 1
        return Reply(body=b"abc")

    net, _ = network(FakeInternet({"a.org": handler}), requests_per_host=3)
    threads = [threading.Thread(target=net.get, args=("https://a.org/",)) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (net.requests, net.bytes_read) == (24, 72)
    assert most[0] <= 3


def test_streams_of_a_foreign_session_are_counted():
    net, _ = network(FakeInternet({"a.org": Reply(body=b"x" * 1000)}))
    with net.session().get("https://a.org/", stream=True) as response:
        assert sum(map(len, response.iter_content(100))) == 1000
    assert net.bytes_read == 1000


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0),
        ("7", 7),
        (" 7 ", 7),
        ("x", 0),
        ("-5", 0),
        ("Wed, 21 Oct 2015 07:28:10 GMT", 10),
        ("Wed, 21 Oct 2015 07:27:50 GMT", 0),
        ("9" * 50, 999999999999),
    ],
)
def test_retry_after_is_seconds_or_a_date(text, seconds):
    assert retry_after(text, now=lambda: 1445412480.0) == seconds


# ------------------------------------------------------------------------------------------------------------- tokens


@pytest.fixture
def tokens(monkeypatch):
    for name, value in {"GITHUB_TOKEN": "gh-secret", "HF_TOKEN": "hf-secret"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("GITHUB_API_URL", raising=False)


def sent(site):
    return [(request.url, request.headers.get("Authorization", "")) for request in site.log]


def test_tokens_go_to_their_own_host_over_tls(tokens):
    site = FakeInternet({"": Reply()})
    net, _ = network(site)
    urls = [
        "https://api.github.com/x",
        "https://huggingface.co/x",
        "http://api.github.com/x",
        "https://github.com/x",
        "https://raw.githubusercontent.com/x",
    ]
    urls += [
        "https://api.github.com.evil.org/x",
        "https://api.github.com:444/x",
        "https://hf.co/x",
        "https://api.github.com@evil.org/",
        "https://cdn-lfs.hf.co/",
    ]
    for url in urls:
        net.get(url)
        net.session().get(url)
    got = dict(sent(site))
    assert got.pop("https://api.github.com/x") == "Bearer gh-secret"
    assert got.pop("https://huggingface.co/x") == "Bearer hf-secret"
    assert set(got.values()) == {""}


@pytest.mark.parametrize("how", ["get", "session", "blob", "session with header"])
def test_tokens_do_not_cross_redirects(tokens, how):
    site = FakeInternet(
        {
            "api.github.com": Reply(302, headers={"Location": "https://evil.org/a"}),
            "huggingface.co": Reply(307, headers={"Location": "https://cdn.evil.org/b"}),
            "evil.org": Reply(302, headers={"Location": "https://sub.evil.org/c"}),
            "sub.evil.org": Reply(body=b"x", ranges=True),
            "cdn.evil.org": Reply(body=b"x", ranges=True),
        }
    )
    net, _ = network(site)
    for start, secret in (("https://api.github.com/", "gh-secret"), ("https://huggingface.co/", "hf-secret")):
        if how == "get":
            page = net.get(start, headers={"Authorization": f"token {secret}", "Cookie": "a=b"})
            assert "secret" not in str(dict(page.headers))
        elif how == "blob":
            net.blob(start, name="x").read(0, 1)
        else:
            response = net.session().get(start, headers={"Authorization": f"token {secret}"} if "header" in how else None)
            assert "Authorization" not in response.request.headers
    for request in site.log:
        if "evil" in request.url:
            assert "Authorization" not in request.headers
            assert "secret" not in str(request.headers)
            assert "Cookie" not in request.headers
        else:
            assert "secret" in request.headers["Authorization"]


def test_a_token_that_others_add_is_taken_off_for_foreign_hosts(tokens):
    site = FakeInternet({"": Reply()})
    net, _ = network(site)
    net.session().get("https://evil.org/", headers={"Authorization": "token gh-secret"})
    net.session().get("https://huggingface.co/", headers={"Authorization": "Bearer gh-secret"})
    net.session().get("https://own.org/", headers={"Authorization": "Basic other"})
    assert [authorization for _, authorization in sent(site)] == ["", "Bearer hf-secret", "Basic other"]


def test_the_github_token_goes_to_github_api_url_instead(tokens, monkeypatch):
    monkeypatch.setenv("GITHUB_API_URL", "http://ghe.example.org:8080/api/v3")
    site = FakeInternet({"": Reply()})
    net, _ = network(site)
    for url in ("http://ghe.example.org:8080/api/v3/x", "https://api.github.com/x", "http://ghe.example.org/x"):
        net.get(url)
    assert [authorization for _, authorization in sent(site)] == ["Bearer gh-secret", "", ""]


def test_gh_token_is_the_second_choice(monkeypatch):
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    monkeypatch.setenv("GH_TOKEN", "second")
    site = FakeInternet({"": Reply()})
    network(site)[0].get("https://api.github.com/")
    assert sent(site)[0][1] == "Bearer second"


def test_netrc_and_userinfo_are_not_used(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine a.org login me password netrc-secret\nmachine b.org login me password netrc-secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    site = FakeInternet({"a.org": Reply(302, headers={"Location": "https://b.org/"}), "b.org": Reply()})
    net, _ = network(site)
    net.get("https://user:pass@a.org/")
    net.session().get("https://a.org/")
    assert all("Authorization" not in request.headers for request in site.log)


def test_the_user_agent_says_who_asks_and_can_be_overridden():
    site = FakeInternet({"": Reply()})
    net, _ = network(site)
    net.get("https://a.org/")
    net.get("https://a.org/", headers={"User-Agent": "Browser"})
    assert site.log[0].headers["User-Agent"].startswith("auditor/")
    assert site.log[1].headers["User-Agent"] == "Browser"


def test_the_ca_bundle_comes_from_either_variable(monkeypatch, tmp_path):
    net, _ = network(FakeInternet())
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    assert net.session().merge_environment_settings("https://a.org", {}, None, True, None)["verify"] is True
    monkeypatch.setenv("SSL_CERT_FILE", "/a.pem")
    assert net.session().merge_environment_settings("https://a.org", {}, None, True, None)["verify"] == "/a.pem"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/b.pem")
    assert net.session().merge_environment_settings("https://a.org", {}, None, True, None)["verify"] == "/b.pem"


def test_pygithub_goes_through_the_session(tokens):
    import json

    import github
    from github import Requester

    repo = {"id": 1, "full_name": "a/b", "name": "b", "url": "https://api.github.com/repos/a/b"}
    site = FakeInternet({"api.github.com/repos/a/b": Reply(body=json.dumps(repo).encode(), headers={"Content-Type": "application/json"})})
    # PyGithub puts the port into the address.
    site.routes["api.github.com:443/repos/a/b"] = site.routes["api.github.com/repos/a/b"]
    net, _ = network(site)

    class Https(Requester.HTTPSRequestsConnectionClass):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            self.session = net.session()

    Requester.Requester.injectConnectionClasses(Requester.HTTPRequestsConnectionClass, Https)
    try:
        hub = github.Github(retry=None, seconds_between_requests=0)
        assert hub.get_repo("a/b").full_name == "a/b"
    finally:
        Requester.Requester.resetConnectionClasses()
    assert net.requests == 1
    assert site.log[0].headers["Authorization"] == "Bearer gh-secret"


@pytest.mark.parametrize("times", [1, 2])
def test_a_page_that_inflates_without_end_is_refused_in_bounded_memory(times):
    import gzip
    import tracemalloc

    body = bytes(64 << 20)
    for _ in range(times):
        body = gzip.compress(body)
    net, _ = network(
        FakeInternet({"a.org": Reply(body=body, headers={"Content-Encoding": ", ".join(["gzip"] * times)})}), max_page_bytes=1 << 20
    )
    tracemalloc.start()
    for ask in (net.get, net.session().get):
        with pytest.raises(NetworkError) as caught:
            ask("https://a.org/")
        assert caught.value.status == "blocked"
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


# ------------------------------------------------------------------------------------------------- pacing and budgets


class Clock:
    """A clock that only our own waits advance; threads may share it."""

    def __init__(self):
        self.waits = []

    def sleep(self, seconds):
        self.waits.append(seconds)


def timer(clock):
    from auditor.net.pacing import Timer

    return Timer(clock.sleep, clock=lambda: 0.0)


def test_a_pace_lets_a_burst_through_and_spaces_what_follows():
    from auditor.net.pacing import Lane, Pace

    clock = Clock()
    time = timer(clock)
    lane, starts = Lane("a.org", 6, Pace(2.0, 3), time), []
    for _ in range(6):
        lane.turn(60)
        starts.append(time.now())
    assert starts == [0, 0, 0, 2, 4, 6]
    time.wait(100)  # what was not used meanwhile is a burst again, and no more than one
    for _ in range(4):
        lane.turn(60)
        starts.append(time.now())
    assert starts[6:] == [106, 106, 106, 108]


def test_a_pace_is_of_one_host_alone():
    site = FakeInternet({"": Reply()})
    net, waits = network(site)
    for _ in range(30):
        net.get("https://zenodo.org/api/records/1")
    assert waits == []
    for number in range(12):  # as often as each of its hosts has room for
        net.get(f"https://other{number}.org/")
    assert waits == []
    net.get("https://zenodo.org/api/records/1")
    assert sum(waits) == pytest.approx(2.0, abs=0.5)


def test_retry_after_holds_up_every_thread_of_that_host_and_no_other():
    moments, gate = [], threading.Event()

    def strict(request):
        moments.append(request.url)
        if len(moments) == 1:
            gate.set()
            return Reply(429, headers={"Retry-After": "5"})
        return Reply(body=b"ok")

    waits = []
    lock = threading.Lock()

    def sleep(seconds):
        with lock:
            waits.append((threading.current_thread().name, seconds))

    net = Network(NetworkSettings(), FakeInternet({"strict.org": strict, "free.org": Reply(body=b"ok")}), sleep=sleep)
    first = threading.Thread(target=net.get, args=("https://strict.org/1",), name="first")
    first.start()
    gate.wait(5)
    first.join(5)
    assert sum(seconds for name, seconds in waits) == pytest.approx(5, abs=0.2)
    assert len(moments) == 2
    waits.clear()
    net.get("https://free.org/")
    assert waits == []


def test_a_thread_that_comes_while_the_host_wants_to_be_left_alone_waits_as_well():
    from auditor.net.pacing import Lane, Pace, asked_to_wait

    clock = Clock()
    lane = Lane("a.org", 6, Pace(0.0, 1), timer(clock))
    lane.close(5.0, asked_to_wait("a.org", 5.0, 429))
    lane.turn(10.0)
    assert clock.waits == [5.0]
    lane.turn(10.0)
    assert clock.waits == [5.0]


def test_a_host_that_wants_to_be_left_alone_for_long_is_not_asked_again():
    site = FakeInternet({"a.org": Reply(429, headers={"Retry-After": "3600"}), "b.org": Reply(body=b"ok")})
    net, waits = network(site)
    assert net.get("https://a.org/1").status == 429
    assert net.get("https://a.org/2").status == 429
    for _ in range(3):
        with pytest.raises(NetworkError) as caught:
            net.get("https://a.org/2")
        assert (caught.value.status, caught.value.state) == ("quota", "rate_limited")
        assert "3600 seconds" in caught.value.why
    assert len(site.log) == 2
    assert waits == []
    assert net.get("https://b.org/").body == b"ok"


def test_a_host_that_is_gone_is_given_up_and_tried_again_after_a_while():
    alive = []

    def handler(_request):
        if alive:
            return Reply(body=b"ok")
        raise requests.ConnectionError("refused")

    site = FakeInternet({"a.org": handler})
    net, _ = network(site)
    for _ in range(12):
        with pytest.raises(NetworkError) as caught:
            net.get("https://a.org/")
        assert (caught.value.status, caught.value.state) == ("error", "unreachable")
    assert len(site.log) == 3 + 3 + 4
    alive.append(True)
    net._door._timer.wait(61)
    assert net.get("https://a.org/").body == b"ok"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"max_requests_per_host": 3}, "3 requests"),
        ({"max_bytes_per_host": 2500}, "3000 bytes"),
        ({"max_seconds_per_host": 0.0}, "seconds"),
    ],
)
def test_a_host_has_a_budget_of_its_own(settings, words):
    def slow(request):
        net._door._timer.wait(1)
        return Reply(body=b"x" * 1000)

    site = FakeInternet({"a.org": slow, "b.org": Reply(body=b"ok")})
    net, _ = network(site, **settings)
    errors = []
    for _ in range(5):
        try:
            net.get("https://a.org/")
        except NetworkError as error:
            errors.append(error)
    assert errors
    assert {(error.status, error.state, error.what) for error in errors} == {("blocked", "blocked", "the budget for a.org is used up")}
    assert words in errors[-1].why
    if "max_seconds_per_host" not in settings:
        assert net.get("https://b.org/").body == b"ok"


def test_the_seconds_of_an_audit_are_a_budget_too():
    def slow(request):
        net._door._timer.wait(4)
        return Reply(body=b"ok")

    site = FakeInternet({"a.org": slow, "b.org": Reply(503, headers={"Retry-After": "8"})})
    net, waits = network(site, max_seconds=10.0)
    assert net.get("https://a.org/").body == b"ok"
    with pytest.raises(NetworkError) as caught:
        net.get("https://b.org/")  # there is no time to wait for it
    assert (caught.value.status, caught.value.state) == ("blocked", "blocked")
    assert net.get("https://a.org/").body == b"ok"
    with pytest.raises(NetworkError) as caught:
        net.get("https://a.org/")  # begun at 8 seconds, it ends at 12
    assert "--max-seconds" in caught.value.help
    assert len(site.log) == 4
    assert sum(waits) < 14


@pytest.mark.parametrize(
    ("status", "headers", "body", "state"),
    [
        (401, {}, b"", "sign_in"),
        (403, {}, b"no", "not_shared"),
        (403, {}, b"API rate limit exceeded", "rate_limited"),
        (403, {"x-ratelimit-remaining": "0"}, b"", "rate_limited"),
        (403, {}, b"download quota of this file", "quota"),
        (404, {}, b"", "not_found"),
        (408, {}, b"", "timed_out"),
        (410, {}, b"", "deleted"),
        (416, {}, b"", "broken_range"),
        (429, {}, b"download limit", "rate_limited"),
        (304, {}, b"", "moved"),
        (418, {}, b"", ""),
        (451, {}, b"", "taken_down"),
        (500, {}, b"", "server_error"),
        (503, {}, b"", "server_error"),
    ],
)
def test_http_statuses_have_states(status, headers, body, state):
    assert refusal("https://a.org/x", status, requests.structures.CaseInsensitiveDict(headers), body).state == state


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (requests.Timeout("slow"), "timed_out"),
        (requests.ConnectionError("reset"), "unreachable"),
        (requests.exceptions.SSLError("certificate verify failed"), "unreachable"),
        (requests.exceptions.ProxyError("407"), "unreachable"),
        (ConnectionResetError("reset"), "unreachable"),
    ],
)
def test_exceptions_have_states(error, state):
    net, _ = network(FakeInternet({"a.org": error}))
    with pytest.raises(NetworkError) as caught:
        net.get("https://a.org/")
    assert (caught.value.status, caught.value.state) == ("error", state)


@pytest.mark.parametrize(
    ("host", "most"), [("api.github.com", 900), ("zenodo.org", 60), ("api.figshare.com", 66), ("export.arxiv.org", 21)]
)
def test_published_limits_hold_in_the_first_minute_too(host, most):
    from auditor.net.pacing import PACES, Lane

    clock = Clock()
    time = timer(clock)
    lane, count = Lane(host, 6, PACES[host], time), 0
    while time.now() < 60:
        lane.turn(60)
        count += time.now() < 60
    assert most / 2 < count <= most
