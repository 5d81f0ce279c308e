"""The judge: a recording reverse proxy between fgctl and AWS that checks every request.

It recomputes signatures with botocore's signer and reads the members back against botocore's service models. A fault
never changes the answer to the client; `report` lists what was found.
"""

from .faults import Fault
from .observed import Injection, Request
from .proxy import Judge
from .records import check as check_operations
from .records import operations, report

__all__ = ["Fault", "Injection", "Judge", "Request", "check_operations", "operations", "report"]
