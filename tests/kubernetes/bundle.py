# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What kubelet and a container runtime make of a pod: an OCI bundle.

The image is built of the Containerfile by buildah and unpacked by umoci, whose configuration has the usual mounts and
masked paths; the rest is from the pod.
"""
import json
import os
import re

from manifests import BUILD, CONTAINERFILE, STATIC, output

# the runtime's, from which `drop` takes
DEFAULT = {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW",
           "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"}
UNITS = {"": 1, "m": 1e-3, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
PERIOD_US = 100000


def unpack(directory):
    """The bundle of the image."""
    storage = ["buildah", "--storage-driver", "vfs", "--root", f"{directory}/storage", "--runroot", f"{directory}/run"]
    output(*storage, "bud", "--isolation", "chroot", "-q", "-f", CONTAINERFILE, "-t", "it", STATIC)
    output(*storage, "push", "-q", "it", f"oci:{directory}/image:it")
    output("umoci", "unpack", "--image", f"{directory}/image:it", f"{directory}/bundle")
    return f"{directory}/bundle"


def quantity(value):
    number, unit = re.fullmatch(r"([0-9.]+)(\D*)", str(value)).groups()
    return float(number) * UNITS[unit]


def capabilities(wanted):
    """drop, then add"""
    drop, add = wanted.get("drop", []), wanted.get("add", [])
    kept = set() if "ALL" in drop else DEFAULT - set(drop)
    return sorted(f"CAP_{name}" for name in kept | set(add))


def seccomp(caps):
    """RuntimeDefault for a container with these capabilities."""
    with open(os.path.join(BUILD, "seccomp.json")) as f:
        profile = json.load(f)

    def applies(rule):
        if "amd64" not in rule["includes"].get("arches", ["amd64"]) or "amd64" in rule["excludes"].get("arches", []):
            return False
        return set(rule["includes"].get("caps", [])) <= set(caps) and not set(rule["excludes"].get("caps", [])) & set(caps)

    rules = [{k: rule[k] for k in ("names", "action", "args", "errnoRet") if rule.get(k) not in (None, [])}
             for rule in profile["syscalls"] if applies(rule)]
    return {"defaultAction": profile["defaultAction"], "defaultErrnoRet": profile["defaultErrnoRet"],
            "architectures": ["SCMP_ARCH_X86_64"], "syscalls": rules}


def namespaces(pod, host_network):
    """A path as the network of the host."""
    network = {"type": "network", "path": host_network} if pod.get("hostNetwork") else {"type": "network"}
    return [{"type": kind} for kind in ("mount", "ipc", "uts", "cgroup")] + [network] + \
        ([] if pod.get("hostPID") else [{"type": "pid"}])


def mounts(pod, container, usual):
    sources = {volume["name"]: volume["hostPath"]["path"] for volume in pod["volumes"]}
    of_pod = [{"destination": m["mountPath"], "type": "bind", "source": sources[m["name"]],
               "options": ["rbind", "rprivate", "ro" if m.get("readOnly") else "rw"]} for m in container["volumeMounts"]]
    taken = {m["destination"] for m in of_pod}
    return [m for m in usual if m["destination"] not in taken] + of_pod


def configure(bundle, pod, host_network, variables, more_args=()):
    """variables: what the node says for the fields that `env` names"""
    path = f"{bundle}/config.json"
    with open(path) as f:
        config = json.load(f)
    (container,) = pod["containers"]
    context, limits = container["securityContext"], container["resources"]["limits"]
    env = {e["name"]: variables[e["valueFrom"]["fieldRef"]["fieldPath"]] for e in container["env"]}
    caps = capabilities(context["capabilities"])
    process, linux = config["process"], config["linux"]
    process.update(terminal=False, noNewPrivileges=not context["allowPrivilegeEscalation"],
                   user={"uid": context["runAsUser"], "gid": context["runAsGroup"]},
                   capabilities={kind: caps for kind in ("bounding", "effective", "permitted")})
    process["args"] += [re.sub(r"\$\((\w+)\)", lambda m: env[m[1]], arg) for arg in container["args"]] + [*more_args]
    process["env"] += [f"{name}={value}" for name, value in env.items()]
    config["root"]["readonly"] = context["readOnlyRootFilesystem"]
    config["mounts"] = mounts(pod, container, config["mounts"])
    linux["namespaces"] = namespaces(pod, host_network)
    linux["resources"].update(memory={"limit": int(quantity(limits["memory"]))},
                              cpu={"period": PERIOD_US, "quota": int(quantity(limits["cpu"]) * PERIOD_US)})
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    linux["seccomp"] = seccomp(caps)
    with open(path, "w") as f:
        json.dump(config, f)
    return config
