/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the server answers. */
#ifndef METRICS_SERVER_PAGES_H
#define METRICS_SERVER_PAGES_H

#include <microhttpd.h>

#include "page.h"

/* The pages of one turn of the loop: scrapers that come at the same time share them. */
struct server_pages {
	metrics_page_fn page;
	void *ctx;
	/* in each format, plain and compressed */
	struct MHD_Response *made[METRICS_FORMATS][2];
};

/* An MHD_AccessHandlerCallback; pages is a struct server_pages. */
enum MHD_Result server_pages_answer(void *pages, struct MHD_Connection *connection,
				    const char *path, const char *method, const char *version,
				    const char *body, size_t *body_len, void **request);

void server_pages_forget(struct server_pages *pages);

#endif
