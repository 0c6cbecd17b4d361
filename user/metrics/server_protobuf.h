/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Prometheus' protobuf format: a histogram is a classic one and a native one in the same sample. */
#ifndef METRICS_SERVER_PROTOBUF_H
#define METRICS_SERVER_PROTOBUF_H

#include "exposition.h"

extern const struct exposition_format exposition_protobuf;

#endif
