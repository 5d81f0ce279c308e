"""The services that give credentials, on loopback: STS, IAM Identity Center, a container's endpoint, an instance's
metadata. What they hand out is known by its access key; every secret in it is a marker that nothing may repeat."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import urllib.parse
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from awscrt.crypto import EC, ECRawSignature

WEB_TOKEN = "marker-web-identity-token"
SSO_TOKEN = "marker-sso-access-token"


# Made for these tests.
LOGIN_KEY = """-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIELLBtvUJt6KMS77obwbQOMdBY7T/mEZwYn1zKT/BiDnoAoGCCqGSM49
AwEHoUQDQgAEod0nYs+jzCJzD3L0bZn+7MU/XvkE8FNehc1yTUlF4cVE3gSRISL+
a3O6Q6c8KrYRIsVIbo/U8r5fhaonu2pNMw==
-----END EC PRIVATE KEY-----
"""


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def check_proof(proof: str, url: str) -> None:
    """DPoP as RFC 9449 has it, signed by the session's key.
    :raises AssertionError: for anything else."""
    head, claims, signature = proof.split(".")
    key = EC.new_key_from_der_data(base64.b64decode("".join(LOGIN_KEY.splitlines()[1:-1])))
    x, y = key.get_public_coords()
    said = json.loads(unpadded(head))
    assert (said["typ"], said["alg"]) == ("dpop+jwt", "ES256")
    jwk = said["jwk"]
    assert (jwk["kty"], jwk["crv"], unpadded(jwk["x"]), unpadded(jwk["y"])) == ("EC", "P-256", x, y)
    said = json.loads(unpadded(claims))
    assert (said["htm"], said["htu"]) == ("POST", url)
    assert abs(said["iat"] - datetime.now(UTC).timestamp()) < 60
    assert said["jti"]
    raw = unpadded(signature)
    digest = hashlib.sha256(f"{head}.{claims}".encode()).digest()
    assert key.verify(digest, EC.encode_raw_signature(ECRawSignature(raw[:32], raw[32:])))


def later(minutes: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def refusal(code: str, message: str) -> str:
    return f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"


class CredentialServices:
    """`with CredentialServices() as services:`; `services.calls` are the operations so far."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.refuses = False
        self.has_instance_role = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> CredentialServices:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def count(self, operation: str) -> int:
        return self.calls.count(operation)

    def _handler(services) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def reply(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                status, text = services.answer(self.command, self.path, self.headers, body)
                data = text.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = reply

        return Handler

    def answer(self, method: str, path: str, headers, body: str) -> tuple[int, str]:
        form = dict(urllib.parse.parse_qsl(body)) if path == "/" else {}
        operation = form.get("Action") or f"{method} {path.split('?')[0]}"
        self.calls.append(operation)
        signer = headers.get("Authorization", "Credential=nobody/").split("Credential=")[-1].split("/")[0]
        if self.refuses:
            quoted = f"{headers}{body}".replace("<", "").replace("&", "+").replace('"', "").replace("\n", " ")
            if path == "/":
                return 403, refusal("AccessDenied", quoted)
            return 403, json.dumps({"__type": "AccessDeniedException", "message": quoted})
        match operation:
            case "GetCallerIdentity":
                return 200, (
                    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/"
                    f"{signer}</Arn><UserId>U</UserId><Account>111122223333</Account></GetCallerIdentityResult>"
                    "</GetCallerIdentityResponse>")
            case "AssumeRole":
                if "SerialNumber" in form and form.get("TokenCode") != "123456":
                    return 403, refusal("AccessDenied", "MFA")
                return 200, self._role(operation, f"ASIA{form['RoleArn'].split('/')[-1]}BY{signer}")
            case "AssumeRoleWithWebIdentity":
                if form.get("WebIdentityToken") != WEB_TOKEN or signer != "nobody":
                    return 400, refusal("InvalidIdentityToken", "no")
                return 200, self._role(operation, f"ASIA{form['RoleArn'].split('/')[-1]}WEB")
            case "GET /federation/credentials":
                if headers.get("x-amz-sso_bearer_token") != SSO_TOKEN:
                    return 401, json.dumps({"__type": "UnauthorizedException", "message": "no"})
                end = (datetime.now(UTC) + timedelta(hours=1)).timestamp() * 1000
                return 200, json.dumps({"roleCredentials": {
                    "accessKeyId": "ASIASSO", "secretAccessKey": "marker-sso-secret",
                    "sessionToken": "marker-sso-session", "expiration": int(end)}})
            case "POST /v1/token":
                check_proof(headers["DPoP"], f"{self.url}{path}")
                asked = json.loads(body)
                assert asked == {
                    "clientId": "arn:aws:signin:::devtools/same-device", "grantType": "refresh_token",
                    "refreshToken": "marker-login-refresh"}, asked
                return 200, json.dumps({
                    "accessToken": {"accessKeyId": "ASIALOGIN", "secretAccessKey": "marker-login-new-secret",
                                    "sessionToken": "marker-login-new-session"},
                    "tokenType": "aws_sigv4", "expiresIn": 900, "refreshToken": "marker-login-new-refresh"})
            case "GET /container":
                return 200, self._json("AKCONTAINER")
            case "PUT /latest/api/token" if self.has_instance_role:
                return 200, "marker-imds-token"
            case "GET /latest/meta-data/iam/security-credentials/" if self.has_instance_role:
                return 200, "instance-role"
            case "GET /latest/meta-data/iam/security-credentials/instance-role" if self.has_instance_role:
                return 200, self._json("AKINSTANCE")
        return 404, "{}"

    def _json(self, key: str) -> str:
        return json.dumps({
            "Code": "Success", "AccessKeyId": key, "SecretAccessKey": f"marker-secret-{key}",
            "Token": f"marker-token-{key}", "Expiration": later(60)})

    def _role(self, operation: str, key: str) -> str:
        return (
            f"<{operation}Response><{operation}Result><AssumedRoleUser><AssumedRoleId>AROA:s</AssumedRoleId>"
            f"<Arn>arn:aws:sts::111122223333:assumed-role/r/s</Arn></AssumedRoleUser><Credentials>"
            f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>marker-secret-{key}</SecretAccessKey>"
            f"<SessionToken>marker-token-{key}</SessionToken><Expiration>{later(60)}</Expiration></Credentials>"
            f"</{operation}Result></{operation}Response>")
