/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The kernel's type information, with an index: there are 100,000 types or more, and libbpf looks through all of them. */
#ifndef TYPES_H
#define TYPES_H

struct btf;
struct types;

/* Takes btf over; NULL: it is NULL, or there is no memory. */
struct types *types_index(struct btf *btf);

/* types: or NULL. */
void types_free(struct types *types);

const struct btf *types_btf(const struct types *types);

/* The number of the type of this name; kind: BTF_KIND_STRUCT, _ENUM, _TYPEDEF, _FUNC or _VAR.  -ENOENT: there is none. */
int types_find(const struct types *types, const char *name, unsigned int kind);

/*
 * Writes a BTF file, for libbpf, with those types that have the name of a type of `object`, and with what these
 * contain.  What is behind a pointer is left out.  fd: an empty file.  0 or -errno.
 */
int types_extract(const struct types *types, const struct btf *object, int fd);

#endif
