// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Loads and attaches all programs of an object file, and keeps them until it is killed. */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct bpf_object *object = argc == 2 ? bpf_object__open(argv[1]) : NULL;
	struct bpf_program *program;

	if (!object || bpf_object__load(object)) {
		fprintf(stderr, "load: cannot load %s\n", argc == 2 ? argv[1] : "nothing");
		return 1;
	}
	bpf_object__for_each_program(program, object)
	{
		if (!bpf_program__attach(program)) {
			fprintf(stderr, "load: cannot attach %s\n", bpf_program__name(program));
			return 1;
		}
	}
	fprintf(stderr, "Tracing\n");
	for (;;)
		pause();
}
