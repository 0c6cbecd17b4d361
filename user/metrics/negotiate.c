// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "negotiate.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define BLANK " \t"
#define Q_ONE 1000

/* A piece of a field's value. */
struct piece {
	const char *s;
	size_t len;
};

/* Cuts what is before the first separator off the rest, and blanks off both its ends. */
static struct piece cut(struct piece *rest, char separator)
{
	const char *end = memchr(rest->s, separator, rest->len);
	struct piece p = { rest->s, end ? (size_t)(end - rest->s) : rest->len };
	size_t used = p.len + (end != NULL);

	rest->s += used;
	rest->len -= used;
	while (p.len && strchr(BLANK, *p.s)) {
		p.s++;
		p.len--;
	}
	while (p.len && strchr(BLANK, p.s[p.len - 1]))
		p.len--;
	return p;
}

static bool is(struct piece p, const char *word)
{
	return p.len == strlen(word) && !strncasecmp(p.s, word, p.len);
}

/* "0.25" as thousandths; what is malformed is as if it were not there. */
static unsigned int parse_q(struct piece p)
{
	unsigned int q = 0, place = Q_ONE;

	if (!p.len || (p.s[0] != '0' && p.s[0] != '1') || (p.len > 1 && p.s[1] != '.'))
		return Q_ONE;
	q = (unsigned int)(p.s[0] - '0') * Q_ONE;
	for (size_t i = 2; i < p.len && place > 1; i++) {
		if (p.s[i] < '0' || p.s[i] > '9')
			return Q_ONE;
		place /= 10;
		q += (unsigned int)(p.s[i] - '0') * place;
	}
	return q < Q_ONE ? q : Q_ONE;
}

/* The parameters that a range must have if it names them; of the last format, it must name all. */
static const struct offer {
	const char *type, *family, *content_type;
	bool whole;
	struct {
		const char *name, *value;
	} parameters[2];
} offers[METRICS_FORMATS] = {
	[METRICS_TEXT] = { "text/plain", "text/*", "text/plain; version=0.0.4; charset=utf-8",
			   .parameters = { { "version", "0.0.4" } } },
	[METRICS_OPENMETRICS] = { "application/openmetrics-text", "application/*",
				  "application/openmetrics-text; version=1.0.0; charset=utf-8",
				  .parameters = { { "version", "1.0.0" } } },
	[METRICS_PROTOBUF] = { "application/vnd.google.protobuf", NULL,
			       "application/vnd.google.protobuf; "
			       "proto=io.prometheus.client.MetricFamily; encoding=delimited",
			       .whole = true,
			       .parameters = { { "proto", "io.prometheus.client.MetricFamily" },
					       { "encoding", "delimited" } } },
};
#define PARAMETERS 2

/* How closely a range of types names an offer: 0 not at all, 1 as any, 2 by its family, 3 by its type. */
static unsigned int closeness(const struct offer *offer, struct piece type)
{
	if (is(type, offer->type))
		return 3;
	return offer->family && is(type, offer->family) ? 2 : is(type, "*/*") ? 1 : 0;
}

static struct piece unquote(struct piece value)
{
	if (value.len > 1 && value.s[0] == '"' && value.s[value.len - 1] == '"') {
		value.s++;
		value.len -= 2;
	}
	return value;
}

/* Of the offer's parameters, this one: 1 it has this value, -1 another, 0 it is none of them. */
static int check_parameter(const struct offer *offer, struct piece name, struct piece value)
{
	for (size_t i = 0; i < PARAMETERS && offer->parameters[i].name; i++)
		if (is(name, offer->parameters[i].name))
			return is(unquote(value), offer->parameters[i].value) ? 1 : -1;
	return 0;
}

/* How closely one range names an offer; *q becomes its weight in thousandths. */
static unsigned int match(const struct offer *offer, struct piece range, unsigned int *q)
{
	unsigned int close = closeness(offer, cut(&range, ';'));
	int met = 0;

	*q = Q_ONE;
	while (range.len) {
		struct piece value = cut(&range, ';'), name = cut(&value, '=');

		if (is(name, "q"))
			*q = parse_q(value);
		else
			switch (check_parameter(offer, name, value)) {
			case 1:
				met++;
				break;
			case -1:
				return 0;
			}
	}
	return offer->whole && met < PARAMETERS ? 0 : close;
}

/* By the range that names the offer most closely (RFC 9110, 12.5.1). */
static unsigned int weight(const struct offer *offer, const char *accept, unsigned int *close)
{
	struct piece rest = { accept, strlen(accept) };
	unsigned int best = 0, q;

	*close = 0;
	while (rest.len) {
		unsigned int closer = match(offer, cut(&rest, ','), &q);

		if (closer > *close || (closer && closer == *close && q > best)) {
			*close = closer;
			best = q;
		}
	}
	return best;
}

enum metrics_format metrics_negotiate(const char *accept)
{
	enum metrics_format found = METRICS_TEXT;
	unsigned int best = 0, closest = 0, close, q;

	for (unsigned int i = 0; accept && i < METRICS_FORMATS; i++) {
		q = weight(&offers[i], accept, &close);
		/* of two that are as welcome, the one that is named, then the richer one */
		if (q > best || (q && q == best && close >= closest && close == 3)) {
			best = q;
			closest = close;
			found = (enum metrics_format)i;
		}
	}
	return found;
}

bool metrics_accepts_gzip(const char *accept_encoding)
{
	struct piece rest = { accept_encoding, accept_encoding ? strlen(accept_encoding) : 0 };
	bool named = false, accepted = false;

	while (rest.len) {
		struct piece parameters = cut(&rest, ','), coding = cut(&parameters, ';');
		unsigned int q = Q_ONE;

		while (parameters.len) {
			struct piece value = cut(&parameters, ';'), name = cut(&value, '=');

			if (is(name, "q"))
				q = parse_q(value);
		}
		if (is(coding, "gzip") || (is(coding, "*") && !named))
			accepted = q > 0;
		named |= is(coding, "gzip");
	}
	return accepted;
}

const char *metrics_content_type(enum metrics_format format)
{
	return offers[format].content_type;
}
