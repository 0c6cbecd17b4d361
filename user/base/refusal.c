// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "refusal.h"

#include <errno.h>

const char *refusal_advice(const struct refusal *r)
{
	if (r->err == -EPERM || r->ring_err == -EPERM)
		return "run it as root, or with CAP_BPF and CAP_PERFMON; before Linux 5.11 also "
		       "CAP_SYS_RESOURCE";
	if (r->ring_err == -EINVAL)
		return "this kernel has no BPF ring buffer: Linux 5.8 or newer is needed";
	if (r->no_types)
		return "this kernel does not describe its types: name a file that does with --btf "
		       "FILE, for example one from BTFHub";
	if (r->err == -ENOMEM || r->ring_err == -ENOMEM)
		return "a smaller --max-connections or --ring needs less";
	return "Linux 5.8 or newer is needed; -v shows more, --features what this kernel offers";
}
