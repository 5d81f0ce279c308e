"""Local AWS with a CloudFormation that waits for ECS services, as AWS does.

The emulator settles a service in the moment in which it makes it. This proxy stands between the judge and the emulator and
tells of a service as AWS does: first that its creation was initiated, with its ARN, and that it is complete only when it
runs what it should, for a while; everything else, the tasks and their ends included, is the emulator's own. A stack that is
to stay under way needs something in it that waits as well, such as a wait condition.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ecs-service.html
"""

from __future__ import annotations

import re
import threading
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

# How long a task has to run before its service counts as settled.
STEADY = 4.0
MEMBER = re.compile(r"<member>(?:(?!</member>).)*</member>", re.DOTALL)


class SettlingAWS:
    """Listens on a loopback port: `with SettlingAWS("http://127.0.0.1:4566", ecs) as aws: Judge(aws.url)`."""

    def __init__(self, upstream: str, ecs: Any) -> None:
        parts = urlsplit(upstream)
        self.upstream, self.ecs = (parts.hostname, parts.port), ecs
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                connection = HTTPConnection(*proxy.upstream, timeout=60)
                try:
                    connection.request(self.command, self.path, body, dict(self.headers))
                    answer = connection.getresponse()
                    content = answer.read()
                finally:
                    connection.close()
                if parse_qs(body.decode("utf-8", "replace")).get("Action") == ["DescribeStackEvents"]:
                    content = proxy.settling(content.decode()).encode()
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _pass

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> SettlingAWS:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def settling(self, text: str) -> str:
        """The answer with the two events of a service that has come about, or the first of them."""
        def both(found: re.Match[str]) -> str:
            event = found[0]
            if "<ResourceType>AWS::ECS::Service<" not in event or "CREATE_COMPLETE</ResourceStatus>" not in event:
                return event
            arn = re.search(r"<PhysicalResourceId>(arn:[^<]+)<", event)
            assert arn is not None, event
            initiated = re.sub(r"(<EventId>[^<]*)<", r"\1-initiated<", event)
            initiated = initiated.replace("CREATE_COMPLETE</ResourceStatus>", "CREATE_IN_PROGRESS</ResourceStatus>")
            return (event if self.is_settled(arn[1]) else "") + initiated
        return MEMBER.sub(both, text)

    def is_settled(self, arn: str) -> bool:
        cluster, name = arn.split("/")[-2:]
        try:
            services = self.ecs.describe_services(cluster=cluster, services=[name])["services"]
        except self.ecs.exceptions.ClusterNotFoundException:
            return True  # deleted meanwhile
        if not services:
            return True
        arns = self.ecs.list_tasks(cluster=cluster, serviceName=name, desiredStatus="RUNNING")["taskArns"]
        tasks = self.ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
        steady = [t for t in tasks if "startedAt" in t and time.time() - t["startedAt"].timestamp() >= STEADY]
        return len(steady) >= services[0]["desiredCount"]
