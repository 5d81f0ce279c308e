"""A SecureString parameter reaches the container decrypted.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-ssm-paramstore.html

The emulator would hand over the stored form.
"""

import threading

from ministack.services import ecs, ssm

from .patching import wrap

_for_container = threading.local()


def _resolve_container_secrets(original):
    def resolve(cdef):
        _for_container.now = True
        try:
            return original(cdef)
        finally:
            _for_container.now = False

    return resolve


def _resolve_parameter_value(original):
    def resolve(name_or_arn, version=None, decrypt=False):
        return original(name_or_arn, version, decrypt or getattr(_for_container, "now", False))

    return resolve


def apply() -> None:
    wrap(ecs, "_resolve_container_secrets", "cdef", _resolve_container_secrets)
    wrap(ssm, "resolve_parameter_value", "name_or_arn version decrypt", _resolve_parameter_value)
