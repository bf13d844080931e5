"""Where events may go: hostile URLs and names that lead inside are refused, with the reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.addresses import pinned, refusal, target_of, url_problem

PUBLIC = ("93.184.216.34", "2606:2800:220:1::1")
INNER = (
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "::1",
    "fc00::1",
    "fec0::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:1::1",
)
NEVER = (
    "0.0.0.0",  # noqa: S104 (an address that is refused)
    "::",
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "fe80::1",
    "fd00:ec2::254",
    "100.100.100.200",
    "224.0.0.1",
    "ff02::1",
    "no address",
    "",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_sent_to(address: str) -> None:
    assert refusal(address, inner=False) == ""


@pytest.mark.parametrize("address", INNER)
def test_inner_addresses_need_the_operators_word(address: str) -> None:
    """A4.7: no partner's name leads us into our own network."""
    assert refusal(address, inner=False)
    assert refusal(address, inner=True) == ""


@pytest.mark.parametrize("address", NEVER)
def test_a_clouds_own_services_and_nobodys_addresses_are_refused_always(address: str) -> None:
    assert refusal(address, inner=False)
    assert refusal(address, inner=True)


def test_a_name_with_one_inner_address_is_refused_whole() -> None:
    with pytest.raises(ValueError, match="inner"):
        pinned([PUBLIC[0], "10.0.0.1"], inner=False)
    with pytest.raises(ValueError, match="no address"):
        pinned([], inner=False)
    assert pinned(PUBLIC, inner=False) == PUBLIC[0]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "crm.example",
        "//crm.example/",
        "ftp://crm.example/",
        "file:///etc/passwd",
        "gopher://crm.example/",
        "http://crm.example/",
        "https://",
        "https:///hook",
        "https://user@crm.example/",
        "https://user:word@crm.example/",
        "https://crm.example@10.0.0.1/",
        "https://crm.example\\@10.0.0.1/",
        "https://crm.example/#x",
        "https://crm.example:0/",
        "https://crm.example:99999/",
        "https://crm.example:port/",
        " https://crm.example/",
        "https://crm.example/\r\nHost: inner",
        "https://crm\u3002example/",
        "https://\uff11\uff10.0.0.1/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[fe80::1%25eth0]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
    ],
)
def test_a_hostile_or_wrong_url_is_refused_by_the_configuration(url: str) -> None:
    assert url_problem(url, inner=False)


@pytest.mark.parametrize("url", ["http://crm.inner/", "http://10.0.0.1/", "https://169.254.1.1/"])
def test_inner_opens_neither_plain_http_nor_link_local(url: str) -> None:
    assert url_problem(url, inner=True)


@pytest.mark.parametrize(
    ("url", "inner"),
    [
        ("https://crm.example/hooks?a=1", False),
        ("https://93.184.216.34:8443/", False),
        ("https://10.0.0.1/", True),
        ("http://127.0.0.1:8000/hook", True),
        ("http://localhost:8000/hook", True),
        ("http://[::1]:8000/hook", True),
    ],
)
def test_a_right_url_has_no_problem(url: str, inner: bool) -> None:
    assert url_problem(url, inner) == ""


def test_a_target_keeps_path_and_query() -> None:
    found = target_of("https://CRM.example/a/b?c=d")
    assert (found.host, found.port, found.path) == ("crm.example", 443, "/a/b?c=d")


@given(st.text())
def test_no_text_makes_the_check_fail_by_itself(text: str) -> None:
    assert isinstance(url_problem(text, inner=True), str)
    assert isinstance(url_problem(f"https://{text}/", inner=False), str)
    assert isinstance(refusal(text, inner=False), str)


@given(st.ip_addresses(v=6))
def test_an_address_that_is_refused_as_inner_carries_no_good_one(address: object) -> None:
    """Whatever is refused with `inner` is refused without it, too."""
    if refusal(str(address), inner=True):
        assert refusal(str(address), inner=False)
