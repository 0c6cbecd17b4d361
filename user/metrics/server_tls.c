// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "server_tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"

/* of one file */
#define BYTES_MAX (1 << 20)
/* how often it is looked whether the files have changed, at most */
#define LOOK_EVERY_NS NS_PER_S

enum { CERTIFICATE, KEY, CLIENT_CA, FILES };

struct server_credentials {
	gnutls_certificate_credentials_t x509;
	unsigned int users; /* sessions, and struct server_tls */
};

struct server_tls {
	const char *paths[FILES];
	struct stat seen[FILES]; /* as they were when they were read */
	struct server_credentials *current;
	uint64_t look_at_ns;
};

/* The content of a file, for gnutls_free().  0 or -errno. */
static int read_file(const char *path, gnutls_datum_t *content, struct stat *st)
{
	if (stat(path, st))
		return -errno;
	if (!S_ISREG(st->st_mode) || st->st_size > BYTES_MAX)
		return -EINVAL;
	errno = 0;
	if (gnutls_load_file(path, content) == GNUTLS_E_SUCCESS)
		return 0;
	return errno ? -errno : -EIO;
}

static void complain_of_file(const char *path, int err)
{
	if (err == -EACCES)
		message("--metrics-tls %s: %s (user %u must be able to read it, without capabilities: it is "
			"read again when it changes)",
			path, strerror(-err), geteuid());
	else
		message("--metrics-tls %s: %s", path, strerror(-err));
}

static int set_contents(gnutls_certificate_credentials_t x509, const gnutls_datum_t contents[FILES],
			const char *const paths[FILES])
{
	int n = gnutls_certificate_set_x509_key_mem(x509, &contents[CERTIFICATE], &contents[KEY],
						    GNUTLS_X509_FMT_PEM);

	if (n < 0) {
		message("--metrics-tls %s,%s: %s", paths[CERTIFICATE], paths[KEY],
			gnutls_strerror(n));
		return -EINVAL;
	}
	if (!paths[CLIENT_CA])
		return 0;
	n = gnutls_certificate_set_x509_trust_mem(x509, &contents[CLIENT_CA], GNUTLS_X509_FMT_PEM);
	if (n <= 0)
		message("--metrics-tls %s: %s", paths[CLIENT_CA],
			n ? gnutls_strerror(n) : "no certificate in it");
	return n <= 0 ? -EINVAL : 0;
}

void server_tls_end(struct server_credentials *c)
{
	if (!c || --c->users)
		return;
	if (c->x509)
		gnutls_certificate_free_credentials(c->x509);
	free(c);
}

/* The contents of the files become the current credentials. */
static int take_contents(struct server_tls *tls, const gnutls_datum_t contents[FILES])
{
	struct server_credentials *c = calloc(1, sizeof(*c));
	struct server_credentials *unused = c;
	int err = c && !gnutls_certificate_allocate_credentials(&c->x509) ? 0 : -ENOMEM;

	if (err)
		message("--metrics-tls: %s", strerror(-err));
	else
		err = set_contents(c->x509, contents, tls->paths);
	if (c)
		c->users = 1;
	if (!err) {
		unused = tls->current;
		tls->current = c;
	}
	server_tls_end(unused);
	return err;
}

/* 0, or -errno after a message. */
static int load(struct server_tls *tls)
{
	gnutls_datum_t contents[FILES] = { { NULL, 0 } };
	int err = 0;

	for (int i = 0; i < FILES && tls->paths[i] && !err; i++) {
		err = read_file(tls->paths[i], &contents[i], &tls->seen[i]);
		if (err)
			complain_of_file(tls->paths[i], err);
	}
	if (!err)
		err = take_contents(tls, contents);
	if (contents[KEY].data)
		explicit_bzero(contents[KEY].data, contents[KEY].size);
	for (int i = 0; i < FILES; i++)
		gnutls_free(contents[i].data);
	return err;
}

static bool has_changed(const char *path, const struct stat *seen)
{
	struct stat now;

	/* it may be between two versions */
	if (stat(path, &now))
		return false;
	return now.st_dev != seen->st_dev || now.st_ino != seen->st_ino ||
	       now.st_size != seen->st_size || now.st_mtim.tv_sec != seen->st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != seen->st_mtim.tv_nsec;
}

/* By the time of a scrape, so that an idle program has nothing to do. */
static void look(struct server_tls *tls)
{
	uint64_t now_ns = clock_monotonic_ns();
	bool changed = false;

	if (now_ns < tls->look_at_ns)
		return;
	tls->look_at_ns = now_ns + LOOK_EVERY_NS;
	for (int i = 0; i < FILES && tls->paths[i]; i++)
		changed |= has_changed(tls->paths[i], &tls->seen[i]);
	if (changed)
		load(tls);
}

int server_tls_check(void)
{
	/* see kernel/static/gnutls.c */
	if (gnutls_check_version(NULL))
		return 0;
	message("--metrics-tls: this static program has no TLS (the one that needs shared libraries has)");
	return -ENOTSUP;
}

int server_tls_open(struct server_tls **tls, const struct tls_files *files)
{
	int err;

	*tls = calloc(1, sizeof(**tls));
	if (!*tls) {
		message("--metrics-tls: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	(*tls)->paths[CERTIFICATE] = files->certificate;
	(*tls)->paths[KEY] = files->key;
	(*tls)->paths[CLIENT_CA] = files->client_ca;
	err = load(*tls);
	return err;
}

struct server_credentials *server_tls_begin(struct server_tls *tls, gnutls_session_t session)
{
	/* it stays where it is: the session has the pointer */
	static gnutls_typed_vdata_st of_client = {
		.type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT,
	};

	look(tls);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, tls->current->x509);
	if (tls->paths[CLIENT_CA]) {
		gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
		gnutls_session_set_verify_cert2(session, &of_client, 1, 0);
	}
	tls->current->users++;
	return tls->current;
}

void server_tls_close(struct server_tls *tls)
{
	if (!tls)
		return;
	server_tls_end(tls->current);
	free(tls);
}

int server_tls_none(gnutls_session_t session, const gnutls_datum_t *ca_names, int n_ca_names,
		    const gnutls_pk_algorithm_t *algorithms, int n_algorithms,
		    gnutls_pcert_st **certificates, unsigned int *n_certificates,
		    gnutls_privkey_t *key)
{
	(void)session;
	(void)ca_names;
	(void)n_ca_names;
	(void)algorithms;
	(void)n_algorithms;
	(void)certificates;
	(void)n_certificates;
	(void)key;
	return GNUTLS_E_INTERNAL_ERROR;
}
