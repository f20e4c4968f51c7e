"""Entry point of our Ray jobs: `python -m workers.cluster run SPEC_URI` and `... serve STORE_URL`.

The driver takes no CPU and imports no torch; it starts one actor that takes them and waits for it. When the driver ends, by
itself or because the job is stopped, Ray ends the actor with it.
"""

import os
import sys
from typing import Any

import ray

from labeling.version import code_version
from workers import store
from workers.actors import RunActor
from workers.serving import IDLE_SECONDS, Server

MAX_CPUS_PER_RUN = 8


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or arguments[0] not in ("run", "serve"):
        print("usage: python -m workers.cluster run SPEC_URI | serve STORE_URL", file=sys.stderr)
        return 2
    return run(arguments[1]) if arguments[0] == "run" else serve(arguments[1])


def run(spec_uri: str) -> int:
    """Carry out one attempt of a run; exit code 0 when it is done."""
    spec = store.read_json(spec_uri)
    if problem := version_problem(str(spec["code_version"])):
        result = {"state": "failed", "summary": {}, "outputs": {}, "completions": {}, "error": problem}
        store.write_json(store.join(spec_uri.rpartition("/")[0], "result.json"), result)
        print(problem, file=sys.stderr)
        return 1
    connect()
    remote: Any = ray.remote(RunActor)
    actor = remote.options(**resources(spec["config"])).remote()
    state: str = ray.get(actor.run.remote(spec_uri))
    print(f"run {spec['run_id']}, attempt {spec['attempt']}: {state}")
    return 0 if state == "done" else 1


def serve(store_url: str) -> int:
    """Let checkpoints write for the sampling box until nobody has asked for a while."""
    connect()
    remote: Any = ray.remote(Server)
    actor = remote.options(num_cpus=0, num_gpus=0, max_concurrency=2).remote()
    ray.get(actor.serve.remote(store_url, ray.util.get_node_ip_address(), code_version()))  # type: ignore[no-untyped-call]
    print(f"no request for {IDLE_SECONDS} s: the sampling server has ended")
    return 0


def connect() -> None:
    """Join the cluster whose job this is; Ray gives the address in RAY_ADDRESS."""
    if not os.environ.get("RAY_ADDRESS"):
        raise SystemExit("RAY_ADDRESS is not set: this program runs as a Ray job, which the site submits.")
    ray.init(log_to_driver=False, namespace="roundtable")


def version_problem(wanted: str) -> str:
    """Why this machine's code may not carry out the run; empty when it may."""
    if wanted == code_version():
        return ""
    return (
        f"The site that made this run has code version {wanted}, this cluster has {code_version()}. "
        "Install the same version on both, restart the site and the cluster, then retry the run."
    )


def resources(config: dict[str, Any]) -> dict[str, Any]:
    """CPUs (config.threads, else those of a node, at most 8) and a GPU when the cluster has one and the run may use it."""
    total = ray.cluster_resources()  # type: ignore[no-untyped-call]
    of_a_node = int(max((node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]), default=1))  # type: ignore[no-untyped-call]
    num_cpus = int(config.get("threads") or 0) or of_a_node
    has_gpu = total.get("GPU", 0) > 0 and config.get("device", "auto") != "cpu"
    return {"num_cpus": max(1, min(num_cpus, of_a_node, MAX_CPUS_PER_RUN)), "num_gpus": 1 if has_gpu else 0}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
