import json
import re
import ssl
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations.addresses import refusal
from integrations.base import NotAuthorised, NotFound, RateLimited, Unavailable, UnexpectedAnswer
from integrations.guard import GuardedTransport
from integrations.http import HttpClient, Limits, Patience
from schema.errors import Refusal
from tests.proxy import proxied, serving

QUICK = Patience(attempts=3, first_wait_s=0.01, wait_limit_s=0.02, retry_after_limit_s=0.4)
ADDRESSES = (
    # address, with network: public, with network: private
    ("8.8.8.8", None, None),
    ("2606:4700::1111", None, None),
    ("::ffff:8.8.8.8", None, None),
    ("64:ff9b::8.8.8.8", None, None),
    ("127.0.0.1", "private", None),
    ("127.255.255.254", "private", None),
    ("10.1.2.3", "private", None),
    ("172.16.0.1", "private", None),
    ("172.31.255.255", "private", None),
    ("192.168.1.1", "private", None),
    ("100.64.0.1", "private", None),
    ("::1", "private", None),
    ("fd12:3456::1", "private", None),
    ("::ffff:127.0.0.1", "private", None),
    ("::ffff:10.0.0.1", "private", None),
    ("64:ff9b::127.0.0.1", "private", None),
    ("2002:7f00:1::", "private", None),
    ("2001:0:0:0:0:0:80ff:fffe", "private", None),  # Teredo; its client is 127.0.0.1
    ("169.254.169.254", "link-local", "link-local"),
    ("169.254.0.1", "link-local", "link-local"),
    ("169.254.170.2", "link-local", "link-local"),
    ("::ffff:169.254.169.254", "link-local", "link-local"),
    ("64:ff9b::169.254.169.254", "link-local", "link-local"),
    ("2002:a9fe:a9fe::", "link-local", "link-local"),
    ("fe80::1", "link-local", "link-local"),
    ("fe80::1%eth0", "link-local", "link-local"),
    ("fd00:ec2::254", "metadata", "metadata"),
    ("fd20:ce::254", "metadata", "metadata"),
    ("100.100.100.200", "metadata", "metadata"),
    ("168.63.129.16", "metadata", "metadata"),
    ("0.0.0.0", "no host's", "no host's"),
    ("0.1.2.3", "no host's", "no host's"),
    ("::", "no host's", "no host's"),
    ("::127.0.0.1", "no host's", "no host's"),
    ("224.0.0.1", "no host's", "no host's"),
    ("ff02::1", "no host's", "no host's"),
    ("240.0.0.1", "no host's", "no host's"),
    ("255.255.255.255", "no host's", "no host's"),
    ("198.18.0.1", "no host's", "no host's"),
    ("192.0.2.1", "no host's", "no host's"),
    ("2001:db8::1", "no host's", "no host's"),
)


def resolving(*answers):
    """Answer each question with the next list of addresses, and the last one for ever."""
    asked = []

    async def resolve(host, port):
        asked.append((host, port))
        return answers[min(len(asked), len(answers)) - 1]

    return resolve, asked


def open_client(url, *, network="private", timeout_s=5.0, size_bytes=100_000, patience=QUICK, **more):
    limits = Limits(timeout_s=timeout_s, size_bytes=size_bytes)
    return HttpClient(
        source="numbers",
        url=url,
        headers=more.pop("headers", {}),
        network=network,
        limits=limits,
        patience=patience,
        **more,
    )


async def read(url, path="/x", **more):
    client = open_client(url, **more)
    try:
        return await client.get(path)
    finally:
        await client.close()


# --- which addresses ---


@pytest.mark.parametrize(("address", "public", "private"), ADDRESSES)
@pytest.mark.parametrize("network", ["public", "private"])
def test_an_address_is_refused_for_its_kind(address, public, private, network):
    expected = public if network == "public" else private

    why = refusal(address, network)

    assert (why is None) == (expected is None)
    assert expected is None or expected in why


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
async def test_this_machine_is_refused_unless_the_source_says_private(host):
    with pytest.raises(NotAuthorised, match="network: private"):
        await read(f"http://{host}:1", network="public")


