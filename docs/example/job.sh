#!/bin/sh
# The example job: it says what it was told, does a little work, and ends with exit code 0.
set -eu

echo "hello from the nightly job"
echo "triggered at: ${TASK_TRIGGERED_AT:-unknown (not started by fgctl)}"
echo "now: $(date -u +%Y-%m-%dT%H:%M:%SZ)"
for step in extract transform load; do
    echo "step: $step"
done
echo "done"
