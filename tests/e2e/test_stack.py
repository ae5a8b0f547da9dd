"""What README promises of the bundled stack, on the real engine."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.request
from typing import Any

import docker
import pytest

from tests.e2e.command import Meshctl, eventually

pytestmark = pytest.mark.e2e

APPLICATION = {"users", "orders", "inventory", "notifications", "worker", "echo"}
INFRASTRUCTURE = {"collector", "consul", "postgres", "redis", "rabbitmq"}
ORDER = {"user_id": 1, "items": [{"sku": "espresso", "quantity": 1}]}


def consul(stack: Meshctl, path: str) -> Any:
    """Consul's own HTTP API, past meshctl."""
    address = stack.ps()["consul"]["instances"][0]["ports"]["http"]
    with urllib.request.urlopen(f"http://{address}{path}", timeout=5) as answer:
        return json.load(answer)


def passing(stack: Meshctl, service: str) -> list[str]:
    return [entry["Service"]["ID"] for entry in consul(stack, f"/v1/health/service/{service}?passing")]


def stock(stack: Meshctl, sku: str = "espresso") -> int:
    items = stack.call("inventory", "GET", f"/items/{sku}")["body"]
    return int(items.get("stock", items.get("available")))


def healthy(stack: Meshctl, service: str) -> bool:
    return bool(stack.ps()[service]["health"] == "healthy")


def test_up_again_finds_nothing_to_do(stack: Meshctl) -> None:
    again = stack("up")
    assert "nothing to do" in (again.out + again.err).lower()


def test_every_service_is_healthy_and_the_three_truths_agree(stack: Meshctl) -> None:
    services = stack.ps()
    assert set(services) == APPLICATION | INFRASTRUCTURE
    for name, row in services.items():
        assert row["health"] == "healthy", row
        assert row["ready"] == row["desired"] == 1
        for instance in row["instances"]:
            assert instance["probe"] == "passing"
            assert instance["registry"] == ("passing" if name in APPLICATION else None)


def test_consul_itself_lists_the_application(stack: Meshctl) -> None:
    assert {name for name in APPLICATION if passing(stack, name)} == APPLICATION


def test_nothing_listens_beyond_loopback(stack: Meshctl, engine: docker.DockerClient) -> None:
    containers = engine.containers.list(filters={"label": f"dev.meshctl.project={stack.project}"})
    assert len(containers) == len(APPLICATION | INFRASTRUCTURE)
    hosts = {
        binding["HostIp"]
        for container in containers
        for bindings in container.ports.values()
        for binding in bindings or ()
    }
    assert hosts == {"127.0.0.1"}


def test_a_user_is_created_over_http_and_read_over_grpc(stack: Meshctl) -> None:
    email = f"ada-{time.time_ns()}@example.org"
    created = stack.call("users", "POST", "/users/", "-d", json.dumps({"name": "Ada", "email": email}))
    assert created["status"] == 201
    read = stack.call("users", "users.v1.UserService/GetUser", "-d", json.dumps({"id": created["body"]["id"]}))
    assert (read["protocol"], read["status"]) == ("grpc", "OK")
    person = read["body"].get("user", read["body"])
    assert (person["name"], person["email"]) == ("Ada", email)


def test_an_order_is_confirmed_and_its_mail_is_sent(stack: Meshctl) -> None:
    reply = stack.call("orders", "POST", "/orders/", "-d", json.dumps(ORDER))
    assert (reply["status"], reply["body"]["status"]) == (201, "confirmed")
    order_id = reply["body"]["id"]

    def mail() -> dict[str, Any] | None:
        listed = stack.call("notifications", "GET", "/notifications/")["body"]
        rows = listed if isinstance(listed, list) else listed["items"]
        return next((row for row in rows if row["order_id"] == order_id and row["status"] == "sent"), None)

    sent = eventually(mail, within=5, what="the mail of the order")
    assert sent["sent_at"] and sent["to"]


def test_more_than_the_stock_is_refused_and_leaves_no_trace(stack: Meshctl) -> None:
    before, orders = stock(stack), stack.call("orders", "GET", "/orders/")["body"]
    order = {"user_id": 1, "items": [{"sku": "espresso", "quantity": before + 1}]}
    reply = stack.call("orders", "POST", "/orders/", "-d", json.dumps(order), code=1)
    assert reply["status"] == 409
    assert stock(stack) == before
    assert stack.call("orders", "GET", "/orders/")["body"] == orders


