"""The manifests in deploy/kubernetes: right by the schemas of Kubernetes, hardened, and the same as the code and the compose file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kubernetes_validate
import pytest
import yaml
from django.conf import settings
from django.test import Client

from portal.core.env import new_key
from portal.core.queues import Purpose

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
EXAMPLE, LIST = FOLDER / "secret.example.yaml", FOLDER / "kustomization.yaml"
FILES = sorted(set(FOLDER.glob("*.yaml")) - {LIST})
OLDEST, NEWEST = "1.31", "1.35"
"""Of Kubernetes, whose schemas they are checked with."""


def objects(*paths: Path) -> Iterator[dict[str, Any]]:
    for path in paths or FILES:
        yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


def of_kind(*kinds: str) -> dict[str, dict[str, Any]]:
    return {it["metadata"]["name"]: it for it in objects() if it["kind"] in kinds}


WORKLOADS = of_kind("Deployment", "Job")
PODS = {name: it["spec"]["template"]["spec"] for name, it in WORKLOADS.items()}
CONTAINERS = {
    f"{name}/{it['name']}": it for name, pod in PODS.items() for it in [*pod.get("initContainers", ()), *pod["containers"]]
}  # fmt: skip
WORKERS = {name: pod for name, pod in PODS.items() if name.startswith("worker-")}
CONFIGURATION: dict[str, str] = of_kind("ConfigMap")["portal"]["data"]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]


def command_of(name: str) -> list[str]:
    return PODS[name]["containers"][0]["command"]


def option(command: list[str], name: str) -> str:
    return command[command.index(name) + 1]


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_object_follows_the_schema(version: str) -> None:
    for it in objects():
        kubernetes_validate.validate(it, version, strict=True)


def test_the_list_names_every_file_but_the_example() -> None:
    listed = yaml.safe_load(LIST.read_text(encoding="utf-8"))

    assert set(listed["resources"]) == {path.name for path in FILES} - {EXAMPLE.name}
    assert [image["name"] for image in listed["images"]] == ["systembruker-portal"]
    assert {it["image"] for it in CONTAINERS.values()} == {"systembruker-portal"}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_may_do_nothing_but_its_work(name: str) -> None:
    container = CONTAINERS[name]
    security, resources = container["securityContext"], container["resources"]

    assert security == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(resources["requests"]) == set(resources["limits"]) == {"cpu", "memory"}
    assert [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")] == ["/tmp", "/data"]


@pytest.mark.parametrize("name", PODS)
def test_a_pod_runs_as_the_user_of_the_image_and_asks_nothing_of_the_cluster(name: str) -> None:
    pod = PODS[name]
    [user] = re.findall(r"useradd --uid (\d+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"))

    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["fsGroup"] == int(user)
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert all("sizeLimit" in volume["emptyDir"] for volume in pod["volumes"] if "emptyDir" in volume)
    assert not any("persistentVolumeClaim" in volume or "hostPath" in volume for volume in pod["volumes"])


def test_every_queue_has_a_worker_of_its_own_as_in_compose() -> None:
    served = [option(command_of(name), "--queues") for name in WORKERS]
    composed = {
        option(it["command"], "--queues"): it["command"] for name, it in COMPOSE.items() if name.startswith("worker")
    }

    assert sorted(served) == sorted(Purpose)
    assert {option(command_of(name), "--queues"): command_of(name) for name in WORKERS} == composed


def test_the_other_commands_are_those_of_the_image_and_of_compose() -> None:
    [words] = re.findall(
        r"^CMD \[(.+?)\]$", (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", ""), re.MULTILINE
    )

    assert command_of("web") == re.findall(r'"([^"]+)"', words)
    assert command_of("beat") == COMPOSE["beat"]["command"]
    assert command_of("migrate") == COMPOSE["migrate"]["command"]


def test_there_is_one_clock_and_never_two() -> None:
    spec = WORKLOADS["beat"]["spec"]

    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert CONFIGURATION["DATA_DIR"] in " ".join(PODS["beat"]["containers"][0]["livenessProbe"]["exec"]["command"])


def test_a_worker_is_given_the_time_that_a_task_may_take() -> None:
    for name, pod in WORKERS.items():
        assert pod["terminationGracePeriodSeconds"] > settings.CELERY_TASK_TIME_LIMIT, name


def test_processes_wait_for_the_tables_of_their_release() -> None:
    for name, pod in PODS.items():
        waiting = [it["command"][-1] for it in pod.get("initContainers", ())]
        assert ["migrate --check" in command for command in waiting] == ([True] if name != "migrate" else [])


def test_probes_ask_what_is_answered_without_a_host_name(client: Client) -> None:
    web = PODS["web"]["containers"][0]

    paths = {web[kind]["httpGet"]["path"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")}

    assert paths == {"/healthz"}
    assert all(client.get(path, headers={"Host": "10.0.0.7"}).status_code == 200 for path in paths)
    assert all(
        "livenessProbe" in it
        for name, it in CONTAINERS.items()
        if not name.endswith(("wait-for-migrations", "/migrate"))
    )


def test_ports_lead_from_the_ingress_to_the_process() -> None:
    web, service = PODS["web"]["containers"][0], of_kind("Service")["web"]["spec"]
    [rule] = of_kind("Ingress")["portal"]["spec"]["rules"]
    [path] = rule["http"]["paths"]
    policy = of_kind("NetworkPolicy")["web"]["spec"]["ingress"][0]["ports"]

    assert [str(port["containerPort"]) for port in web["ports"]] == [option(web["command"], "--port")]
    assert [port["targetPort"] for port in service["ports"]] == [port["name"] for port in web["ports"]]
    assert path["backend"]["service"] == {"name": "web", "port": {"name": service["ports"][0]["name"]}}
    assert [port["port"] for port in policy] == [web["ports"][0]["containerPort"]]
    assert rule["host"] in CONFIGURATION["PORTAL_URL"]


def test_selectors_find_their_pods() -> None:
    labels = {name: it["spec"]["template"]["metadata"]["labels"] for name, it in WORKLOADS.items()}

    def found(selector: dict[str, str]) -> set[str]:
        return {name for name, given in labels.items() if selector.items() <= given.items()}

    assert found(of_kind("Service")["web"]["spec"]["selector"]) == {"web"}
    for name, it in of_kind("Deployment").items():
        assert found(it["spec"]["selector"]["matchLabels"]) == {name}
    disrupted = {
        name: found(it["spec"]["selector"]["matchLabels"]) for name, it in of_kind("PodDisruptionBudget").items()
    }
    assert disrupted == {"web": {"web"}, "workers": set(WORKERS)}


def ports_outside() -> set[str]:
    """Of the addresses of servers in the example of all settings, and of webhooks."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    usual = {"https": "443", "postgresql": "5432", "rediss": "6379"}
    found = {
        urlsplit(value)
        for name, value in re.findall(r"^# ([A-Z0-9_]+)=(\S+://\S+)$", text, re.MULTILINE)
        if name != "PORTAL_URL"
    }
    [mail] = re.findall(r"^# MAIL_PORT=(\d+)$", text, re.MULTILINE)
    return {"443", mail, *(str(there.port or usual[there.scheme]) for there in found)}


