/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Whose a cgroup is, as its path says: which unit of systemd(1), which container, which pod of Kubernetes.  Pure.
 *
 * A container's id is 64 hexadecimal digits, in a name as docker, containerd, CRI-O and podman give it:
 * "docker-ID.scope", "cri-containerd-ID.scope", "ID", "kubepods-...slice:cri-containerd:ID".  The monitor of a container
 * (conmon) is not in it.  Where one is within another, the innermost counts.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stdbool.h>

#define CONTAINER_ID_DIGITS 64
/* what docker ps and its like print of it */
#define CONTAINER_ID_SHORT 12
/* what --container takes at least */
#define CONTAINER_ID_MIN 4
/* a UUID; the pods of a kubelet's own files have 32 digits without dashes */
#define POD_UID_MAX 36
/* of a file's name */
#define UNIT_NAME_MAX 255

/* What it does not belong to is empty. */
struct workload {
	/*
	 * As `ps -o unit` prints it: the first name below the slices, "nginx.service", "user@1000.service",
	 * "docker-ID.scope".
	 */
	char unit[UNIT_NAME_MAX + 1];
	char container_id[CONTAINER_ID_DIGITS + 1];
	/* with dashes */
	char pod_uid[POD_UID_MAX + 1];
};

void workload_read(struct workload *w, const char *path);

/* Is this cgroup, or one above it, that of a container whose id begins with these digits? */
bool workload_in_container(const char *path, const char *digits);

#endif
