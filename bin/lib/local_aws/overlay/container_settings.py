"""Settings of a container definition that decide what runs: entryPoint, workingDirectory, user and others.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html

As with docker, an entry point in the definition replaces the image's and drops the image's command. An override's
command replaces the command and keeps the entry point:
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerOverride.html
"""

from ministack.services import ecs

from .patching import wrap

_PARAMETERS = "cdef td env port_bindings ecs_network host_mode task_id task_arn ministack_net_ip cluster_arn"


def _build_run_kwargs(original):
    def build(cdef, *rest):
        settings = original(cdef, *rest)
        if cdef.get("entryPoint"):
            settings["entrypoint"] = cdef["entryPoint"]
        if cdef.get("workingDirectory"):
            settings["working_dir"] = cdef["workingDirectory"]
        if cdef.get("user"):
            settings["user"] = cdef["user"]
        if cdef.get("readonlyRootFilesystem"):
            settings["read_only"] = True
        if (cdef.get("linuxParameters") or {}).get("initProcessEnabled"):
            settings["init"] = True
        return settings

    return build


def apply() -> None:
    wrap(ecs, "_build_run_kwargs", _PARAMETERS, _build_run_kwargs)
