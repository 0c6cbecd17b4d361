// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What the static libmicrohttpd and user/metrics/server_tls.c call of GnuTLS, which itself cannot be linked:
 * Debian has no static p11-kit and libunistring.  gnutls_check_version() returns NULL, by which server_tls_check()
 * knows; nothing but gnutls_global_init(), at the start of libmicrohttpd, is called after that.  They are weak, so
 * those of a static GnuTLS take precedence.
 */
#define LACKS(name)                            \
	__attribute__((weak)) long name(void); \
	long name(void)                        \
	{                                      \
		return 0;                      \
	}

LACKS(gnutls_alpn_set_protocols)
LACKS(gnutls_bye)
LACKS(gnutls_certificate_allocate_credentials)
LACKS(gnutls_certificate_free_credentials)
LACKS(gnutls_certificate_server_set_request)
LACKS(gnutls_certificate_set_dh_params)
LACKS(gnutls_certificate_set_retrieve_function2)
LACKS(gnutls_certificate_set_retrieve_function3)
LACKS(gnutls_certificate_set_x509_key_mem)
LACKS(gnutls_certificate_set_x509_key_mem2)
LACKS(gnutls_certificate_set_x509_trust_mem)
LACKS(gnutls_check_version)
LACKS(gnutls_cipher_get)
LACKS(gnutls_credentials_set)
LACKS(gnutls_deinit)
LACKS(gnutls_dh_params_deinit)
LACKS(gnutls_dh_params_import_pkcs3)
LACKS(gnutls_dh_params_init)
LACKS(gnutls_global_deinit)
LACKS(gnutls_global_init)
LACKS(gnutls_handshake)
LACKS(gnutls_init)
LACKS(gnutls_load_file)
LACKS(gnutls_priority_deinit)
LACKS(gnutls_priority_init)
LACKS(gnutls_priority_set)
LACKS(gnutls_protocol_get_version)
LACKS(gnutls_psk_allocate_server_credentials)
LACKS(gnutls_psk_free_server_credentials)
LACKS(gnutls_psk_set_server_credentials_function)
LACKS(gnutls_record_check_pending)
LACKS(gnutls_record_get_direction)
LACKS(gnutls_record_recv)
LACKS(gnutls_record_send)
LACKS(gnutls_session_get_ptr)
LACKS(gnutls_session_set_ptr)
LACKS(gnutls_session_set_verify_cert2)
LACKS(gnutls_strerror)
LACKS(gnutls_transport_set_int2)

__attribute__((weak)) void *(*gnutls_malloc)(unsigned long size);
__attribute__((weak)) void (*gnutls_free)(void *memory);
