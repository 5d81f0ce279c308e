"""What boto3 makes of given answers: the yardstick for fgctl's decoders.

`Tests/SameAnswer/answers.json` holds answers as they come over the wire, `boto3.json` beside it what boto3 made of them.
`python -m judge.same_answer --write` makes the latter anew; a test fails when it is stale. The Swift tests
(`SameAnswerTests`) serve the same bytes to fgctl and compare with it.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
from botocore.client import Config

FOLDER = Path(__file__).resolve().parents[2] / "SameAnswer"
ANSWERS, RESULTS = FOLDER / "answers.json", FOLDER / "boto3.json"


def answers() -> list[dict[str, Any]]:
    return json.loads(ANSWERS.read_text(encoding="utf-8"))


def plain(value: Any) -> Any:
    """JSON with the types that it lacks spelt out; what botocore adds is left out."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items() if name != "ResponseMetadata"}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return {"$date": moment.timestamp()}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    return value


def results() -> dict[str, Any]:
    """By the answers' names."""
    current: dict[str, Any] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def serve(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = current["body"].encode()
            self.send_response(200)
            for name, text in ({"Content-Length": str(len(body))} | current.get("headers", {})).items():
                self.send_header(name, text)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_HEAD = serve

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    found = {}
    try:
        for answer in answers():
            current.clear()
            current.update(answer)
            client = boto3.client(
                answer["service"], region_name="eu-west-1", aws_access_key_id="AKIDEXAMPLE",
                aws_secret_access_key="no-secret", endpoint_url=f"http://127.0.0.1:{server.server_address[1]}",
                config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}))
            method = getattr(client, client_method(client, answer["operation"]))
            found[answer["name"]] = plain(method(**answer["arguments"]))
    finally:
        server.shutdown()
        server.server_close()
    return found


def client_method(client: Any, operation: str) -> str:
    names = {api: method for method, api in client.meta.method_to_api_mapping.items()}
    return names[operation]


def text(found: dict[str, Any]) -> str:
    return json.dumps(found, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="judge.same_answer", description="Shows what boto3 makes of the answers.")
    parser.add_argument("--write", action="store_true", help=f"into {RESULTS.name}")
    if parser.parse_args().write:
        RESULTS.write_text(text(results()), encoding="utf-8")
    else:
        sys.stdout.write(text(results()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
