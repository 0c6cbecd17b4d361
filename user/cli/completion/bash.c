// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Prints the completion script for bash from the table of options.  It runs during the build. */
#include <stdio.h>
#include <string.h>

#include "cli/options_row.h"

static const char head[] =
	"# bash completion for tcpstates-trace(8)\n"
	"_tcpstates_trace()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words i\n"
	"\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\t[[ ${COMP_WORDS[i]} == -- ]] || continue\n"
	"\t\tif declare -F _command_offset >/dev/null; then\n"
	"\t\t\t_command_offset $((i + 1))\n"
	"\t\telif ((COMP_CWORD == i + 1)); then\n"
	"\t\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n"
	"\t\telse\n"
	"\t\t\tcompopt -o default\n"
	"\t\tfi\n"
	"\t\treturn\n"
	"\tdone\n"
	"\t# --option=argument comes as three words\n"
	"\tif [[ $cur == = ]]; then\n"
	"\t\tcur=\n"
	"\telif [[ $prev == = ]]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\tfi\n"
	"\tcase $prev in\n";

static const char tail[] = "\tesac\n"
			   "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
			   "}\n"
			   "complete -F _tcpstates_trace tcpstates-trace\n";

static void put_names(const struct option_row *row, const char *separator)
{
	if (row->short_name)
		printf("-%c", row->short_name);
	if (row->long_name)
		printf("%s--%s", row->short_name ? separator : "", row->long_name);
}

static bool arg_begins_with(const struct option_row *row, const char *name)
{
	return !strncmp(row->arg, name, strlen(name));
}

/* Prints what may follow an option, by the name of its argument. */
static void put_arguments(const struct option_row *row)
{
	printf("\t");
	put_names(row, " | ");
	if (arg_begins_with(row, "FILE") || arg_begins_with(row, "PATH")) {
		puts(") compopt -o default; return ;;");
	} else if (arg_begins_with(row, "NAME|PATH")) {
		puts(") compopt -o default; words=$(ls /run/netns 2>/dev/null) ;;");
	} else if (arg_begins_with(row, "PID")) {
		puts(") words=$(cd /proc && echo [1-9]*) ;;");
	} else {
		printf(") words='");
		options_put_words(row, " ", stdout);
		puts("' ;;");
	}
}

int main(void)
{
	const struct option_row *row;

	fputs(head, stdout);
	for (row = options_table; !options_row_is_last(row); row++)
		if (row->arg && row->help)
			put_arguments(row);
	printf("\t*) words='");
	for (row = options_table; !options_row_is_last(row); row++) {
		if (!options_row_is_option(row) || !row->help)
			continue;
		put_names(row, " ");
		putchar(' ');
	}
	puts("--' ;;");
	fputs(tail, stdout);
	return fflush(stdout) || ferror(stdout);
}
