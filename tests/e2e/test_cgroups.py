# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""--cgroup and --container, live and in a recording."""
import json
import os

from cgroups import CONTAINER, POD, mount
from tracer import Tracer, replayed, run_tracer


def test_cgroup(world, tmp_path):
    """--cgroup: the subtree of one cgroup v2 directory, in a recording too when there is none such any more."""
    root = mount()
    ns = world.netns()
    name = f"tst-{os.getpid()}"
    path = os.path.join(root, name)
    inside, outside, server = world.agent(ns), world.agent(ns), world.agent(ns)
    os.makedirs(f"{path}/deeper")
    try:
        with open(f"{path}/deeper/cgroup.procs", "w") as f:
            f.write(str(inside.pid))
        # as it is mounted, and as JSON prints it
        tracer = Tracer("--cgroup", path, netns=ns)
        printed = Tracer("--cgroup", f"/{name}", netns=ns)
        recording = str(tmp_path / "all")
        whole = Tracer("-w", recording, netns=ns)
        port = server.listen("127.0.0.1")
        for agent in (inside, outside):
            agent.connect("127.0.0.1", port)
            server.accept()
            agent.close()
            server.recv_any()
            server.close()
        tracer.wait_count(2)
        printed.wait_count(2)
        whole.wait_count(8)
        for t in (tracer, printed, whole):
            t.stop()
        assert [c["pid"] for c in printed.chapters()] == [inside.pid] * 2
        assert [c["pid"] for c in tracer.chapters()] == [inside.pid] * 2
        assert all(c["cgroup"] == f"/{name}/deeper" for c in tracer.chapters())
    finally:
        inside.kill()
        os.rmdir(f"{path}/deeper")
        os.rmdir(path)
    want = [c for c in whole.chapters() if c["cgroup"] == f"/{name}/deeper"]
    assert len(want) == 2
    for spelled in (path, f"/{name}", f"/{name}/deeper/", f"/sys/fs/cgroup/{name}/deeper"):
        assert replayed(recording, "--cgroup", spelled) == want, spelled
    assert replayed(recording, "--cgroup", f"/{name}/deep") == []
    assert len(replayed(recording, "--cgroup", "/")) == 8


# another one in each process: two runs may be on a host
def test_workload(world, tmp_path):
    """Whose a connection is, by the path of the cgroup; of a process that has moved, by its path then."""
    root = mount()
    ns = world.netns()
    unit = f"tst-{os.getpid()}.service"
    pod = f"kubepods-burstable-pod{POD.replace('-', '_')}.slice"
    paths = [os.path.join(root, unit, *names) for names in ((), (pod,), (pod, f"cri-containerd-{CONTAINER}.scope"))]
    agents = [world.agent(ns) for _ in paths]
    server = world.agent(ns)
    for path, agent in zip(paths, agents):
        os.makedirs(path)
        with open(f"{path}/cgroup.procs", "w") as f:
            f.write(str(agent.pid))
    try:
        recording = str(tmp_path / "all")
        tracer = Tracer("-w", recording, "--role", "client", netns=ns)
        port = server.listen("127.0.0.1")
        for agent in agents:
            agent.connect("127.0.0.1", port)
            server.accept()
            agent.close()
            server.recv_any()
            server.close()
        tracer.wait_count(6)
        tracer.stop()
    finally:
        for agent, path in reversed(list(zip(agents, paths))):
            agent.kill()
            os.rmdir(path)
    want = {agents[0].pid: (unit, None, None), agents[1].pid: (unit, None, POD),
            agents[2].pid: (unit, CONTAINER, POD)}
    for chapters in (tracer.chapters(), replayed(recording)):
        assert {c["pid"]: (c["unit"], c["container_id"], c["pod_uid"]) for c in chapters} == want
    rows = rows_by("unit,pod,container", recording)
    assert {(r["unit"], r["pod_uid"], r["container"], r["connections"]) for r in rows} == {
        (unit, "none", "none", 1), (unit, POD, "none", 1), (unit, POD, CONTAINER[:12], 1)}


def rows_by(keys, recording):
    _, stdout, _ = run_tracer("-r", recording, "-o", "json", "-s", "--by", keys)
    return json.loads(stdout.splitlines()[-1])["rows"]


def test_container(world, tmp_path):
    """--container: by the first digits of its id, live and in a recording."""
    root = mount()
    ns = world.netns()
    path = os.path.join(root, f"tst-{os.getpid()}-docker-{CONTAINER}.scope")
    inside, outside, server = world.agent(ns), world.agent(ns), world.agent(ns)
    os.makedirs(path)
    try:
        with open(f"{path}/cgroup.procs", "w") as f:
            f.write(str(inside.pid))
        tracer = Tracer("--container", CONTAINER[:12], netns=ns)
        recording = str(tmp_path / "all")
        whole = Tracer("-w", recording, netns=ns)
        port = server.listen("127.0.0.1")
        for agent in (inside, outside):
            agent.connect("127.0.0.1", port)
            server.accept()
            agent.close()
            server.recv_any()
            server.close()
        tracer.wait_count(2)
        whole.wait_count(8)
        for t in (tracer, whole):
            t.stop()
        assert [c["pid"] for c in tracer.chapters()] == [inside.pid] * 2
    finally:
        inside.kill()
        os.rmdir(path)
    assert [c["pid"] for c in replayed(recording, "--container", CONTAINER[:4])] == [inside.pid] * 2
    assert replayed(recording, "--container", CONTAINER[1:9]) == []
    status, _, stderr = run_tracer("--container", CONTAINER)
    assert status == 2 and "no such container runs" in stderr