async def test_every_address_of_a_name_is_judged_before_any_is_connected_to():
    resolve, _ = resolving(["127.0.0.1", "169.254.169.254"])

    with pytest.raises(NotAuthorised, match="link-local"):
        await read("http://numbers.example", resolve=resolve)


async def test_a_name_that_first_was_public_and_then_leads_home_is_refused():
    async def numbers(request):
        seen.append(request.path)
        raise AssertionError

    seen = []
    async with serving(numbers) as url:
        port = url.rpartition(":")[2]
        resolve, asked = resolving(["8.8.8.8"], ["127.0.0.1"])
        assert (
            refusal((await resolve("numbers.example", port))[0], "public") is None
        )  # the check that a rebinder passes

        with pytest.raises(NotAuthorised, match="private address"):
            await read(f"http://numbers.example:{port}", network="public", resolve=resolve)

    assert asked[-1] == ("numbers.example", int(port))
    assert seen == []


async def test_the_address_connected_to_is_the_one_that_was_checked():
    async def numbers(request):
        return web.json_response({"host": request.headers["Host"]})

    async with serving(numbers) as url:
        port = url.rpartition(":")[2]
        # a name that no resolver knows: only the checked number can lead there; and it is asked once
        resolve, asked = resolving(["127.0.0.1"], ["169.254.169.254"])

        found = await read(f"http://numbers.invalid:{port}", resolve=resolve)

    assert found == {"host": f"numbers.invalid:{port}"}
    assert len(asked) == 1


async def test_the_next_address_is_tried_when_one_does_not_answer():
    async def numbers(_request):
        return web.json_response([1])

    async with serving(numbers) as url:
        resolve, _ = resolving(["127.0.0.2", "127.0.0.1"])  # nobody listens on the first

        assert await read(f"http://numbers.invalid:{url.rpartition(':')[2]}", resolve=resolve) == [1]


async def test_a_proxy_from_the_environment_is_not_used(monkeypatch):
    async def numbers(_request):
        return web.json_response([1])

    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with serving(numbers) as url:
        assert await read(url) == [1]


async def test_a_name_without_an_address_is_unavailable():
    resolve, _ = resolving([])

    with pytest.raises(Unavailable, match="no address"):
        await read("http://numbers.example", resolve=resolve)


# --- redirects ---


async def test_a_redirect_on_the_same_host_is_followed():
    async def numbers(request):
        if request.path == "/x":
            return web.json_response({}, status=302, headers={"Location": "/y?z=1"})
        return web.json_response({"path": request.path_qs})

    async with serving(numbers) as url:
        assert await read(url) == {"path": "/y?z=1"}


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest",
        "http://127.0.0.1:1/",
        "//localhost/x",
        "https://127.0.0.1/x",
        "ftp://127.0.0.1/x",
    ],
)
async def test_a_redirect_to_another_place_is_not_followed(location):
    async with proxied("") as proxy:
        proxy.fault, proxy.location = "redirect", location

        with pytest.raises(UnexpectedAnswer, match="another host"):
            await read(proxy.url)


async def test_a_circle_of_redirects_ends():
    async with proxied("") as proxy:
        proxy.fault, proxy.location = "redirect", "/x"

        with pytest.raises(UnexpectedAnswer, match="more than 3 redirects"):
            await read(proxy.url)

        assert len(proxy.seen) == 4


async def test_a_redirect_is_judged_again():
    async with proxied("") as proxy:
        proxy.fault, proxy.location = "redirect", "/x"
        resolve, _ = resolving(["127.0.0.1"], ["169.254.169.254"])

        with pytest.raises(NotAuthorised, match="link-local"):
            await read(f"http://numbers.invalid:{proxy.url.rpartition(':')[2]}", resolve=resolve)


