"""Every key the file knows: one table per mapping, read by the parser and printed as JSON Schema.

Keys of the Compose Specification that meshctl does not support are errors that say so, because a service
that silently lacks what its file asks for is worse. ``ignored`` are those without any effect here:
``expose`` and ``attach`` say nothing a mesh needs, ``tty`` and ``stdin_open`` concern an attached terminal,
``develop`` is another tool's, ``version`` is obsolete, ``mode`` of a port is for swarms, and
``start_interval`` because a starting service is probed several times a second anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meshctl.model.config import AppProtocol, Condition, ServiceKind

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """The keys of one kind of mapping. ``name`` is its name in the schema, keys map to JSON Schema."""

    name: str
    keys: Mapping[str, Schema]
    required: tuple[str, ...] = ()
    ignored: frozenset[str] = field(default_factory=frozenset)
    unsupported: frozenset[str] = field(default_factory=frozenset)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _ref(name: str, description: str = "") -> Schema:
    found: dict[str, Any] = {"$ref": f"#/$defs/{name}"}
    return found | {"description": description} if description else found


def _text(description: str, **more: Any) -> Schema:
    return {"type": ["string", "number"], "description": description, **more}


def _flag(description: str) -> Schema:
    return {"type": ["boolean", "string"], "description": description}


def _number(description: str) -> Schema:
    return {"type": ["number", "string"], "description": description}


def _list(items: Schema, description: str) -> Schema:
    return {"type": "array", "items": items, "description": description}


def _map(values: Schema, description: str) -> Schema:
    return {"type": "object", "additionalProperties": values, "description": description}


def _any_of(description: str, *schemas: Schema) -> Schema:
    return {"anyOf": list(schemas), "description": description}


_ANY: Schema = {}
_NULL: Schema = {"type": "null"}
_STRINGS: Schema = {"type": "array", "items": {"type": ["string", "number"]}}
_SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
_PAIRS = _any_of("a mapping, or a list of KEY=value", _map(_SCALAR, "KEY: value"), _STRINGS)
_WORDS = _any_of("a list of arguments, or a command line", {"type": "string"}, _STRINGS, _NULL)
_ONE_OR_MORE = _any_of("one, or a list", {"type": "string"}, _STRINGS)
_DURATION = _text("a duration: 500ms, 1s, 1m30s")
_SIZE = _text("bytes: 512m, 1g")


def _nullable(name: str) -> Schema:
    return {"anyOf": [_ref(name), _NULL]}


BUILD = Table(
    "build",
    {
        "context": _text("the directory that is sent, relative to the file"),
        "dockerfile": _text("relative to the context; Dockerfile if not given"),
        "args": _PAIRS,
        "target": _text("the stage that is built"),
    },
    unsupported=_names(
        "additional_contexts cache_from cache_to dockerfile_inline entitlements extra_hosts isolation "
        "labels network no_cache platforms privileged pull secrets shm_size ssh tags ulimits"
    ),
)
ENV_FILE = Table(
    "env_file",
    {
        "path": _text("relative to the file"),
        "required": _flag("false: no error when it is not there"),
        "format": {"enum": ["raw"], "description": "raw: values are taken as they stand"},
    },
    required=("path",),
)
PORT = Table(
    "port",
    {
        "name": _text("how healthcheck and meshctl call it"),
        "target": _number("the port inside the container"),
        "published": _number("the port on this machine; any free one if not given"),
        "host_ip": _text("the address it listens on; 127.0.0.1 if not given"),
        "app_protocol": {"enum": [str(word) for word in AppProtocol], "description": "what is spoken there"},
        "protocol": {"enum": ["tcp", "udp"], "description": "tcp if not given"},
    },
    required=("target",),
    ignored=frozenset({"mode"}),
)
DEPENDENCY = Table(
    "dependency",
    {
        "condition": {"enum": [str(word) for word in Condition], "description": "service_started if not given"},
        "required": _flag("false: no error when the service is not there"),
    },
    unsupported=frozenset({"restart"}),
)
HEALTHCHECK = Table(
    "healthcheck",
    {
        "http": _text("a path that must answer 2xx or 3xx"),
        "grpc": _any_of("the service asked by grpc.health.v1; empty for the whole server", _SCALAR),
        "tcp": _flag("true: the port takes a connection and keeps it"),
        "test": _any_of("run in the container: a command line, [CMD, …], [CMD-SHELL, …] or NONE", _ONE_OR_MORE),
        "disable": _flag("true: no check, a running container is ready"),
        "port": _text("a named port of the service"),
        "interval": _DURATION,
        "timeout": _DURATION,
        "retries": _number("failures in a row that make it unhealthy"),
        "start_period": _DURATION,
    },
    ignored=frozenset({"start_interval"}),
)
MOUNT = Table(
    "mount",
    {
        "type": {"enum": ["volume", "bind", "tmpfs"]},
        "source": _text("a volume's name, or a path relative to the file"),
        "target": _text("a path in the container"),
        "read_only": _flag("true: the container cannot write to it"),
    },
    required=("type", "target"),
    ignored=frozenset({"consistency"}),
    unsupported=frozenset({"bind", "volume", "tmpfs", "image"}),
)
LIMITS = Table(
    "limits",
    {"cpus": _number("cores: 0.5"), "memory": _SIZE},
    unsupported=frozenset({"pids"}),
)
RESOURCES = Table("resources", {"limits": _nullable("limits")}, unsupported=frozenset({"reservations"}))
DEPLOY = Table(
    "deploy",
    {"replicas": _number("instances of the service"), "resources": _nullable("resources")},
    unsupported=_names("endpoint_mode labels mode placement restart_policy rollback_config update_config"),
)
MESH = Table(
    "mesh",
    {
        "register": _any_of("the name in the registry; true for the service's own", _SCALAR),
        "metrics": _text("the path of Prometheus metrics"),
        "openapi": _text("the path of the OpenAPI document"),
        "kind": {"enum": [str(word) for word in ServiceKind], "description": "what it is to the mesh"},
    },
)
SERVICE_NETWORK = Table(
    "service_network",
    {},
    unsupported=_names(
        "aliases driver_opts gw_priority interface_name ipv4_address ipv6_address link_local_ips mac_address priority"
    ),
)
SERVICE = Table(
    "service",
    {
        "image": _text("an image reference; with build: used when it is here or can be pulled"),
        "build": {"anyOf": [{"type": "string"}, _ref("build")]},
        "command": _WORDS,
        "entrypoint": _WORDS,
        "environment": _PAIRS,
        "env_file": {
            "anyOf": [
                {"type": "string"},
                _ref("env_file"),
                {"type": "array", "items": {"anyOf": [{"type": "string"}, _ref("env_file")]}},
            ]
        },
        "ports": _list({"anyOf": [{"type": ["string", "number"]}, _ref("port")]}, "the ports it listens on"),
        "depends_on": {"anyOf": [_STRINGS, _map(_nullable("dependency"), "service: condition")]},
        "healthcheck": _ref("healthcheck"),
        "profiles": _STRINGS,
        "volumes": _list({"anyOf": [{"type": "string"}, _ref("mount")]}, "volumes and binds"),
        "tmpfs": _ONE_OR_MORE,
        "networks": {"anyOf": [_STRINGS, _map(_nullable("service_network"), "network: {}")]},
        "restart": _any_of("no, always, unless-stopped, on-failure or on-failure:N", _SCALAR),
        "scale": _number("instances of the service"),
        "deploy": _ref("deploy"),
        "mem_limit": _SIZE,
        "cpus": _number("cores: 0.5"),
        "hostname": _text("the container's host name"),
        "user": _text("user or user:group"),
        "working_dir": _text("a path in the container"),
        "labels": _PAIRS,
        "stop_grace_period": _DURATION,
        "stop_signal": _text("the signal that asks it to stop"),
        "init": _flag("true: an init process forwards signals and reaps"),
        "mesh": _ref("mesh"),
    },
    ignored=_names("attach develop expose stdin_open tty"),
    unsupported=_names(
        "annotations blkio_config cap_add cap_drop cgroup cgroup_parent configs container_name cpu_count "
        "cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpuset credential_spec "
        "device_cgroup_rules devices dns dns_opt dns_search domainname extends external_links "
        "extra_hosts gpus group_add ipc isolation label_file links logging mac_address mem_reservation "
        "mem_swappiness memswap_limit models network_mode oom_kill_disable oom_score_adj pid pids_limit "
        "platform post_start pre_stop privileged provider pull_policy pull_refresh_after read_only "
        "runtime secrets security_opt shm_size storage_opt sysctls ulimits use_api_socket userns_mode "
        "uts volumes_from"
    ),
)
VOLUME = Table(
    "volume",
    {
        "external": _flag("true: it is there already and is never removed"),
        "name": _text("the engine's name of an external volume"),
    },
    unsupported=frozenset({"driver", "driver_opts", "labels"}),
)
NETWORK = Table(
    "network",
    {"driver": {"enum": ["bridge"], "description": "bridge if not given"}},
    unsupported=_names("attachable driver_opts enable_ipv4 enable_ipv6 external internal ipam labels name"),
)
EXPECT = Table(
    "expect",
    {
        "status": _any_of("an HTTP status or a gRPC status name, or a list of them", _SCALAR, _STRINGS),
        "body": _ANY,
        "headers": _map(_SCALAR, "name: value"),
        "within": _DURATION,
    },
)
TRACE = Table(
    "trace",
    {
        "services": {**_STRINGS, "description": "services the trace must reach"},
        "no_errors": _flag("true: no span may have failed"),
        "within": _DURATION,
    },
)
SMOKE = Table(
    "smoke",
    {
        "name": _text("what is proven, in words"),
        "call": _text("SERVICE METHOD /path or SERVICE pkg.Service/Method"),
        "data": _ANY,
        "expect": _ref("expect"),
        "trace": _ref("trace"),
    },
    required=("call",),
)
ROOT = Table(
    "root",
    {
        "name": _text("the project; the folder's name if not given"),
        "services": _map(_ref("service"), "the services by name"),
        "volumes": _map(_nullable("volume"), "the named volumes"),
        "networks": _map(_nullable("network"), "the networks besides default"),
        "registry": _text("the service that is the registry; 'consul' if there is one"),
        "collector": _text(
            "the service that collects traces, on ports named http and otlp-http; 'collector' if it has these"
        ),
        "smoke": _list(_ref("smoke"), "the checks of meshctl smoke"),
    },
    required=("services",),
    ignored=frozenset({"version"}),
    unsupported=frozenset({"configs", "include", "models", "secrets"}),
)

#: Every table but the root, which is the schema itself.
TABLES = (
    BUILD,
    DEPENDENCY,
    DEPLOY,
    ENV_FILE,
    EXPECT,
    HEALTHCHECK,
    LIMITS,
    MESH,
    MOUNT,
    NETWORK,
    PORT,
    RESOURCES,
    SERVICE,
    SERVICE_NETWORK,
    SMOKE,
    TRACE,
    VOLUME,
)
