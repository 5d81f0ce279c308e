"""Runs a command and writes its exit code and peak memory to a file: `measured.py FILE COMMAND...`.

Linux counts the memory of the process that starts another as the other's own until it runs its program, so a large process
like pytest can't measure a small one itself.
"""

import json
import os
import sys

pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump({"code": os.waitstatus_to_exitcode(status), "peak": usage.ru_maxrss}, file)
