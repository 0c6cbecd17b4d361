// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options_rows.h"

#include "options_row.h"

/*
 * What clients of most hosts use, by the names of IANA's registry: ssh, smtp, domain, http, kerberos, ntp, ldap,
 * https, submissions, submission, domain-s, ldaps, imaps, ms-sql-s, oracle, nfs, etcd, mysql, postgresql, amqp,
 * redis, kubernetes, http-alt, https-alt, kafka, elasticsearch, cassandra, memcached and mongodb.
 */
static const uint16_t default_ports[] = {
	22,   25,   53,	  80,	88,   123,  389,  443,	465,  587,  636,  853,	993,   1433,  1521,
	2049, 2379, 3306, 5432, 5672, 6379, 6443, 8080, 8443, 9042, 9092, 9200, 11211, 27017,
};

static void set_default_ports(struct port_set *ports)
{
	for (size_t i = 0; i < sizeof(default_ports) / sizeof(default_ports[0]); i++)
		ports->words[default_ports[i] / 64] |= 1ULL << default_ports[i] % 64;
}

enum options_result options_check_rows(struct options *o, FILE *err)
{
	static const char metrics[] = "--metrics or --metrics-file";
	bool given = options_metrics(o);

	if (o->metrics_ports.given && !given)
		return options_refuse(err, "--metrics-ports", "requires metrics", metrics);
	if (o->metrics_rows && !given)
		return options_refuse(err, "--metrics-rows", "requires metrics", metrics);
	if (o->metrics_by != METRICS_BY_PORT && !given)
		return options_refuse(err, "--metrics-by", "requires metrics", metrics);
	if (o->metrics_file && o->read_file)
		return options_refuse(err, "--metrics-file", "conflicts with --read",
				      "only one of them");
	if (o->open && given)
		return options_refuse(err, "--open", "conflicts with --metrics",
				      "metrics count what is over, and what is open");
	if (!o->metrics_rows)
		o->metrics_rows = ROWS_DEFAULT;
	if (o->metrics_ports.given)
		port_set_settle(&o->metrics_ports);
	else
		set_default_ports(&o->metrics_ports);
	return OPTIONS_RUN;
}
