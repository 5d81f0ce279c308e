"""schedule-next against implementations that are none of ours: aws-croniter for AWS's dialect, dateutil for LW, zoneinfo
for zones.

Where aws-croniter differs from AWS's page is said at `SPELLED` and `oracle`. Nothing here needs AWS: no env file, no network.
"""

from __future__ import annotations

import itertools
import json
import subprocess
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from aws_croniter import AwsCroniter
from dateutil.rrule import FR, MO, MONTHLY, TH, TU, WE, rrule

UTC = timezone.utc
HORIZON = datetime(2200, 1, 1, tzinfo=UTC)

EXPRESSIONS = [
    "0 0 * * ? *", "* * * * ? *", "59 23 31 12 ? *", "0 0 1 1 ? *", "*/7 * * * ? *", "5/59 * * * ? *", "3-50/9 * * * ? *",
    "0,15,30,45 8-17 ? * MON-FRI *", "0/5 8-17 ? * MON-FRI *", "0 11-23/4 ? * 2-6 *", "1-3,5,7-9/2 0/23 * * ? *",
    "0 0 31 * ? *", "0 0 30 * ? *", "0 0 29 2 ? *", "0 0 29 FEB ? 2028-2096", "0 0 31 APR,MAY ? *", "0 0 1-31/30 * ? *",
    "0 0 28-31 2 ? *", "0 0 */10 * ? *", "0 0 1,15,31 */3 ? *", "0 0 1 jan-DEC/3 ? *", "0 0 31 1/2 ? *",
    # L
    "0 0 L * ? *", "0 0 L 2 ? *", "0 0 L-1 * ? *", "0 0 L-3 * ? *", "0 0 L-27 * ? *", "0 0 L-28 2 ? *", "0 0 L-30 * ? *",
    "15 10 ? * 6L *", "15 10 ? * 6L 2022-2030", "0 0 ? * 1L *", "0 0 ? 2 7L *", "0 0 ? * 4L 2027/3", "0 0 ? * FRIL *",
    # W and LW
    "0 0 1W * ? *", "0 0 2W * ? *", "0 0 3W * ? *", "0 0 15W * ? *", "0 0 28W 2 ? *", "0 0 29W * ? *", "0 0 30W * ? *",
    "0 0 31W * ? *", "0 0 LW * ? *", "30 6 LW 2 ? *", "0 0 LW 5,8,11 ? *",
    # '#'
    "0 9 ? * 2#1 *", "0 9 ? * 1#1 *", "0 9 ? * 7#1 *", "0 9 ? * FRI#2 *", "0 9 ? * 3#4 *", "0 9 ? * 5#5 *", "0 9 ? * 7#5 *",
    "0 9 ? 2 1#5 *", "0 9 ? 11 THU#4 *",
    # days of the week
    "0 0 ? * * *", "0 0 ? * SUN *", "0 0 ? * 1,7 *", "0 0 ? * 2,4,6 *", "0 0 ? * mOn *", "0 0 ? JAN,FEB,MAR MON,TUE *",
    "30-30 13-13 ? * 2,4,6 *", "0 0 ? * MON,WED-FRI *",
    # years
    "0 0 1 1 ? 2026/2", "0 0 1 1 ? 2027,2031,2199", "59 23 31 12 ? 2199", "5/59 0/23 1/31 1/12 ? 1970-2199/7",
    "0 0 1 3 ? 2095-2105", "0 0 * 2 ? 2100",
    # ranges over the end, and L as the last day of the week
    "0 22-6 * * ? *", "0 0 ? * SAT-SUN *", "0 0 ? * FRI-MON *", "0 0 ? * MON-SUN *", "0 0 1 NOV-FEB ? *", "50-10 * * * ? *",
    "0 0 ? * L *",
]

