"""Every call that changes something sends the idempotency token that AWS has for it."""

from pathlib import Path

from judge import models, records, tokens

PAGE = Path(__file__).resolve().parents[3] / "docs" / "aws-operations.md"


def test_every_operation_with_a_token_sends_it():
    assert tokens.faults(tokens.declared()) == []


def test_every_operation_that_was_seen_is_declared():
    """The walk over the sources misses nothing that the end-to-end tests have seen."""
    known = {(operation.service, operation.name) for operation in tokens.declared()}
    assert records.listed(PAGE) - known == set()


def test_what_changes_something_is_marked():
    """By the words that AWS's names start with; nothing that changes something may pass as reading."""
    wrong = [one.where for one in tokens.declared() if one.mutates != models.mutates(one.name)]
    assert wrong == []


def test_a_missing_token_is_found():
    def fault(service, name, token=None, says=True, method="POST", mutates=True):
        return tokens.faults([tokens.Declared(service, name, mutates, token, says, method, name)])

    assert fault("ecs", "RunTask", "clientToken") == []
    assert "clientToken is an idempotency token" in fault("ecs", "RunTask")[0]
    assert "has no member token" in fault("ecs", "RunTask", "token")[0]
    assert "ClientRequestToken looks like" in fault("cloudformation", "DeleteStack")[0]
    assert "changes something: say" in fault("ecs", "StopTask", says=False)[0]
    assert fault("s3", "PutObject", says=False, method="PUT") == []
    assert fault("ecs", "DescribeTasks", says=False, mutates=False) == []
