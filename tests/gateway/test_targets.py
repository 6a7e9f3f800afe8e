"""Where webhooks may go: every spelling of a forbidden place is refused, whatever is in the way."""

from __future__ import annotations

import pytest

from sandbox_gateway.webhooks.targets import (
    Target,
    TargetRefusedError,
    check_address,
    checked_addresses,
    parse_target,
)

TAKEN = [
    ("http://127.0.0.1:9000/hook", Target("http", "127.0.0.1", 9000, "/hook")),
    ("http://localhost", Target("http", "localhost", 80, "/")),
    ("HTTPS://Shop.Example/a/b?x=1&y=%20", Target("https", "shop.example", 443, "/a/b?x=1&y=%20")),
    ("https://shop.example.:8443/", Target("https", "shop.example.", 8443, "/")),
    ("http://[::1]:8080/", Target("http", "::1", 8080, "/")),
    ("http://[2606:4700::1111]/", Target("http", "2606:4700::1111", 80, "/")),
    ("http://xn--bcher-kva.example/", Target("http", "xn--bcher-kva.example", 80, "/")),
    ("http://a_b.example/", Target("http", "a_b.example", 80, "/")),
    ("http://1and1.example/", Target("http", "1and1.example", 80, "/")),
]

NOT_A_TARGET = [
    "",
    "shop.example/hook",
    "//shop.example/hook",
    "http:shop.example",
    "http:/shop.example",
    "http:///hook",
    "http://",
    "http://:80/",
    "http://shop.example:/",
    "http://shop.example:0/",
    "http://shop.example:65536/",
    "http://shop.example:8o/",
    "http://shop.example:-1/",
    "ftp://shop.example/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "javascript:alert(1)",
    "http://user@shop.example/",
    "http://user:word@shop.example/",
    "http://shop.example@169.254.169.254/",
    "http://169.254.169.254#@shop.example/",
    "http://shop.example/#part",
    "http://shop.example\\@169.254.169.254/",
    "http://shop.example\\.evil.example/",
    "http://shop.example/\r\nX: 1",
    "http://shop.example/\t",
    " http://shop.example/",
    "http://shop example/",
    "http://shop.example/a b",
    "http://bücher.example/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://ex%61mple.com/",
    "http://shop..example/",
    "http://.shop.example/",
    "http://-shop.example/",
    "http://" + "a" * 64 + ".example/",
    "http://shop.example/" + "a" * 2048,
    "http://[::1/",
    "http://::1/",
    "http://[127.0.0.1]/",
    "http://[::1]x/",
    "http://x[::1]/",
    "http://[::1]:/",
    "http://shop.example:+80/",
    "http://[fe80::1%25eth0]/",
    "http://[v1.fe80::a]/",
    # Other spellings of 127.0.0.1 and 169.254.169.254.
    "http://2130706433/",
    "http://2852039166/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0x7f.1/",
    "http://0xA9FEA9FE/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://127.0.0.01/",
    "http://127.0.0.1./",
    "http://127.0.0.256/",
    "http://1.2.3.4.5/",
    "http://0/",
]

NEVER = [
    "0.0.0.0",  # noqa: S104 - to be refused, not bound to
    "0.1.2.3",
    "169.254.169.254",
    "169.254.0.1",
    "192.0.0.192",
    "100.100.100.200",
    "168.63.129.16",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0.0.0.0",
    "::ffff:a9fe:a9fe",
    "64:ff9b::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:5601:5601",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "fd00:ec2::254",
    "fd20:ce::254",
]

PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "::1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "fc00::1",
    "fd12:3456::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "2002:0a00:0001::1",
]

PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]


@pytest.mark.parametrize(("url", "target"), TAKEN)
def test_a_plain_url_is_taken_apart(url: str, target: Target) -> None:
    assert parse_target(url) == target


@pytest.mark.parametrize("url", NOT_A_TARGET)
def test_anything_but_a_plain_url_is_refused(url: str) -> None:
    with pytest.raises(TargetRefusedError):
        parse_target(url)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://shop.example/", "shop.example"),
        ("https://shop.example:443/", "shop.example"),
        ("https://shop.example:80/", "shop.example:80"),
        ("http://[::1]:9000/", "[::1]:9000"),
    ],
)
def test_the_host_header_names_what_the_url_names(url: str, authority: str) -> None:
    assert parse_target(url).authority == authority


@pytest.mark.parametrize("allow_private", [True, False])
@pytest.mark.parametrize("address", NEVER)
def test_link_local_and_metadata_addresses_are_never_allowed(address: str, allow_private: bool) -> None:
    with pytest.raises(TargetRefusedError):
        check_address(address, allow_private=allow_private)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_a_matter_of_the_setting(address: str) -> None:
    check_address(address, allow_private=True)
    with pytest.raises(TargetRefusedError):
        check_address(address, allow_private=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_always_allowed(address: str) -> None:
    check_address(address, allow_private=False)


def test_one_forbidden_address_among_several_refuses_the_name() -> None:
    with pytest.raises(TargetRefusedError):
        checked_addresses(
            parse_target("http://shop.example/"),
            allow_private=False,
            lookup=lambda _host, _port: ["8.8.8.8", "127.0.0.1"],
        )


def test_the_address_that_was_checked_is_the_one_handed_on() -> None:
    answers = [["8.8.8.8"], ["169.254.169.254"]]

    def flip(_host: str, _port: int) -> list[str]:
        return answers.pop(0)

    assert checked_addresses(parse_target("http://shop.example/"), allow_private=False, lookup=flip) == ["8.8.8.8"]
    assert len(answers) == 1