async def test_a_search_that_would_lose_its_question_is_not_redirected():
    async with proxied("") as proxy:
        proxy.fault = "redirect"
        client = open_client(proxy.url)

        with pytest.raises(UnexpectedAnswer, match="drops the question"):
            await client.post("/x", {"a": 1})
        await client.close()


# --- patience ---


@pytest.mark.parametrize("fault", ["out of order", "cut", "rate limited"])
async def test_a_passing_fault_is_outlasted(fault):
    async def numbers(_request):
        return web.json_response([1])

    async with serving(numbers) as upstream, proxied(upstream) as proxy:
        proxy.fault, proxy.faulty_requests, proxy.retry_after = fault, 2, "0"

        assert await read(proxy.url) == [1]
        assert len(proxy.seen) == 3


@pytest.mark.parametrize(
    ("fault", "error", "requests"),
    [
        ("out of order", Unavailable, 3),
        ("cut", Unavailable, 3),
        ("rate limited", RateLimited, 1),  # asks for two minutes, which is too long to wait for
        ("quota", RateLimited, 1),  # a 403 that says when to come back
        ("forbidden", NotAuthorised, 1),
        ("unauthorised", NotAuthorised, 1),
        ("garbage", UnexpectedAnswer, 1),
        ("deep", UnexpectedAnswer, 1),
        ("packed", UnexpectedAnswer, 1),
        ("huge", UnexpectedAnswer, 1),
    ],
)
async def test_a_lasting_fault_is_given_up_in_words(fault, error, requests):
    async with proxied("") as proxy:
        proxy.fault = fault

        with pytest.raises(error) as caught:
            await read(proxy.url, size_bytes=300_000, headers={"Authorization": "Bearer s3cret"})

        assert len(proxy.seen) == requests
        assert "s3cret" not in str(caught.value)
        assert str(caught.value).startswith("numbers, GET /x: ")


async def test_the_wait_that_a_source_asks_for_is_kept_as_a_number():
    async with proxied("") as proxy:
        proxy.fault = "rate limited"

        with pytest.raises(RateLimited) as caught:
            await read(proxy.url)

        assert caught.value.retry_after_s == 120


async def test_a_wait_given_as_a_date_is_measured_by_the_servers_own_clock():
    async def numbers(_request):
        dates = {"Date": "Mon, 23 Nov 2026 06:00:00 GMT", "Retry-After": "Mon, 23 Nov 2026 06:01:30 GMT"}
        return web.json_response({}, status=429, headers=dates)

    async with serving(numbers) as url:
        with pytest.raises(RateLimited) as caught:
            await read(url)

    assert caught.value.retry_after_s == 90


async def test_drops_of_an_answer_do_not_stretch_its_time():
    async with proxied("") as proxy:
        proxy.fault = "slow"  # each byte comes well within the limit

        with pytest.raises(Unavailable, match=re.escape("no whole answer within 0.3 s")):
            await read(proxy.url, timeout_s=0.3)


async def test_waits_count_towards_the_whole_time():
    async with proxied("") as proxy:
        proxy.fault, proxy.retry_after = "rate limited", "1"
        patient = Patience(attempts=50, first_wait_s=0.01, retry_after_limit_s=10)

        with pytest.raises(RateLimited):
            await read(proxy.url, timeout_s=0.3, patience=patient)


async def test_a_closed_port_is_unavailable():
    async def numbers(_request):
        raise AssertionError

    async with serving(numbers) as url:
        closed = url

    with pytest.raises(Unavailable, match="no connection"):
        await read(closed)


async def test_what_is_not_there_is_not_found():
    async def numbers(_request):
        return web.json_response({}, status=404)

    async with serving(numbers) as url:
        with pytest.raises(NotFound):
            await read(url)


# --- what is read, and what is kept quiet ---


