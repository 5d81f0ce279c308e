import dagster as dg


@dg.op
def extract() -> list[int]:
    return [3, 5, 8]


@dg.op
def load(context: dg.OpExecutionContext, rows: list[int]) -> None:
    context.log.info("%d rows", len(rows))


@dg.job
def nightly():
    load(extract())


defs = dg.Definitions(jobs=[nightly])
