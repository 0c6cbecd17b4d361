// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * seeds FOLDER RECORDING...: makes the first inputs of each target, in FOLDER/TARGET, from the
 * items of recordings, and FOLDER/options.dict from the table of options.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options_row.h"
#include "play.h"
#include "recording/recording.h"

#define PATH_ROOM 512
#define ROUND_TRIP_MAX 4096

struct seeds {
	const char *folder;
	const char *name; /* of the recording at hand */
	unsigned int n;	  /* items of it seen */
	/* the input of round_trip */
	uint8_t items[ROUND_TRIP_MAX];
	size_t len;
};

/* Command lines, with a blank between the words. */
static const char *const command_lines[] = {
	"tcpstates-trace -p 1 -f -c curl -L 80,443,8000-8999 -D 1-65535 --port=22",
	"tcpstates-trace -l 10.0.0.0/8,::1 -d 2001:db8::/33 --host ::ffff:1.2.3.4/120 -4",
	"tcpstates-trace --role client --netns net:[4026531840] --failed -6 -vqs",
	"tcpstates-trace --netns /proc/self/ns/net --cgroup /sys/fs/cgroup --no-accept",
	"tcpstates-trace --min-connect 0.5 --min-close 1500 -o json -t -w - -i 2. -u .25",
	"tcpstates-trace -r some.trace -p 4194304 -ocsv -T --output-file=out -n 7",
	"tcpstates-trace --max-connections 100 --ring 8 --attach kprobe -- true -x",
	"tcpstates-trace --help",
	"tcpstates-trace -V",
};

static const char *const requests[] = {
	"GET /metrics HTTP/1.1\r\nHost: localhost:9967\r\nUser-Agent: Prometheus/2.42.0\r\n"
	"Accept: application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
	"version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n"
	"Accept-Encoding: gzip\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n",
	"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: application/vnd.google.protobuf;"
	"proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,text/*\r\n\r\n",
	"HEAD /healthz HTTP/1.0\r\n\r\n",
	"POST /metrics?x=%20 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
	"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
	"GET /metrics HTTP/1.1\r\nHost: x\r\nCookie: a=b; c\r\nAuthorization: Basic eDp5\r\n"
	"Content-Length: 2\r\nConnection: keep-alive, upgrade\r\n\r\nab",
};

static FILE *create(const struct seeds *s, const char *target, const char *name, unsigned int n)
{
	char path[PATH_ROOM];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/%s-%u", s->folder, target, name, n);
	f = fopen(path, "we");
	if (!f) {
		perror(path);
		exit(1);
	}
	return f;
}

static void put(FILE *f, const void *data, size_t len)
{
	if (len)
		fwrite(data, len, 1, f);
}

static int seed_item(void *seeds, const struct item *item)
{
	struct seeds *s = seeds;
	const uint8_t head[] = { (uint8_t)item->type, (uint8_t)item->len,
				 (uint8_t)(item->len >> 8) };
	FILE *f = create(s, "record", s->name, s->n++);

	/* each style in turn */
	fputc((int)(s->n * 37 % 64), f);
	fputc(item->type, f);
	put(f, item->data, item->len);
	fclose(f);
	if (item->len <= UINT16_MAX && sizeof(s->items) - s->len >= sizeof(head) + item->len) {
		memcpy(s->items + s->len, head, sizeof(head));
		memcpy(s->items + s->len + sizeof(head), item->data, item->len);
		s->len += sizeof(head) + item->len;
	}
	return 0;
}

static void seed_file(const struct seeds *s, const char *path, unsigned int which)
{
	FILE *in = fopen(path, "re"), *out = create(s, "recording", s->name, 0);
	int c;

	if (!in) {
		perror(path);
		exit(1);
	}
	fputc((int)which, out);
	while ((c = getc(in)) != EOF)
		putc(c, out);
	fclose(in);
	fclose(out);
}

static void seed_recording(const char *folder, const char *path, unsigned int which)
{
	const char *slash = strrchr(path, '/');
	struct seeds s = { .folder = folder, .name = slash ? slash + 1 : path };
	FILE *f;

	if (recording_read(path, seed_item, &s))
		exit(1);
	seed_file(&s, path, which);
	f = create(&s, "round_trip", s.name, 0);
	put(f, "\xff\x01", 2);
	put(f, s.items, s.len);
	fclose(f);
}

static void seed_options(const char *folder)
{
	const struct seeds s = { .folder = folder };
	char path[PATH_ROOM];
	FILE *f;

	for (size_t i = 0; i < sizeof(command_lines) / sizeof(command_lines[0]); i++) {
		f = create(&s, "options", "words", (unsigned int)i);
		for (const char *c = command_lines[i]; *c; c++)
			putc(*c == ' ' ? '\n' : *c, f);
		fclose(f);
	}
	snprintf(path, sizeof(path), "%s/options.dict", folder);
	f = fopen(path, "we");
	if (!f) {
		perror(path);
		exit(1);
	}
	for (const struct option_row *row = options_table; !options_row_is_last(row); row++) {
		if (row->long_name)
			fprintf(f, "\"--%s\"\n", row->long_name);
		if (row->short_name)
			fprintf(f, "\"-%c\"\n", row->short_name);
		for (const struct choice *w = row->words; w && w->name; w++)
			fprintf(f, "\"%s\"\n", w->name);
	}
	fclose(f);
}

static void seed_requests(const char *folder)
{
	struct seeds s = { .folder = folder };

	for (unsigned int i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		FILE *f = create(&s, "metrics", "request", i);

		/* each is cut elsewhere */
		fputc((int)(i * 20), f);
		put(f, requests[i], strlen(requests[i]));
		fclose(f);
	}
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	seed_options(argv[1]);
	seed_requests(argv[1]);
	for (int i = 2; i < argc; i++)
		seed_recording(argv[1], argv[i], (unsigned int)i);
	return 0;
}