# What aws-croniter does not take (steps of years), or takes and never runs (L as a day of the week, which AWS's page
# names the last day of the week), in another spelling of the same.
SPELLED = {
    "0 0 ? * 4L 2027/3": f"0 0 ? * 4L {','.join(map(str, range(2027, 2200, 3)))}",
    "0 0 1 1 ? 2026/2": f"0 0 1 1 ? {','.join(map(str, range(2026, 2200, 2)))}",
    "5/59 0/23 1/31 1/12 ? 1970-2199/7": f"5/59 0/23 1/31 1/12 ? {','.join(map(str, range(1970, 2200, 7)))}",
    "0 0 ? * L *": "0 0 ? * SAT *",
}

STARTS = ["2026-11-21T08:36:54", "2027-02-27T23:59:00", "2095-12-31T23:59:59"]


def next_runs(binary, *arguments: str, cwd) -> list[list[str]]:
    """The lines of schedule-next, split at blanks."""
    ended = subprocess.run(
        [binary, "schedule-next", *arguments], cwd=cwd, env={"HOME": str(cwd)}, capture_output=True, text=True, timeout=240)
    assert ended.returncode == 0, ended.stderr
    return [line.split(maxsplit=1) for line in ended.stdout.splitlines()]


def oracle(expression: str, after: datetime, count: int) -> list[datetime]:
    """aws-croniter's next runs, in UTC. It gives up after ten jumps from field to field; it is asked again from later on."""
    if " LW " in expression:
        return last_weekdays(expression, after, count)
    cron = AwsCroniter(SPELLED.get(expression, expression))
    runs: list[datetime] = []
    at = after
    while len(runs) < count and at < HORIZON:
        found = cron.occurrence(at).next()
        if found is None:
            at += timedelta(days=150)
            continue
        runs.append(found)
        at = found
    return runs


def last_weekdays(expression: str, after: datetime, count: int) -> list[datetime]:
    """aws-croniter knows no LW: dateutil's rules do."""
    minute, hour, _, months, _, _ = expression.split()
    rule = rrule(
        MONTHLY, dtstart=datetime(2026, 1, 1, tzinfo=UTC), until=HORIZON, byweekday=(MO, TU, WE, TH, FR), bysetpos=-1,
        bymonth=None if months == "*" else [int(month) for month in months.split(",")], byhour=int(hour),
        byminute=int(minute), bysecond=0)
    return list(itertools.islice(rule.xafter(after), count))


def text(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def test_there_are_enough():
    assert len(set(EXPRESSIONS)) >= 60


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_agrees_with_aws_croniter(fgctl_binary, tmp_path, expression):
    for start in STARTS:
        runs = next_runs(fgctl_binary, expression, "-n", "30", "--after", start, cwd=tmp_path)
        expected = oracle(expression, datetime.fromisoformat(start).replace(tzinfo=UTC), 30)
        assert [words[0] for words in runs] == [text(time) for time in expected], start


ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu", "Africa/Casablanca",
         "Europe/Dublin", "Pacific/Apia", "America/Nuuk", "Africa/Cairo"]
ZONED = ["30 2 * * ? *", "0 0 * * ? *", "*/20 1-3 * * ? *", "15 1 ? * SUN *", "0 3 L * ? *", "45 1 1-7 4,10,11 ? *",
         "30 0 ? * FRI,SUN *", "30 23 * * ? *"]
# A year of both kinds of change within the tables of zone files, and one long behind them.
ZONED_STARTS = ["2026-03-01T00:00:00", "2026-10-01T00:00:00", "2101-03-01T00:00:00"]


def zoned(expression: str, zone: ZoneInfo, after: datetime, count: int) -> list[tuple[str, bool, bool]]:
    """aws-croniter's times as times of a zone's clock: (run, comes twice, something before it was skipped)."""
    runs: list[tuple[str, bool, bool]] = []
    skipped = False
    for naive in oracle(expression, after, count * 3):
        first = naive.replace(tzinfo=zone, fold=0)
        second = naive.replace(tzinfo=zone, fold=1)
        if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != naive.replace(tzinfo=None):
            skipped = True
            continue
        runs.append((text(first), first.utcoffset() != second.utcoffset(), skipped))
        skipped = False
    return runs[:count]