async def test_an_answer_is_asked_for_unpacked_so_that_it_cannot_burst():
    async def numbers(request):
        return web.json_response(request.headers["Accept-Encoding"])

    async with serving(numbers) as url:
        assert await read(url) == "identity"


async def test_numbers_are_read_exactly():
    async def numbers(_request):
        body = '{"a": 0.1000000000000000055511151231257827, "b": 12345678901234567890123, "c": NaN, "d": -Infinity}'
        return web.Response(text=body)

    async with serving(numbers) as url:
        found = await read(url)

    assert str(found["a"]) == "0.1000000000000000055511151231257827"
    assert found["b"] == 12345678901234567890123
    assert found["c"].is_nan()
    assert str(found["d"]) == "-Infinity"


@pytest.mark.parametrize(
    ("path", "params", "asked"),
    [
        ("/x?y=1", None, "/x?y=1"),
        ("/x?y=1", {"z": "2 3"}, "/x?y=1&z=2%203"),
        ("/x", {"z": "&="}, "/x?z=%26%3D"),
        ("", None, "/"),
    ],
)
async def test_what_a_path_asks_is_kept_beside_the_params(path, params, asked):
    async def numbers(request):
        return web.json_response(request.raw_path.replace("+", "%20"))

    async with serving(numbers) as url:
        client = open_client(url)
        found = await client.get(path, params)
        await client.close()

    assert found == asked
    assert "?" not in client.call("GET", path).asked


async def test_name_and_password_in_a_url_become_a_header_and_stay_unseen():
    seen = []

    async def numbers(request):
        seen.append((request.headers["Authorization"], request.path))
        return web.json_response([1])

    async with serving(numbers) as url:
        client = open_client(url.replace("//", "//user:s3cret@"))
        await client.get("/x")
        await client.close()

    assert seen == [("Basic dXNlcjpzM2NyZXQ=", "/x")]
    assert "s3cret" not in repr(client)
    assert "s3cret" not in json.dumps({key: repr(value) for key, value in vars(client).items()})


@pytest.mark.parametrize(
    "url", ["", "numbers.example", "ftp://numbers.example", "file:///etc/passwd", "http://"]
)
def test_an_address_that_is_no_web_address_is_refused(url):
    with pytest.raises(Refusal, match="needs a URL"):
        open_client(url)


def test_a_header_that_would_break_a_request_is_refused_without_showing_it():
    with pytest.raises(Refusal) as caught:
        open_client("https://numbers.example", headers={"Authorization": "s3cret\nX-Other: 1"})

    assert "Authorization" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(("name", "trusted"), [("numbers.invalid", True), ("others.invalid", False)])
async def test_a_certificate_is_checked_for_the_name_and_not_for_the_number(tmp_path, name, trusted):
    async def numbers(_request):
        return web.json_response([1])

    server, ours = certified(tmp_path, "numbers.invalid")
    resolve, _ = resolving(["127.0.0.1"])
    transport = GuardedTransport(source="numbers", network="private", resolve=resolve, trust=ours)
    async with (
        serving(numbers, tls=server) as url,
        httpx.AsyncClient(transport=transport, trust_env=False) as client,
    ):
        address = f"https://{name}:{url.rpartition(':')[2]}/"

        if trusted:
            assert (await client.get(address)).json() == [1]
        else:
            with pytest.raises(httpx.ConnectError, match="certificate"):
                await client.get(address)


def certified(folder, name):
    """Make a certificate that vouches for itself; gives what the server and what the client needs."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return server, ssl.create_default_context(cafile=folder / "certificate.pem")


async def test_a_client_that_was_closed_says_so_at_once():
    client = HttpClient(
        source="numbers", url="http://127.0.0.1:9", headers={}, network="private", limits=Limits(timeout_s=5)
    )
    await client.close()

    with pytest.raises(Unavailable, match="its configuration was replaced meanwhile; ask again"):
        await client.get("/x")
