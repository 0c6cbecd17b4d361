/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the user may have meant by a word that is refused: options in the form that is accepted.  Each
 * returns buf, or NULL if it has no idea.  Nothing is looked up in a network.
 */
#ifndef OPTIONS_HINT_H
#define OPTIONS_HINT_H

#define HINT_MAX 160

struct option_row;

/* Of an unknown option, with its hyphens and maybe its value ("--jsno", "--dport=80", "-j"). */
const char *hint_option(char buf[HINT_MAX], const char *word);

/* Of "-p ort": the argument makes a long option of the short one, which lacks a hyphen then. */
const char *hint_joined(char buf[HINT_MAX], const char *option, const char *arg);

/* Of a word that is no option: a process, an address, a format, a recording. */
const char *hint_word(char buf[HINT_MAX], const char *word);

/* Of an element of a list of ports, addresses or processes, as in "--port https". */
const char *hint_port(char buf[HINT_MAX], const char *element);
const char *hint_address(char buf[HINT_MAX], const char *element);
const char *hint_process(char buf[HINT_MAX], const char *element);

/*
 * Of a word that is none of those that this option accepts: the nearest of them, or what other programs call so.
 * NULL if the option does not accept words only.
 */
const char *hint_choice(char buf[HINT_MAX], const struct option_row *row, const char *word);

#endif
