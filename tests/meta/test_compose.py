"""The compose files: every container is confined, the servers are out of reach from outside, and the demonstration stands apart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


class Loader(yaml.SafeLoader):
    """Knows compose's `!reset`: what stands there is taken away."""


Loader.add_constructor("!reset", lambda loader, node: None)
PRODUCTION, DEMO = (
    yaml.load((ROOT / name).read_text(encoding="utf-8"), Loader)  # noqa: S506 - a safe one
    for name in ("docker-compose.yml", "docker-compose.demo.yml")
)
OURS = PRODUCTION["services"]
ADDED = {name: it for name, it in DEMO["services"].items() if name not in OURS}
EVERY = {**OURS, **ADDED}
SERVERS = ("postgres", "valkey")


@pytest.mark.parametrize("name", EVERY)
def test_a_container_is_confined(name: str) -> None:
    it = EVERY[name]

    assert it["read_only"] is True
    assert it["cap_drop"] == ["ALL"]
    assert it["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "cpus", "pids_limit", "networks"} <= set(it)
    assert "privileged" not in it


@pytest.mark.parametrize("name", EVERY)
def test_a_container_has_a_probe_unless_it_ends_by_itself(name: str) -> None:
    it = EVERY[name]
    ends = it["restart"] == "no"
    of_the_image = name == "web"

    assert it.get("healthcheck", {}) == {"disable": True} if ends else "test" in it["healthcheck"] or of_the_image


@pytest.mark.parametrize("name", [*SERVERS, "proxy"])
def test_the_images_of_others_do_not_run_as_root(name: str) -> None:
    user, _, group = OURS[name]["user"].partition(":")

    assert int(user) > 0
    assert int(group) > 0


def test_the_servers_are_reached_by_our_processes_alone() -> None:
    published = [
        name for name, it in EVERY.items() if any(not port.startswith("127.0.0.1:") for port in it.get("ports", ()))
    ]

    assert PRODUCTION["networks"]["back"] == {"internal": True}
    assert [OURS[name]["networks"] for name in SERVERS] == [["back"], ["back"]]
    assert "back" not in OURS["proxy"]["networks"]
    assert "back" not in ADDED["sandbox"]["networks"]
    assert published == ["proxy"]


def test_no_server_is_without_a_password() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    addresses = re.findall(r"(?:postgresql|redis)://([^@\n]+)@", text)

    assert len(addresses) == 3
    assert all(re.search(r":\$\{[A-Z_]+:\?", address) for address in addresses)
    assert "requirepass" in OURS["valkey"]["command"][-1]
    assert "PASSWORD" not in OURS["valkey"]["command"][-1]


def test_the_demonstration_has_a_project_of_its_own_and_no_secret_of_production() -> None:
    processes = [name for name in OURS if name not in (*SERVERS, "proxy")]

    assert PRODUCTION["name"] != DEMO["name"]
    assert not any("profiles" in it for name, it in EVERY.items() if name != "proxy")
    assert {DEMO["services"][name]["environment"]["PORTAL_MODE"] for name in processes} == {"local"}
    assert all(DEMO["services"][name].get("env_file", "kept") is None for name in processes)


def test_every_image_can_be_given_by_digest() -> None:
    images = {it["image"] for it in EVERY.values()} - {"systembruker-portal"}
    froms = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)

    assert all(re.fullmatch(r"\$\{[A-Z]+_IMAGE:-\S+\}", image) for image in images)
    assert all(re.fullmatch(r"\$\{[A-Z]+_IMAGE\}", image) for image in froms)
