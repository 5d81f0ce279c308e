"""Under AUTH=true: CloudFormation makes, changes and deletes resources in the rights of its caller.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html

Without a service role CloudFormation calls each service as the user who executed the change set or asked for the
deletion. A right that is missing fails that resource. Which rights a type takes is in `resource_rights.py`. Roles that
a template makes have the boundary that it gives them, which the rights on roles may ask for.
"""

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam
from ministack.services.cloudformation import _stacks, provisioners, stacks

from ..resource_rights import RESOURCE_RIGHTS
from .authorization import Check, caller, passing
from .patching import enforces, require, wrap

_BOUNDARY = "iam:PermissionsBoundary"
_KINDS = {
    "AWS::EC2::VPC": "vpc", "AWS::EC2::Subnet": "subnet", "AWS::EC2::InternetGateway": "internet-gateway",
    "AWS::EC2::VPCGatewayAttachment": "internet-gateway", "AWS::EC2::RouteTable": "route-table",
    "AWS::EC2::Route": "route-table", "AWS::EC2::SubnetRouteTableAssociation": "route-table",
    "AWS::EC2::SecurityGroup": "security-group",
}
_IN_A_VPC = ("AWS::EC2::Subnet", "AWS::EC2::RouteTable", "AWS::EC2::SecurityGroup")


def _tags(stack: str) -> dict[str, str]:
    """The stack's tags, as conditions on what bears them see them."""
    tags = (_stacks.get(stack) or {}).get("Tags") or []
    return {f"aws:ResourceTag/{tag['Key']}": tag["Value"] for tag in tags}


def _checks(phase: str, type_: str, logical_id: str, physical_id: str, props: dict, stack: str) -> list[Check]:
    rights = RESOURCE_RIGHTS.get(type_)
    if rights is None:
        return []
    found = [
        Check(action, _resource(action, type_, logical_id, physical_id, props, stack),
              _context(action, rights.creating, type_, physical_id, props, stack))
        for action in getattr(rights, phase)]
    if phase == "create" and type_ in _IN_A_VPC:
        # Authorised on the VPC as well, which was tagged before.
        vpc = f"arn:aws:ec2:{get_region()}:{get_account_id()}:vpc/{props.get('VpcId', '*')}"
        found.append(Check(rights.creating, vpc, _tags(stack)))
    if phase == "create" or type_ == "AWS::ECS::TaskDefinition" and phase == "update":
        found += [passing(props[name], rights.passed_to) for name in rights.passes if props.get(name)]
    return found


def _resource(action: str, type_: str, logical_id: str, physical_id: str, props: dict, stack: str) -> str:
    service, _, operation = action.partition(":")
    arn = f"arn:aws:{service}:{get_region()}:{get_account_id()}:"
    if type_ in _KINDS:
        return "*" if operation.startswith("Describe") else f"{arn}{_KINDS[type_]}/{physical_id or '*'}"
    if service == "s3":
        return f"arn:aws:s3:::{props.get('BucketName') or props.get('Bucket') or physical_id}"
    if service == "iam" and operation == "CreateServiceLinkedRole":
        by = "rds" if type_.startswith("AWS::RDS") else "elasticloadbalancing"
        return f"arn:aws:iam::{get_account_id()}:role/aws-service-role/{by}.amazonaws.com/AWSServiceRole"
    if service == "iam":
        kind = "policy" if type_ == "AWS::IAM::ManagedPolicy" else "role"
        name = physical_id.rpartition("/")[2] or f"{stack}-{logical_id}-0"
        return f"arn:aws:iam::{get_account_id()}:{kind}/{name}"
    if service == "logs":
        group = "" if operation == "DescribeLogGroups" else props.get("LogGroupName") or physical_id
        return f"{arn}log-group:{group}:log-stream:"
    if service == "scheduler":
        name = props.get("Name") or physical_id
        return f"{arn}schedule/{name}/*" if operation == "DeleteSchedule" else f"{arn}schedule-group/{name}"
    if service in _FIELD:
        return _FIELD[service](arn, operation, type_, physical_id, props, stack, logical_id)
    if type_ == "AWS::ECS::Service":
        return f"{arn}service/{props.get('Cluster')}/{props.get('ServiceName') or physical_id.rpartition('/')[2]}"
    if type_ == "AWS::ECS::Cluster":
        return "*" if operation == "CreateCluster" else f"{arn}cluster/{props.get('ClusterName') or physical_id}"
    if operation == "TagResource":
        return f"{arn}task-definition/{props.get('Family')}:1"
    return "*"


def _elb(arn, operation, type_, physical_id, props, stack, logical_id) -> str:
    if operation.startswith("Describe"):
        return "*"
    kind = {"LoadBalancer": "loadbalancer/app", "TargetGroup": "targetgroup", "Listener": "listener/app"}
    # A listener is made on its load balancer.
    name = "LoadBalancer" if operation == "CreateListener" else type_.rpartition(":")[2]
    return f"{arn}{kind[name]}/{stack}-{logical_id[:6]}/0"


def _rds(arn, operation, type_, physical_id, props, stack, logical_id) -> str:
    kind = "subgrp" if type_ == "AWS::RDS::DBSubnetGroup" else "snapshot" if operation == "CreateDBSnapshot" else "db"
    return f"{arn}{kind}:{(physical_id or f'{stack}-{logical_id}').lower()}"


