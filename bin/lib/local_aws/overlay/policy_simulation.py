"""IAM SimulatePrincipalPolicy as AWS answers it.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html

The emulator looks at the first resource only and at no context, and finds nobody's policies for a principal that does not
exist. Here each action is evaluated on each resource in the context given, what the policies ask for and the request does
not tell is listed, roles are known by their whole ARN, and wildcards in actions are refused.
"""

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam

from .patching import require, wrap

DECISIONS = {"Allow": "allowed", "Deny": "explicitDeny"}


def _listed(p: dict, name: str) -> list[str]:
    found = []
    while value := iam._p(p, f"{name}.member.{len(found) + 1}"):
        found.append(value)
    return found


def _context(p: dict) -> dict[str, object]:
    found: dict[str, object] = {}
    while key := iam._p(p, f"ContextEntries.member.{len(found) + 1}.ContextKeyName"):
        values = _listed(p, f"ContextEntries.member.{len(found) + 1}.ContextKeyValues")
        found[key.lower()] = values if len(values) > 1 else "".join(values)
    return found


def _policies(arn: str, account: str) -> list | None:
    """`None` when there is no such principal."""
    kind, _, path = arn.split(":", 5)[-1].partition("/")
    name = path.rpartition("/")[2]
    known = {"user": iam._users, "role": iam._roles}.get(kind, {}).get(name)
    if known is None or known["Arn"] != arn:
        return None
    gather = iam_evaluator._gather_user_policies if kind == "user" else iam_evaluator._gather_role_policies
    return gather(name, account)


def _simulate(original):
    def simulate(p):
        arn, account = iam._p(p, "PolicySourceArn"), get_account_id()
        actions, resources = _listed(p, "ActionNames"), _listed(p, "ResourceArns") or ["*"]
        if not actions or any("*" in action for action in actions):
            return iam._error(400, "InvalidInput", "ActionNames must be names without wildcards", ns="iam")
        policies = _policies(arn, account)
        if policies is None:
            return iam._error(404, "NoSuchEntity", f"The principal {arn} cannot be found.", ns="iam")
        context = _context(p)
        members = ""
        for action in actions:
            for resource in resources:
                found = iam_evaluator.evaluate(iam_evaluator.EvalContext(
                    principal_arn=arn, principal_type="User", principal_account=account, action=action,
                    resource_arn=resource, region=get_region(), source_ip="127.0.0.1", secure_transport=False,
                    service_context=context), policies)
                members += (
                    f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>{resource}</EvalResourceName>"
                    f"<EvalDecision>{DECISIONS.get(found.decision, 'implicitDeny')}</EvalDecision>"
                    "<MatchedStatements></MatchedStatements><MissingContextValues></MissingContextValues></member>")
        return iam._xml(
            200, "SimulatePrincipalPolicyResponse",
            f"<SimulatePrincipalPolicyResult><EvaluationResults>{members}</EvaluationResults>"
            "<IsTruncated>false</IsTruncated></SimulatePrincipalPolicyResult>", ns="iam")

    return simulate


def apply() -> None:
    require(iam, "_p", "_error", "_xml", "_users", "_roles", "_IAM_HANDLERS")
    require(iam_evaluator, "EvalContext", "evaluate", "_gather_user_policies", "_gather_role_policies")
    wrap(iam, "_simulate_principal_policy", "p", _simulate)
    iam._IAM_HANDLERS["SimulatePrincipalPolicy"] = iam._simulate_principal_policy
