#!/usr/bin/env python3
"""What a container of the rendered chart is told, line by line, with the tenants' folder at another place; and what has to hold
of its pod.

    tests/proof/chart.py RENDERED.yaml TENANTS [desk]
"""

import sys

import yaml

kinds = {one["kind"]: one for one in yaml.safe_load_all(open(sys.argv[1])) if one}
spec = kinds["StatefulSet"]["spec"]
pod, pods = spec["template"]["spec"], spec["replicas"]
containers = {one["name"]: one for one in pod["containers"]}
container, desk = containers.pop("recount"), containers.pop("desk", None)
ports = {port["name"]: port["containerPort"] for one in (container, desk or {"ports": []}) for port in one["ports"]}
mounted = {mount["name"]: mount for mount in container["volumeMounts"] + (desk or {"volumeMounts": []})["volumeMounts"]}
offered = {volume["name"] for volume in pod["volumes"]} | {claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]}
safe = container["securityContext"]
served = {port["name"]: port["port"] for port in kinds["Service"]["spec"]["ports"]}
checks = {
    "holds nothing else": not containers,
    "runs as nobody in particular": pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] != 0,
    "writes nothing into its image": safe["readOnlyRootFilesystem"] and not safe["allowPrivilegeEscalation"],
    "has no capability": safe["capabilities"]["drop"] == ["ALL"],
    "has no key of the cluster": pod["automountServiceAccountToken"] is False,
    "reads tenants and keys": mounted["tenants"]["readOnly"] and mounted["keys"]["readOnly"],
    "mounts what there is": set(mounted) == offered,
    "is asked where it listens": f"--fleet-listen=0.0.0.0:{ports['metrics']}" in container["args"],
    "is one shard of all": f"--shard=$(POD_INDEX)/{pods}" in container["args"],
    "is found by what names it": spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items(),
    "is what the service sends to": kinds["Service"]["spec"]["selector"].items() <= spec["template"]["metadata"]["labels"].items(),
    "is let speak to its servers": kinds["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == spec["selector"]["matchLabels"],
    "goes one at a time": kinds["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1,
}
if desk:
    toml = kinds["ConfigMap"]["data"]["desk.toml"]
    told = {one["name"]: one.get("value") for one in desk["env"]}
    into = {mount["name"]: mount["mountPath"] for mount in desk["volumeMounts"]}
    checks |= {
        "the desk is as safe": desk["securityContext"] == safe and desk["image"] == container["image"],
        "the desk is one shard of all": f"--shard=$(POD_INDEX)/{pods}" in desk["args"],
        "the desk reads its file": told["RECOUNT_DESK"] == into["desk"] + "/desk.toml",
        "both know the same desk": told["RECOUNT_DESK"] in [one.get("value") for one in container["env"]],
        "the desk is reached where it listens": f'listen = "0.0.0.0:{ports["desk"]}"' in toml and served["desk"] == ports["desk"],
        "the desk has its certificate": toml.count(into["tls"] + "/") == 2,
        "the desk keeps its people on the pod's volume": f'state = "{into["state"]}/' in toml,
        "the desk is let be spoken to": {"port": "desk"} in kinds["NetworkPolicy"]["spec"]["ingress"][0]["ports"],
    }
wrong = [what for what, holds in checks.items() if not holds]
if wrong:
    sys.exit(f"a pod of the chart does not hold: {wrong}")
for argument in (desk if sys.argv[3:] else container)["args"]:
    print(argument.replace("$(POD_INDEX)", "0").replace("/tenants", sys.argv[2]).replace("/state/", sys.argv[2] + "-"))