def _discovery(arn, operation, type_, physical_id, props, stack, logical_id) -> str:
    if operation in ("CreatePrivateDnsNamespace", "GetOperation"):
        return "*"
    return f"{arn}{'service' if type_ == 'AWS::ServiceDiscovery::Service' else 'namespace'}/{physical_id or '0'}"


#: How the services name what a template's resource is, before and after it is made.
_FIELD = {
    "ecr": lambda arn, operation, type_, physical_id, props, *_: f"{arn}repository/{props.get('RepositoryName') or physical_id}",
    "elasticloadbalancing": _elb, "rds": _rds, "servicediscovery": _discovery,
    "secretsmanager": lambda arn, operation, type_, physical_id, props, stack, _: (
        "*" if operation == "GetRandomPassword" else physical_id if type_ == "AWS::SecretsManager::Secret" and physical_id
        else f"{arn}secret:{props.get('Name') or f'{stack}/'}"),
    "route53": lambda arn, operation, *_: (
        "*" if operation in ("CreateHostedZone", "ListHostedZonesByName") else "arn:aws:route53:::hostedzone/0"),
    "ec2": lambda *_: "*",
}


def _context(action: str, creating: str, type_: str, physical_id: str, props: dict, stack: str) -> dict:
    if not physical_id and action in ("ec2:CreateTags", "ecs:TagResource"):
        return {f"{action.partition(':')[0]}:CreateAction": creating.partition(":")[2]}
    # What a route, an attachment or an association changes was made, and tagged, before it.
    if type_ in _KINDS and (action != creating or not creating.startswith("ec2:Create") or type_ == "AWS::EC2::Route"):
        return _tags(stack)
    if action == "iam:CreateServiceLinkedRole":
        by = "rds" if type_.startswith("AWS::RDS") else "elasticloadbalancing"
        return {"iam:AWSServiceName": f"{by}.amazonaws.com"}
    if type_ == "AWS::IAM::Role":
        role = iam._roles.get(physical_id) or {}
        boundary = role.get("PermissionsBoundary") if physical_id else props.get("PermissionsBoundary")
        return {_BOUNDARY: boundary} if boundary else {}
    return {}


def _authorize(phase: str, type_: str, logical_id: str, physical_id: str, props: dict, stack: str) -> None:
    """Raises with AWS's words when the caller may not do one of the things."""
    if not caller.get():
        return
    principal = iam_evaluator.resolve_principal(caller.get(), get_account_id())
    if isinstance(principal, iam_evaluator.AuthError):
        raise ValueError(principal.message)
    if principal.policies is None:
        return
    for check in _checks(phase, type_, logical_id, physical_id or "", props or {}, stack):
        context = iam_evaluator.EvalContext(
            principal_arn=principal.arn, principal_type=principal.type, principal_account=principal.account,
            action=check.action, resource_arn=check.resource, region=get_region(),
            service_context={key.lower(): value for key, value in check.context.items()},
            principal_keys=principal.keys)
        if iam_evaluator.evaluate(context, principal.policies, *principal.limits).decision != "Allow":
            raise ValueError(
                f"User: {principal.arn} is not authorized to perform: {check.action} on resource: {check.resource} "
                f"because no identity-based policy allows the {check.action} action")


def _provision(original):
    def provision(resource_type, logical_id, props, stack_name):
        _authorize("create", resource_type, logical_id, "", props, stack_name)
        result = original(resource_type, logical_id, props, stack_name)
        _bound(resource_type, result[0], props)
        return result

    return provision


def _update(original):
    def update(resource_type, physical_id, old_props, new_props, stack_name, logical_id=None, old_attrs=None):
        if old_props != new_props:
            _authorize("update", resource_type, logical_id or "", physical_id, new_props, stack_name)
        result = original(resource_type, physical_id, old_props, new_props, stack_name, logical_id, old_attrs)
        _bound(resource_type, result[0], new_props)
        return result

    return update


def _delete(original):
    def delete(resource_type, physical_id, props, stack_name=None, logical_id=None):
        _authorize("delete", resource_type, logical_id or "", physical_id, props, stack_name or "")
        return original(resource_type, physical_id, props, stack_name, logical_id)

    return delete


def _bound(type_: str, physical_id: str, props: dict) -> None:
    role = iam._roles.get(physical_id) if type_ == "AWS::IAM::Role" else None
    if role is not None and props.get("PermissionsBoundary"):
        role["PermissionsBoundary"] = props["PermissionsBoundary"]


def apply() -> None:
    if not enforces():
        return
    require(iam_evaluator, "resolve_principal", "evaluate", "EvalContext", "AuthError")
    require(iam, "_roles")
    for name, parameters, make in (
        ("_provision_resource", "resource_type logical_id props stack_name", _provision),
        ("_update_resource", "resource_type physical_id old_props new_props stack_name logical_id old_attrs", _update),
        ("_delete_resource", "resource_type physical_id props stack_name logical_id", _delete),
    ):
        wrap(provisioners, name, parameters, make)
        # The engine has imported them by name.
        require(stacks, name)
        setattr(stacks, name, getattr(provisioners, name))