@pytest.mark.parametrize("name", ZONES)
def test_zones_agree_with_zoneinfo(fgctl_binary, tmp_path, name):
    zone = ZoneInfo(name)
    marked = 0
    for expression in ZONED:
        for start in ZONED_STARTS:
            runs = next_runs(
                fgctl_binary, expression, "-n", "60", "--timezone", name, "--after", start, cwd=tmp_path)
            shown = [(words[0], words[1:] == ["double"], words[1:] != [] and words[1].startswith("gap: ")) for words in runs]
            # `--after` is a time of the zone's clock too.
            expected = zoned(expression, zone, datetime.fromisoformat(start).replace(tzinfo=UTC), 60)
            assert shown == expected, (expression, start)
            marked += sum(double or gap for _, double, gap in shown)
    assert marked > 0 or name in ("Asia/Kathmandu", "Pacific/Apia"), "no change of the clock was met"


# --- the command ----------------------------------------------------------------------------------------------------


def run(binary, cwd, *arguments):
    return subprocess.run(
        [binary, "schedule-next", *arguments], cwd=cwd, env={"HOME": str(cwd)}, capture_output=True, text=True, timeout=240)


@pytest.mark.parametrize("code, arguments, said", [
    (65, ["60 0 * * ? *"], "minutes (column 1)"),
    (65, ["0 0 * * * *"], "day-of-week (column 9)"),
    (65, ["@daily"], "write '0 0 * * ? *'"),
    (65, ["0 0 * * ? *", "--timezone", "europe/berlin"], "did you mean 'Europe/Berlin'?"),
    (65, ["0 0 * * ? *", "--timezone", "../../etc/passwd"], "unknown"),
    (64, ["0 0 * * ? *", "-n", "0"], "--number 0"),
    (64, ["0 0 * * ? *", "--after", "tomorrow"], "--after 'tomorrow'"),
    (64, [], "expr"),
])
def test_bad_input(fgctl_binary, tmp_path, code, arguments, said):
    refused = run(fgctl_binary, tmp_path, *arguments)
    assert refused.returncode == code and said in refused.stderr and refused.stdout == "", refused


def test_ten_in_utc_from_now_on(fgctl_binary, tmp_path):
    before = datetime.now(UTC)
    shown = run(fgctl_binary, tmp_path, "0/30 * * * ? *")
    times = [datetime.fromisoformat(line) for line in shown.stdout.splitlines()]
    assert shown.returncode == 0 and len(times) == 10
    # The half hour may have passed meanwhile.
    assert before < times[0] <= datetime.now(UTC) + timedelta(minutes=30)
    assert {later - time for time, later in itertools.pairwise(times)} == {timedelta(minutes=30)}


def test_json(fgctl_binary, tmp_path):
    shown = run(
        fgctl_binary, tmp_path, "30 2 * * ? *", "--timezone", "Europe/Berlin", "--after", "2027-03-27T12:00:00", "-n", "1",
        "--output", "json")
    assert json.loads(shown.stdout) == {
        "expression": "cron(30 2 * * ? *)", "timezone": "Europe/Berlin",
        "runs": [{"at": "2027-03-29T02:30:00+02:00", "utc": "2027-03-29T00:30:00Z", "mark": "gap",
                  "skipped": ["2027-03-28T02:30:00"]}]}


def test_says_that_it_never_runs(fgctl_binary, tmp_path):
    shown = run(fgctl_binary, tmp_path, "30 2 ? 3 1L *", "--timezone", "Europe/Berlin", "--after", "2026-11-21T00:00:00")
    assert shown.returncode == 0 and shown.stdout == "" and "it never runs: at 2027-03-28T02:30:00" in shown.stderr
