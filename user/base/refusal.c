// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "refusal.h"

#include <errno.h>

const char *refusal_advice(const struct refusal *r)
{
	if (r->err == -EPERM || r->ring_err == -EPERM)
		return "run it as root, or with CAP_BPF and CAP_PERFMON; before Linux 5.11 also with CAP_SYS_RESOURCE";
	if (r->ring_err == -EINVAL)
		return "this kernel has no BPF ring buffer: Linux 5.8 or newer is required";
	if (r->no_types)
		return "supply the type information of this kernel with --btf FILE, for example one from BTFHub";
	if (r->err == -ENOMEM || r->ring_err == -ENOMEM)
		return "use a smaller --max-connections or --ring";
	return "Linux 5.8 or newer is required; -v shows details, --features what this kernel offers";
}
