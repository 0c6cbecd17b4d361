// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The format of a page of metrics, by what scrapers send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metrics/negotiate.h"

#define OPENMETRICS "application/openmetrics-text"
#define PROTOBUF "application/vnd.google.protobuf"
#define FAMILY "proto=io.prometheus.client.MetricFamily"

static const struct {
	const char *accept;
	enum metrics_format format;
} accepts[] = {
	{ NULL, METRICS_TEXT },
	{ "", METRICS_TEXT },
	{ "*/*", METRICS_TEXT },
	{ "text/plain", METRICS_TEXT },
	{ "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", METRICS_TEXT },
	{ "image/png", METRICS_TEXT },
	{ OPENMETRICS, METRICS_OPENMETRICS },
	{ "Application/OpenMetrics-Text ; Version=\"1.0.0\" ; charset=utf-8", METRICS_OPENMETRICS },
	{ "application/*", METRICS_OPENMETRICS },
	/* Prometheus 2.42 */
	{ OPENMETRICS ";version=1.0.0," OPENMETRICS
		      ";version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
	  METRICS_OPENMETRICS },
	/* the same, for native histograms */
	{ PROTOBUF ";" FAMILY ";encoding=delimited," OPENMETRICS ";version=1.0.0;q=0.8," OPENMETRICS
		   ";version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
	  METRICS_PROTOBUF },
	{ PROTOBUF "; encoding=delimited; " FAMILY ";q=0.5,text/plain;q=0.4", METRICS_PROTOBUF },
	{ PROTOBUF ";" FAMILY ";encoding=delimited;q=0.1," OPENMETRICS, METRICS_OPENMETRICS },
	/* other messages, and other encodings of this one */
	{ PROTOBUF, METRICS_TEXT },
	{ PROTOBUF ";" FAMILY, METRICS_TEXT },
	{ PROTOBUF ";encoding=delimited", METRICS_TEXT },
	{ PROTOBUF ";" FAMILY ";encoding=text", METRICS_TEXT },
	{ PROTOBUF ";proto=io.other.Family;encoding=delimited," OPENMETRICS, METRICS_OPENMETRICS },
	/* Prometheus 3 */
	{ OPENMETRICS ";version=1.0.0;escaping=allow-utf-8;q=0.5," OPENMETRICS
		      ";version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
		      "text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
	  METRICS_OPENMETRICS },
	/* other versions */
	{ OPENMETRICS ";version=0.0.1", METRICS_TEXT },
	{ OPENMETRICS ";version=0.0.1,text/plain;q=0.1", METRICS_TEXT },
	/* weights */
	{ "text/plain;q=0.9," OPENMETRICS ";q=0.91", METRICS_OPENMETRICS },
	{ "text/plain;q=0.910," OPENMETRICS ";q=0.91", METRICS_OPENMETRICS },
	{ "text/plain;q=0.911," OPENMETRICS ";q=0.91", METRICS_TEXT },
	{ OPENMETRICS ";q=0,*/*", METRICS_TEXT },
	{ OPENMETRICS ";q=0", METRICS_TEXT },
	{ "text/plain;q=0," OPENMETRICS ";q=0.001", METRICS_OPENMETRICS },
	{ "text/plain;q=0,*/*", METRICS_OPENMETRICS },
	{ "text/*;q=0.5," OPENMETRICS ";q=0.4", METRICS_TEXT },
	{ "text/*;q=0.5,text/plain;q=0.1," OPENMETRICS ";q=0.4", METRICS_OPENMETRICS },
	/* what is malformed counts as absent */
	{ OPENMETRICS ";q=x,text/plain;q=0.5", METRICS_OPENMETRICS },
	{ OPENMETRICS ";q=2,text/plain;q=0.5", METRICS_OPENMETRICS },
	{ ",,;;=;,=,", METRICS_TEXT },
	{ ";q=1", METRICS_TEXT },
	{ OPENMETRICS ";version=\"", METRICS_TEXT },
};

static void test_formats(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(accepts) / sizeof(accepts[0]); i++)
		if (metrics_negotiate(accepts[i].accept) != accepts[i].format)
			fail_msg("Accept: %s", accepts[i].accept);
}

static void test_gzip(void **state)
{
	static const char *const yes[] = { "gzip",	  "deflate, GZIP;q=1.0, *;q=0.5",
					   "*",		  "gzip;q=0.001",
					   "*;q=0, gzip", "br,\tgzip" };
	static const char *const no[] = { "",		"identity", "gzip;q=0",	 "gzip;q=0.000",
					  "gzip;q=0,*", "*;q=0",    "x-gzipped", "br, deflate" };

	(void)state;
	assert_false(metrics_accepts_gzip(NULL));
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!metrics_accepts_gzip(yes[i]))
			fail_msg("%s", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (metrics_accepts_gzip(no[i]))
			fail_msg("%s", no[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_gzip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
