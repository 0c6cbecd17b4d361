// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Paths of cgroups, as the engines and systemd(1) name them. */
/* cmocka.h needs these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/workload.h"

#define ID "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define OUTER "0000000000000000000000000000000000000000000000000000000000000000"
#define UID "1a2b3c4d-0123-4567-89ab-cdef01234567"
#define UID_ "1a2b3c4d_0123_4567_89ab_cdef01234567"
/* of a pod that is in a file of the kubelet */
#define DIGITS "0123456789abcdef0123456789abcdef"
#define PODS "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice"

static const struct {
	const char *path, *unit, *container_id, *pod_uid;
} paths[] = {
	/* systemd(1) */
	{ "/", "", "", "" },
	{ "", "", "", "" },
	{ "/init.scope", "init.scope", "", "" },
	{ "/system.slice/nginx.service", "nginx.service", "", "" },
	{ "/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service", "", "" },
	{ "/user.slice/user-1000.slice/session-3.scope", "session-3.scope", "", "" },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/app-web.service",
	  "user@1000.service", "", "" },
	{ "/system.slice/_cpu.service", "cpu.service", "", "" },
	{ "/system.slice/docker.socket", "docker.socket", "", "" },
	{ "/machine.slice/systemd-nspawn@web.service/payload/system.slice/nginx.service",
	  "systemd-nspawn@web.service", "", "" },
	{ "/machine.slice/machine-web.scope/payload", "machine-web.scope", "", "" },
	{ "/system.slice", "", "", "" },
	{ "/batch/job.service", "", "", "" },
	/* docker, by systemd and by files */
	{ "/system.slice/docker-" ID ".scope", "docker-" ID ".scope", ID, "" },
	{ "/system.slice/docker-" ID ".scope/init.scope", "docker-" ID ".scope", ID, "" },
	{ "/docker/" ID, "", ID, "" },
	{ "/docker/" OUTER "/docker/" ID, "", ID, "" },
	/* Kubernetes with containerd and CRI-O */
	{ PODS "/cri-containerd-" ID ".scope", "cri-containerd-" ID ".scope", ID, UID },
	{ PODS "/crio-" ID ".scope", "crio-" ID ".scope", ID, UID },
	{ PODS "/crio-" ID ".scope/container", "crio-" ID ".scope", ID, UID },
	{ PODS "/crio-conmon-" ID ".scope", "crio-conmon-" ID ".scope", "", UID },
	{ PODS, "", "", UID },
	{ "/kubepods.slice/kubepods-pod" DIGITS ".slice/cri-containerd-" ID ".scope",
	  "cri-containerd-" ID ".scope", ID, DIGITS },
	{ "/kubepods/besteffort/pod" UID "/" ID, "", ID, UID },
	{ "/kubepods/pod" UID "/" ID, "", ID, UID },
	/* containerd and the kubelet have different drivers */
	{ "/system.slice/containerd.service/kubepods-besteffort-pod" UID_
	  ".slice:cri-containerd:" ID,
	  "containerd.service", ID, UID },
	/* kind: a node is a container */
	{ "/system.slice/docker-" OUTER ".scope/kubelet.slice/kubelet-kubepods.slice/"
	  "kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod" UID_
	  ".slice/cri-containerd-" ID ".scope",
	  "docker-" OUTER ".scope", ID, UID },
	{ "/docker/" OUTER "/kubelet/kubepods/burstable/pod" UID "/" ID, "", ID, UID },
	/* podman */
	{ "/machine.slice/libpod-" ID ".scope", "libpod-" ID ".scope", ID, "" },
	{ "/machine.slice/libpod-" ID ".scope/container", "libpod-" ID ".scope", ID, "" },
	{ "/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope", "", "" },
	{ "/libpod_parent/libpod-" ID, "", ID, "" },
	{ "/libpod_parent/conmon", "", "", "" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container",
	  "user@1000.service", ID, "" },
	/* none of them */
	{ "/docker/" ID "a", "", "", "" },
	{ "/podman/pod-web/podcast", "", "", "" },
	{ "/kubepods/pod" UID "0", "", "", "" },
	{ "/kubepods/xpod" UID, "", "", "" },
	{ "/kubepods/pod1a2b3c4d-0123", "", "", "" },
};

static void each_path(void **state)
{
	struct workload w;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		print_message("%s\n", paths[i].path);
		workload_read(&w, paths[i].path);
		assert_string_equal(w.unit, paths[i].unit);
		assert_string_equal(w.container_id, paths[i].container_id);
		assert_string_equal(w.pod_uid, paths[i].pod_uid);
	}
}

/* A name may be as long as that of a file, in a damaged recording longer. */
static void long_names(void **state)
{
	char path[600];
	struct workload w;

	(void)state;
	memset(path, 'a', sizeof(path));
	memcpy(path + 256 - 8, ".service", 9);
	path[0] = '/';
	workload_read(&w, path);
	assert_int_equal(strlen(w.unit), UNIT_NAME_MAX);
	memset(path + 1, 'a', 256);
	memcpy(path + 257 - 8, ".service", 9);
	workload_read(&w, path);
	assert_string_equal(w.unit, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_path),
		cmocka_unit_test(long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