def test_the_network_lets_nothing_in_or_out_by_itself() -> None:
    nothing = of_kind("NetworkPolicy")["nothing"]["spec"]
    allowed = {
        str(port["port"]) for rule in of_kind("NetworkPolicy")["outside"]["spec"]["egress"] for port in rule["ports"]
    }

    assert nothing == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert allowed == {"53", *ports_outside()}


def test_the_settings_start_the_portal(tmp_path: Path) -> None:
    """Production's own checks, with the secrets of the example where they are mounted."""
    example, _owner = objects(EXAMPLE)
    good = {"secret-key": "a-key-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz", "encryption-keys": new_key()}
    good["audit-keys"] = "0123456789abcdef" * 4
    for name, value in {**example["stringData"], **good}.items():
        (tmp_path / name).write_text(value)
    mounted = {
        mount["mountPath"] for it in CONTAINERS.values() for mount in it["volumeMounts"] if mount["name"] == "secrets"
    }
    [place] = mounted
    values = {name: value.replace(place, str(tmp_path)) for name, value in CONFIGURATION.items()}
    readers = ("settings.py", "core/env.py", "core/storage/configuration.py")
    read = "".join((ROOT / "portal" / name).read_text(encoding="utf-8") for name in readers)

    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        **values,
    }
    code = "from django.conf import settings; print(settings.STORAGES['documents']['OPTIONS']['secret_key'])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout.strip()) == (0, example["stringData"]["s3-secret-access-key"]), done.stderr
    assert [name for name in CONFIGURATION if f'"{name.removesuffix("_FILE")}"' not in read] == []
    assert {Path(value).name for name, value in CONFIGURATION.items() if name.endswith("_FILE")} == set(
        example["stringData"]
    )


def test_only_the_job_that_migrates_has_the_owners_password() -> None:
    _secrets, owner = objects(EXAMPLE)
    [key] = owner["stringData"]
    taken = {"secretKeyRef": {"name": owner["metadata"]["name"], "key": key}}

    having = {name: [one["valueFrom"] for one in it.get("env", ())] for name, it in CONTAINERS.items()}

    assert {name: found for name, found in having.items() if found} == {"migrate/migrate": [taken]}
    assert not any("OWNER" in name for name in CONFIGURATION)


def test_no_secret_stands_in_the_configuration() -> None:
    assert [
        name
        for name in CONFIGURATION
        if re.search("KEY|PASSWORD|TOKEN|DATABASE_URL|REDIS_URL", name) and not name.endswith("_FILE")
    ] == []
