#!/usr/bin/env python3
"""What a pod of the rendered chart is told, line by line, with the tenants' folder at another place; and what has to hold of it.

    tests/proof/chart.py RENDERED.yaml TENANTS
"""

import sys

import yaml

kinds = {one["kind"]: one for one in yaml.safe_load_all(open(sys.argv[1])) if one}
spec = kinds["StatefulSet"]["spec"]
pod, pods = spec["template"]["spec"], spec["replicas"]
[container] = pod["containers"]
ports = {port["name"]: port["containerPort"] for port in container["ports"]}
mounted = {mount["name"]: mount for mount in container["volumeMounts"]}
offered = {volume["name"] for volume in pod["volumes"]} | {claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]}
safe = container["securityContext"]
checks = {
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
wrong = [what for what, holds in checks.items() if not holds]
if wrong:
    sys.exit(f"a pod of the chart does not hold: {wrong}")
for argument in container["args"]:
    print(argument.replace("$(POD_INDEX)", "0").replace("/tenants", sys.argv[2]).replace("/state/", sys.argv[2] + "-"))
