// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "base/clock.h"
#include "base/message.h"
#include "reporter_parts.h"

static bool prints(const struct reporter *reporter)
{
	return reporter->renderer->chapter || reporter->renderer->transition ||
	       reporter->options->summary;
}

int reporter_open_recorder(struct reporter *reporter)
{
	const struct options *o = reporter->options;
	int err = recorder_create(&reporter->recorder, o, reporter->cgroups);

	if ((err != -ENOSPC && err != -EDQUOT) || !prints(reporter))
		return err;
	/* as if the disk was full a moment later */
	message("%s: the trace goes on without a recording", o->write_file);
	reporter->recording_failed = true;
	return 0;
}

/*
 * err: of the recorder, 0 or -errno.  After a failure the recording ends and the trace continues, unless it
 * prints nothing.  Returns 0, or err if the trace should end.
 */
static int check_recorder(struct reporter *reporter, int err)
{
	if (!err)
		return 0;
	/* -EPIPE: the reader has exited, which is no failure */
	if (err != -EPIPE)
		message("%s: %s (the recording ends here)", recorder_name(reporter->recorder),
			recorder_why(-err));
	recorder_abandon(reporter->recorder);
	reporter->recorder = NULL;
	reporter->recording_failed = err != -EPIPE;
	return prints(reporter) ? 0 : err;
}

int reporter_record_item(struct reporter *reporter, const struct item *item)
{
	int err;

	if (!reporter->recorder)
		return 0;
	err = recorder_item(reporter->recorder, item, clock_monotonic_ns());
	return check_recorder(reporter, err);
}

int reporter_flush_recorder(struct reporter *reporter)
{
	if (!reporter->recorder)
		return 0;
	return check_recorder(reporter, recorder_flush(reporter->recorder, clock_monotonic_ns()));
}

void reporter_end_recording(struct reporter *reporter)
{
	int err = recorder_close(reporter->recorder);

	reporter->recorder = NULL;
	if (!err || err == -EPIPE)
		return;
	message("%s: %s", reporter->options->write_file, recorder_why(-err));
	reporter->recording_failed = true;
}
