"""The yardstick of the Swift tests is what boto3 says today."""

import json

from judge import same_answer


def test_what_boto3_makes_of_the_answers_is_written_down():
    written = json.loads(same_answer.RESULTS.read_text(encoding="utf-8"))
    assert written == json.loads(same_answer.text(same_answer.results())), (
        "stale: run 'cd Tests/Judge && ../../.build/venvs/tests/bin/python -m judge.same_answer --write'")


def test_every_protocol_is_there_once_at_least():
    names = [answer["name"] for answer in same_answer.answers()]
    assert len(names) == len(set(names))
    kinds = {name.partition(",")[0] for name in names}
    assert kinds == {"json 1.0", "json 1.1", "query", "ec2", "rest-json", "rest-xml"}
