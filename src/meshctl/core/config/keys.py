"""Every key the file knows: one table per mapping, read by the parser and printed as JSON Schema.

Keys of the Compose Specification that meshctl does not support are errors that say so, because a service
that silently lacks what its file asks for is worse. ``ignored`` are those without any effect here:
``expose`` and ``attach`` say nothing a mesh needs, ``tty`` and ``stdin_open`` concern an attached terminal,
``develop`` is another tool's, ``version`` is obsolete, ``mode`` of a port is for swarms, and
``start_interval`` because a starting service is probed several times a second anyway.
"""

from __future__ import annotations

from meshctl.core.config.table import (
    ANY,
    DURATION,
    ONE_OR_MORE,
    PAIRS,
    SCALAR,
    SIZE,
    STRINGS,
    WORDS,
    Table,
    any_of,
    flag,
    list_of,
    map_of,
    names,
    nullable,
    number,
    ref,
    text,
)
from meshctl.model.config import AppProtocol, Condition, ServiceKind

BUILD = Table(
    "build",
    {
        "context": text("the directory that is sent, relative to the file"),
        "dockerfile": text("relative to the context; Dockerfile if not given"),
        "args": PAIRS,
        "target": text("the stage that is built"),
    },
    unsupported=names(
        "additional_contexts cache_from cache_to dockerfile_inline entitlements extra_hosts isolation "
        "labels network no_cache platforms privileged pull secrets shm_size ssh tags ulimits"
    ),
)
ENV_FILE = Table(
    "env_file",
    {
        "path": text("relative to the file"),
        "required": flag("false: no error when it is not there"),
        "format": {"enum": ["raw"], "description": "raw: values are taken as they stand"},
    },
    required=("path",),
)
PORT = Table(
    "port",
    {
        "name": text("how healthcheck and meshctl call it"),
        "target": number("the port inside the container"),
        "published": number("the port on this machine; any free one if not given"),
        "host_ip": text("the address it listens on; 127.0.0.1 if not given"),
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
        "required": flag("false: no error when the service is not there"),
    },
    unsupported=frozenset({"restart"}),
)
HEALTHCHECK = Table(
    "healthcheck",
    {
        "http": text("a path that must answer 2xx or 3xx"),
        "grpc": any_of("the service asked by grpc.health.v1; empty for the whole server", SCALAR),
        "tcp": flag("true: the port takes a connection and keeps it"),
        "test": any_of("run in the container: a command line, [CMD, …], [CMD-SHELL, …] or NONE", ONE_OR_MORE),
        "disable": flag("true: no check, a running container is ready"),
        "port": text("a named port of the service"),
        "interval": DURATION,
        "timeout": DURATION,
        "retries": number("failures in a row that make it unhealthy"),
        "start_period": DURATION,
    },
    ignored=frozenset({"start_interval"}),
)
MOUNT = Table(
    "mount",
    {
        "type": {"enum": ["volume", "bind", "tmpfs"]},
        "source": text("a volume's name, or a path relative to the file"),
        "target": text("a path in the container"),
        "read_only": flag("true: the container cannot write to it"),
    },
    required=("type", "target"),
    ignored=frozenset({"consistency"}),
    unsupported=frozenset({"bind", "volume", "tmpfs", "image"}),
)
LIMITS = Table(
    "limits",
    {"cpus": number("cores: 0.5"), "memory": SIZE},
    unsupported=frozenset({"pids"}),
)
RESOURCES = Table("resources", {"limits": nullable("limits")}, unsupported=frozenset({"reservations"}))
DEPLOY = Table(
    "deploy",
    {"replicas": number("instances of the service"), "resources": nullable("resources")},
    unsupported=names("endpoint_mode labels mode placement restart_policy rollback_config update_config"),
)
MESH = Table(
    "mesh",
    {
        "register": any_of("the name in the registry; true for the service's own", SCALAR),
        "metrics": text("the path of Prometheus metrics"),
        "openapi": text("the path of the OpenAPI document"),
        "kind": {"enum": [str(word) for word in ServiceKind], "description": "what it is to the mesh"},
        "share_volumes": flag("true: several instances may write to the same volumes"),
    },
)
SERVICE_NETWORK = Table(
    "service_network",
    {},
    unsupported=names(
        "aliases driver_opts gw_priority interface_name ipv4_address ipv6_address link_local_ips mac_address priority"
    ),
)
SERVICE = Table(
    "service",
    {
        "image": text("an image reference; with build: used when it is here or can be pulled"),
        "build": {"anyOf": [{"type": "string"}, ref("build")]},
        "command": WORDS,
        "entrypoint": WORDS,
        "environment": PAIRS,
        "env_file": {
            "anyOf": [
                {"type": "string"},
                ref("env_file"),
                {"type": "array", "items": {"anyOf": [{"type": "string"}, ref("env_file")]}},
            ]
        },
        "ports": list_of({"anyOf": [{"type": ["string", "number"]}, ref("port")]}, "the ports it listens on"),
        "depends_on": {"anyOf": [STRINGS, map_of(nullable("dependency"), "service: condition")]},
        "healthcheck": ref("healthcheck"),
        "profiles": STRINGS,
        "volumes": list_of({"anyOf": [{"type": "string"}, ref("mount")]}, "volumes and binds"),
        "tmpfs": ONE_OR_MORE,
        "networks": {"anyOf": [STRINGS, map_of(nullable("service_network"), "network: {}")]},
        "restart": any_of("no, always, unless-stopped, on-failure or on-failure:N", SCALAR),
        "scale": number("instances of the service"),
        "deploy": ref("deploy"),
        "mem_limit": SIZE,
        "cpus": number("cores: 0.5"),
        "hostname": text("the container's host name"),
        "user": text("user or user:group"),
        "working_dir": text("a path in the container"),
        "labels": PAIRS,
        "stop_grace_period": DURATION,
        "stop_signal": text("the signal that asks it to stop"),
        "init": flag("true: an init process forwards signals and reaps"),
        "mesh": ref("mesh"),
    },
    ignored=names("attach develop expose stdin_open tty"),
    unsupported=names(
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
        "external": flag("true: it is there already and is never removed"),
        "name": text("the engine's name of an external volume"),
    },
    unsupported=frozenset({"driver", "driver_opts", "labels"}),
)
NETWORK = Table(
    "network",
    {"driver": {"enum": ["bridge"], "description": "bridge if not given"}},
    unsupported=names("attachable driver_opts enable_ipv4 enable_ipv6 external internal ipam labels name"),
)
EXPECT = Table(
    "expect",
    {
        "status": any_of("an HTTP status or a gRPC status name, or a list of them", SCALAR, STRINGS),
        "body": ANY,
        "headers": map_of(SCALAR, "name: value"),
        "within": DURATION,
    },
)
TRACE = Table(
    "trace",
    {
        "services": {**STRINGS, "description": "services the trace must reach"},
        "no_errors": flag("true: no span may have failed"),
        "within": DURATION,
    },
)
SMOKE = Table(
    "smoke",
    {
        "name": text("what is proven, in words"),
        "call": text("SERVICE METHOD /path or SERVICE pkg.Service/Method"),
        "data": ANY,
        "expect": ref("expect"),
        "trace": ref("trace"),
    },
    required=("call",),
)
ROOT = Table(
    "root",
    {
        "name": text("the project; the folder's name if not given"),
        "services": map_of(ref("service"), "the services by name"),
        "volumes": map_of(nullable("volume"), "the named volumes"),
        "networks": map_of(nullable("network"), "the networks besides default"),
        "registry": text("the service that is the registry; 'consul' if there is one"),
        "collector": text(
            "the service that collects traces, on ports named http and otlp-http; 'collector' if it has these"
        ),
        "smoke": list_of(ref("smoke"), "the checks of meshctl smoke"),
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
