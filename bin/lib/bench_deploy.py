"""cf-create-stack beside `aws cloudformation deploy`, the same template at the same endpoint; exits 1 above ratio 1.0."""

import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time

ENDPOINT = os.environ.get("FGCTL_LOCAL_AWS", "http://127.0.0.1:4566")
ROUNDS = int(os.environ.get("FGCTL_BENCH_ROUNDS", "3"))
BAR = 1.0
# As the task template is, but without parameters that one of the two would have to look up.
TEMPLATE = """Resources:
  Cluster:
    Type: AWS::ECS::Cluster
  Logs:
    Type: AWS::Logs::LogGroup
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: "256"
      Memory: "512"
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - {Name: job, Image: "busybox:local"}
"""


def environment(folder):
    own = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1",
           "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": ENDPOINT, "HOME": folder}
    return {"PATH": os.environ["PATH"], **own}


def seconds(command, folder):
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return time.perf_counter() - start


def create(binary, aws, folder, name):
    """The two commands that create stack `name`, by who runs them."""
    return {
        "fgctl": [binary, "cf-create-stack", "0.1", "--template", "bench.yaml", "--set", f"STACK_NAME={name}"],
        "aws": [aws, "cloudformation", "deploy", "--template-file", "bench.yaml", "--stack-name", name,
                "--capabilities", "CAPABILITY_IAM"],
    }


def main():
    binary, aws = sys.argv[1], sys.argv[2]
    run = f"bench{secrets.token_hex(3)}"
    times = {"fgctl": [], "aws": []}
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "bench.yaml"), "w", encoding="utf-8") as file:
            file.write(TEMPLATE)
        os.makedirs(os.path.join(folder, "env"))
        # cf-create-stack asks for the image; an image that is there is part of what it is for.
        with open(os.path.join(folder, "env", "default"), "w", encoding="utf-8") as file:
            file.write(f"STACK_NAME={run}\nIMAGE_NAME={run}\n")
        ecr = [aws, "ecr"]
        seconds([*ecr, "create-repository", "--repository-name", run], folder)
        manifest = '{"schemaVersion": 2, "layers": [], "config": {"size": 2, "digest": "sha256:' + "0" * 64 + '"}}'
        seconds([*ecr, "put-image", "--repository-name", run, "--image-tag", "0.1", "--image-manifest", manifest], folder)
        made = []
        try:
            for index in range(ROUNDS):
                for who in ("fgctl", "aws") if index % 2 == 0 else ("aws", "fgctl"):
                    name = f"{run}-{who}-{index}"
                    made.append(name)
                    times[who].append(seconds(create(binary, aws, folder, name)[who], folder))
        finally:
            for name in made:
                seconds([aws, "cloudformation", "delete-stack", "--stack-name", name], folder)
            seconds([*ecr, "delete-repository", "--repository-name", run, "--force"], folder)
    medians = {who: statistics.median(values) for who, values in times.items()}
    ratio = medians["fgctl"] / medians["aws"]
    verdict = "ok" if ratio <= BAR else "MISSED"
    print(f"cf-create-stack {medians['fgctl']:.2f} s, aws cloudformation deploy {medians['aws']:.2f} s, "
          f"{ROUNDS} rounds: ratio {ratio:.2f} (bar {BAR}) {verdict}")
    sys.exit(ratio > BAR)


main()