def test_echo_answers(stack: Meshctl) -> None:
    assert stack.call("echo", "echo.v1.EchoService/Echo", "-d", '{"message":"hi"}')["body"]["message"] == "hi"


def test_scaled_out_every_instance_takes_calls(stack: Meshctl) -> None:
    stack("scale", "users=3")
    try:
        assert len(passing(stack, "users")) == 3
        assert stack.ps()["users"]["ready"] == 3
        reached = {stack.call("users", "GET", "/users/1")["instance"] for _ in range(10)}
        assert len(reached) > 1
    finally:
        stack("scale", "users=1")
    eventually(lambda: len(passing(stack, "users")) == 1, within=10, what="one users instance in Consul")


def test_without_inventory_an_order_fails_fast_and_is_compensated(stack: Meshctl) -> None:
    before = stock(stack)
    stack("stop", "inventory")
    try:
        assert stack.ps()["inventory"]["health"] == "stopped"
        reply = stack.call("orders", "POST", "/orders/", "-d", json.dumps(ORDER), "--timeout", "5s", code=1)
        assert reply["status"] == 503
        refused = stack("call", "inventory", "GET", "/items/", code=1)
        assert "inventory" in refused.err
    finally:
        stack("start", "inventory")
    assert healthy(stack, "inventory")
    assert stock(stack) == before

    def ordered() -> bool:
        reply = stack.call("orders", "POST", "/orders/", "-d", json.dumps(ORDER), code=None)
        return bool(reply["status"] == 201)

    eventually(ordered, within=40, what="an order after inventory came back")


def test_a_killed_main_process_is_restarted_and_counted(stack: Meshctl, engine: docker.DockerClient) -> None:
    before = stack.ps()["echo"]["restarts"]
    container = stack.ps()["echo"]["instances"][0]["container"]
    os.kill(engine.api.inspect_container(container)["State"]["Pid"], signal.SIGKILL)
    eventually(
        lambda: stack.ps()["echo"]["restarts"] == before + 1 and healthy(stack, "echo"),
        within=30,
        what="echo restarted and healthy",
    )


def test_logs_are_json_lines_of_the_service(stack: Meshctl) -> None:
    stack.call("users", "GET", "/users/1")
    lines = [json.loads(line) for line in stack("logs", "users", "--json").out.splitlines()]
    assert {line["service"] for line in lines} == {"users"}


def test_exec_runs_in_the_container(stack: Meshctl) -> None:
    assert (
        stack("exec", "postgres", "--", "pg_isready", "-h", "127.0.0.1").out.strip().endswith("accepting connections")
    )


def test_an_interrupted_up_is_finished_by_the_next(stack: Meshctl, engine: docker.DockerClient) -> None:
    stack("down")
    label: dict[str, str | list[str] | bool] = {"label": f"dev.meshctl.project={stack.project}"}
    half_way = stack.start("up")
    try:
        eventually(lambda: len(engine.containers.list(filters=label)) >= 3, within=60, what="containers")
        half_way.send_signal(signal.SIGINT)
        _, errors = half_way.communicate(timeout=30)
    finally:
        half_way.kill()
    assert half_way.returncode == 130, errors
    assert "Traceback" not in errors
    stack("up")
    assert {row["health"] for row in stack.ps().values()} == {"healthy"}


def test_down_removes_this_project_and_no_other(stack: Meshctl, engine: docker.DockerClient) -> None:
    other = engine.containers.run(
        engine.api.inspect_container(stack.ps()["redis"]["instances"][0]["container"])["Config"]["Image"],
        detach=True,
        labels={"dev.meshctl.project": "meshctl-e2e-other"},
    )
    try:
        stack("down", "-v")
        label: dict[str, str | list[str] | bool] = {"label": f"dev.meshctl.project={stack.project}"}
        assert engine.containers.list(all=True, filters=label) == []
        assert engine.networks.list(filters=label) == []
        assert engine.volumes.list(filters=label) == []
        other.reload()
        assert other.status == "running"
    finally:
        other.remove(force=True)
        stack("up")
