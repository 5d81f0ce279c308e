"""ListServices refuses a cluster that does not exist.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html
"""

from ministack.core.responses import error_response_json
from ministack.services import ecs

from .patching import require, wrap


def _list_services(original):
    def answer(data):
        cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
        if cluster is None or cluster not in ecs._clusters:
            return error_response_json("ClusterNotFoundException", "Cluster not found.", 400)
        return original(data)

    return answer


def apply() -> None:
    require(ecs, "_clusters", "_resolve_cluster_name")
    wrap(ecs, "_list_services", "data", _list_services)
