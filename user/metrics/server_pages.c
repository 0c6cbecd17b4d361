// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "server_pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define TEXT_PLAIN "text/plain; charset=utf-8"
/* deflateInit2(): the largest window, with the header of gzip instead of zlib's; as much memory as by default */
#define GZIP_WINDOW (15 + 16)
#define GZIP_MEMORY 8

/* In memory of its own; NULL: there is none. */
static char *compress_page(const char *page, size_t len, size_t *compressed_len)
{
	z_stream z = { .next_in = (Bytef *)page, .avail_in = (uInt)len };
	char *compressed;
	uLong room;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	room = deflateBound(&z, (uLong)len);
	compressed = malloc(room);
	z.next_out = (Bytef *)compressed;
	z.avail_out = (uInt)room;
	if (compressed && deflate(&z, Z_FINISH) != Z_STREAM_END) {
		free(compressed);
		compressed = NULL;
	}
	*compressed_len = z.total_out;
	deflateEnd(&z);
	return compressed;
}

static struct MHD_Response *respond_text(const char *text, enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)text, mode);

	if (r)
		MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, TEXT_PLAIN);
	return r;
}

/* The page's bytes; *page is NULL after an error.  0 or -errno. */
static int write_page(const struct server_pages *pages, enum metrics_format format, char **page,
		      size_t *len)
{
	FILE *f = open_memstream(page, len);
	int err;

	if (!f)
		return -ENOMEM;
	err = pages->page(pages->ctx, f, format);
	if (fclose(f) && !err)
		err = -ENOMEM;
	if (err) {
		free(*page);
		*page = NULL;
	}
	return err;
}

/* NULL and *err, or a response to be destroyed. */
static struct MHD_Response *make_page(const struct server_pages *pages, enum metrics_format format,
				      bool gzip, int *err)
{
	struct MHD_Response *r;
	char *page, *compressed;
	size_t len;

	*err = write_page(pages, format, &page, &len);
	if (*err)
		return NULL;
	if (gzip) {
		compressed = compress_page(page, len, &len);
		free(page);
		page = compressed;
	}
	*err = -ENOMEM;
	r = page ? MHD_create_response_from_buffer(len, page, MHD_RESPMEM_MUST_FREE) : NULL;
	if (!r) {
		free(page);
		return NULL;
	}
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, metrics_content_type(format));
	MHD_add_response_header(r, MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding");
	if (gzip)
		MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
	return r;
}

static enum MHD_Result queue(struct MHD_Connection *connection, unsigned int status,
			     struct MHD_Response *r)
{
	enum MHD_Result result = MHD_NO;

	if (r) {
		MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
		result = MHD_queue_response(connection, status, r);
		MHD_destroy_response(r);
	}
	return result;
}

static enum MHD_Result queue_text(struct MHD_Connection *connection, unsigned int status,
				  const char *text)
{
	return queue(connection, status, respond_text(text, MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result queue_page(struct server_pages *pages, struct MHD_Connection *connection)
{
	enum metrics_format format = metrics_negotiate(
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
	bool gzip = metrics_accepts_gzip(
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
					    MHD_HTTP_HEADER_ACCEPT_ENCODING));
	struct MHD_Response **r = &pages->made[format][gzip];
	char text[256];
	int err = 0;

	if (!*r)
		*r = make_page(pages, format, gzip, &err);
	if (*r)
		return MHD_queue_response(connection, MHD_HTTP_OK, *r);
	snprintf(text, sizeof(text), "the page could not be made: %s\n", strerror(-err));
	return queue(connection, MHD_HTTP_INTERNAL_SERVER_ERROR,
		     respond_text(text, MHD_RESPMEM_MUST_COPY));
}

static enum MHD_Result queue_not_allowed(struct MHD_Connection *connection)
{
	struct MHD_Response *r = respond_text("only GET and HEAD\n", MHD_RESPMEM_PERSISTENT);

	if (r)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	return queue(connection, MHD_HTTP_METHOD_NOT_ALLOWED, r);
}

enum MHD_Result server_pages_answer(void *pages, struct MHD_Connection *connection,
				    const char *path, const char *method, const char *version,
				    const char *body, size_t *body_len, void **request)
{
	bool metrics = !strcmp(path, "/metrics");

	(void)version;
	(void)body;
	(void)body_len;
	(void)request;
	if (!metrics && strcmp(path, "/healthz") != 0)
		return queue_text(connection, MHD_HTTP_NOT_FOUND,
				  "not found: the metrics are at /metrics\n");
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return queue_not_allowed(connection);
	return metrics ? queue_page(pages, connection)
		       : queue_text(connection, MHD_HTTP_OK, "ok\n");
}

void server_pages_forget(struct server_pages *pages)
{
	for (int format = 0; format < METRICS_FORMATS; format++) {
		for (int gzip = 0; gzip < 2; gzip++) {
			if (pages->made[format][gzip])
				MHD_destroy_response(pages->made[format][gzip]);
			pages->made[format][gzip] = NULL;
		}
	}
}
