/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The certificates of --metrics-tls, read again when their files change. */
#ifndef METRICS_SERVER_TLS_H
#define METRICS_SERVER_TLS_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "base/options.h"

struct server_tls;
struct server_credentials;

/* Has this program TLS?  0, or -errno after a message. */
int server_tls_check(void);

/* 0, or -errno after a message. */
int server_tls_open(struct server_tls **tls, const struct tls_files *files);

/*
 * For a new session, before its handshake: gives it the certificate that is in the files now, or after a message
 * the last one that was good, and asks its client for one if there is a CLIENT_CA.
 */
struct server_credentials *server_tls_begin(struct server_tls *tls, gnutls_session_t session);

/* When the session has been freed.  credentials may be NULL. */
void server_tls_end(struct server_credentials *credentials);

void server_tls_close(struct server_tls *tls);

/* A gnutls_certificate_retrieve_function2 for libmicrohttpd, never called: all sessions have credentials. */
int server_tls_none(gnutls_session_t session, const gnutls_datum_t *ca_names, int n_ca_names,
		    const gnutls_pk_algorithm_t *algorithms, int n_algorithms,
		    gnutls_pcert_st **certificates, unsigned int *n_certificates,
		    gnutls_privkey_t *key);

#endif
