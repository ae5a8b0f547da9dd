"""Kills at random for three minutes with the app open. Afterwards ``up``, ``ps``, Consul and the app have to agree.

Needs root, a stack that is up, and a Docker Engine that ``scripts/engine`` starts again.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.timing import Figure
from meshctl.adapters.config_file import load_config
from meshctl.bootstrap import open_session
from meshctl.model.status import Health
from meshctl.tui.app import MeshApp

MESHCTL = str(Path(sys.executable).parent / "meshctl")
ENGINE = Path(__file__).parents[1] / "scripts" / "engine"
PID_FILE = Path("/var/run/docker.pid")
FOR_S = 180.0
#: One kill in so many is of the engine itself.
ENGINE_ONE_IN = 15
PAUSE_S = (0.5, 6.0)
SETTLED_WITHIN_S = 20.0
ORDER = '{"user_id": 1, "items": [{"sku": "espresso", "quantity": 1}]}'


def figures(seconds: float = FOR_S) -> list[Figure]:
    """One figure for what was lost, one for who disagrees."""
    return asyncio.run(_survive(seconds))


async def _survive(seconds: float) -> list[Figure]:
    config = load_config(None, project=None, environ=os.environ, cwd=str(Path.cwd()))
    await _meshctl("call", "inventory", "POST", "/items/espresso/restock", "-d", '{"quantity": 5000}')
    session = open_session(config)
    app = MeshApp(session)
    accepted: list[int] = []
    kills: Counter[str] = Counter()
    try:
        async with app.run_test(size=(120, 40)):
            ordering = asyncio.create_task(_order(accepted))
            await _kill(config.name, list(config.services), kills, seconds)
            ordering.cancel()
            await asyncio.gather(ordering, return_exceptions=True)
            code, told = await _meshctl("up", "--json")
            agreed = await _agreement(session.state.services, code, told)
    finally:
        await session.close()
    lost, doubled = await _mails(accepted)
    killed = f"{kills.total()} kills ({kills['engine']} of the engine), {len(accepted)} orders accepted"
    return [
        Figure(
            f"random kills for {seconds:.0f} s: mails of accepted orders",
            f"{killed}; {lost} without, {doubled} twice",
            "each one mail",
            not lost and not doubled,
        ),
        Figure("after `up`: exit code, `ps`, Consul and the app", agreed or "agree", "agree", not agreed),
    ]


async def _kill(project: str, services: list[str], kills: Counter[str], seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await asyncio.sleep(random.uniform(*PAUSE_S))
        if random.randrange(ENGINE_ONE_IN) == 0:
            kills["engine"] += _kill_engine()
            await _run(str(ENGINE))
            continue
        service = random.choice(services)
        _, out = await _run("docker", "inspect", "-f", "{{.State.Pid}}", f"{project}-{service}-1")
        if (pid := out.strip()).isdecimal() and int(pid) > 0:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
                kills[service] += 1


def _kill_engine() -> int:
    with suppress(OSError, ValueError):
        os.kill(int(PID_FILE.read_text()), signal.SIGKILL)
        return 1
    return 0


async def _order(accepted: list[int]) -> None:
    while True:
        code, out = await _meshctl("call", "orders", "POST", "/orders/", "-d", ORDER, "--json", "--timeout", "5s")
        if code == 0:
            accepted.append(json.loads(out)["body"]["id"])
        await asyncio.sleep(0.2)


async def _agreement(topic: Any, code: int, told: str) -> str:
    """'' or who says something else."""
    deadline = time.monotonic() + SETTLED_WITHIN_S
    while True:
        _, listed = await _meshctl("ps", "--json")
        rows = json.loads(listed)
        ready = all(row["ready"] == row["desired"] for row in rows)
        app = all(status.health in (Health.HEALTHY, Health.DONE) for status in topic.value.services)
        consul = next(row["instances"][0]["ports"]["http"] for row in rows if row["service"] == "consul")
        says = {
            "exit code": code == 0,
            "up": bool(json.loads(told)["ready"]),
            "ps": ready,
            "app": app,
            "consul": await asyncio.to_thread(
                _passing, consul, {r["service"] for r in rows if r["kind"] == "application"}
            ),
        }
        if len(set(says.values())) == 1:
            return "" if says["up"] else "all say not ready"
        if time.monotonic() > deadline:
            return f"{says}"
        await asyncio.sleep(0.5)


def _passing(consul: str, services: set[str]) -> bool:
    """Whether Consul lists one passing instance of each, and no other."""
    for service in services:
        with urllib.request.urlopen(f"http://{consul}/v1/health/service/{service}", timeout=5) as answer:
            entries = json.load(answer)
        if len(entries) != 1 or any(check["Status"] != "passing" for check in entries[0]["Checks"]):
            return False
    return True


async def _mails(accepted: list[int]) -> tuple[int, int]:
    """How many of these orders have no sent mail after a while, and how many more than one."""
    deadline = time.monotonic() + 60
    while True:
        sent: Counter[int] = Counter()
        offset = 0
        while True:
            _, out = await _meshctl(
                "call", "notifications", "GET", f"/notifications/?limit=500&offset={offset}", "--json"
            )
            page = json.loads(out)["body"]
            sent.update(int(one["order_id"]) for one in page if one["status"] == "sent")
            offset += len(page)
            if len(page) < 500:
                break
        lost = sum(1 for order in accepted if not sent[order])
        if not lost or time.monotonic() > deadline:
            return lost, sum(1 for order in accepted if sent[order] > 1)
        await asyncio.sleep(1)


async def _meshctl(*words: str) -> tuple[int, str]:
    return await _run(MESHCTL, *words)


async def _run(*argv: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()
