/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Gives the terminal back when the program crashes, or calls exit(). */
#ifndef SCREEN_RESCUE_H
#define SCREEN_RESCUE_H

/* Remembers the terminal as it is, before ncurses changes it. */
void screen_rescue_prepare(void);

/* leave: what leaves the screen, from terminfo; NULL or (char *)-1: the terminal has none. */
void screen_rescue_arm(const char *leave);
void screen_rescue_disarm(void);

#endif
