// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The terminal, by ncurses.  What is on it is decided in render/top/. */
#include "screen.h"

#include <errno.h>
#include <locale.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "render/top/top.h"
#include "screen_rescue.h"
#include "screen_stderr.h"

/* how long a lone Esc may be the beginning of a key's sequence */
#define ESCAPE_MS 25
/* Ctrl-L */
#define REDRAW 12

struct screen {
	SCREEN *curses;
	struct top *top;
	struct top_page page;
	struct screen_stderr messages;
	bool colour;
};

int screen_check(const struct options *options)
{
	const char *which = !isatty(STDIN_FILENO)    ? "standard input"
			    : !isatty(STDOUT_FILENO) ? "standard output"
						     : NULL;

	if (!options->renderer->on_screen || !which)
		return 0;
	message("-o top: %s is no terminal (use -o none -s --by pid for a table)", which);
	return -ENOTTY;
}

/* ncurses needs to know how many columns a character takes; numbers stay in the "C" locale. */
static void set_characters(struct render_context *rc)
{
	if (!rc->utf8)
		return;
	setlocale(LC_CTYPE, "");
	if (MB_CUR_MAX == 1)
		setlocale(LC_CTYPE, "C.UTF-8");
	rc->utf8 = MB_CUR_MAX > 1;
}

static void set_colours(struct screen *s, const struct render_context *rc)
{
	s->colour = rc->colour && has_colors() && start_color() == OK &&
		    use_default_colors() == OK && init_pair(1, COLOR_RED, -1) == OK;
}

static int start_curses(struct screen *s, struct render_context *rc)
{
	const char *term = getenv("TERM");

	set_characters(rc);
	screen_rescue_prepare();
	s->curses = newterm(NULL, stdout, stdin);
	if (s->curses && !tigetstr("cup")) {
		endwin();
		delscreen(s->curses);
		s->curses = NULL;
	}
	if (!s->curses) {
		message("-o top: the terminal \"%s\" is not known (TERM=xterm or TERM=vt100 may do)",
			term ? term : "");
		return -ENOTTY;
	}
	screen_rescue_arm(tigetstr("rmcup"));
	set_term(s->curses);
	set_escdelay(ESCAPE_MS);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	set_colours(s, rc);
	return 0;
}

int screen_open(struct screen **screen, struct render_context *rc)
{
	struct screen *s = top_of(rc) ? calloc(1, sizeof(*s)) : NULL;
	int err;

	if (!s) {
		message("memory: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	s->top = top_of(rc);
	err = start_curses(s, rc);
	if (err) {
		free(s);
		return err;
	}
	screen_stderr_take(&s->messages);
	*screen = s;
	return 0;
}

void screen_close(struct screen *s)
{
	if (!s)
		return;
	endwin();
	delscreen(s->curses);
	screen_rescue_disarm();
	screen_stderr_give_back(&s->messages);
	free(s);
}

int screen_fd(const struct screen *s)
{
	return s ? STDIN_FILENO : -1;
}

static int key_of(int key)
{
	switch (key) {
	case KEY_UP:
		return TOP_UP;
	case KEY_DOWN:
		return TOP_DOWN;
	case KEY_LEFT:
		return TOP_LEFT;
	case KEY_RIGHT:
		return TOP_RIGHT;
	case KEY_PPAGE:
		return TOP_PAGE_UP;
	case KEY_NPAGE:
		return TOP_PAGE_DOWN;
	case KEY_HOME:
		return TOP_HOME;
	case KEY_END:
		return TOP_END;
	case KEY_ENTER:
	case '\r':
		return TOP_ENTER;
	case KEY_BACKSPACE:
	case '\b':
		return TOP_BACKSPACE;
	default:
		return key < 0x100 ? key : 0;
	}
}

bool screen_keys(struct screen *s)
{
	bool stay = true, any = false;
	int key;

	while (stay && (key = getch()) != ERR) {
		any = true;
		if (key == REDRAW)
			clearok(curscr, TRUE);
		else if (key != KEY_RESIZE && key_of(key))
			stay = top_key(s->top, key_of(key));
	}
	if (any && stay)
		screen_draw(s);
	return stay;
}

static void put_line(const struct screen *s, int at)
{
	static const attr_t attributes[TOP_STYLES] = {
		[TOP_BAR] = A_BOLD,
		[TOP_SELECTED] = A_REVERSE,
		[TOP_TROUBLE] = A_BOLD,
	};
	const struct top_line *line = &s->page.lines[at];
	attr_t attribute = attributes[line->style];

	if (line->style == TOP_TROUBLE && s->colour)
		attribute |= (attr_t)COLOR_PAIR(1);
	attrset(A_NORMAL);
	move(at, 0);
	clrtoeol();
	attrset(attribute);
	addstr(line->text);
	/* a bar reaches the right border */
	if (line->style == TOP_SELECTED)
		chgat(-1, attribute, 0, NULL);
	attrset(A_NORMAL);
}

static void say_news(struct screen *s)
{
	const char *line = screen_stderr_read(&s->messages);

	if (line)
		top_say(s->top, line);
}

void screen_draw(struct screen *s)
{
	int height, width;

	getmaxyx(stdscr, height, width);
	say_news(s);
	s->page.width = width > 0 ? (size_t)width : 1;
	s->page.height = height > 0 ? (size_t)height : 1;
	top_draw(s->top, &s->page);
	for (int i = 0; i < (int)s->page.height; i++)
		put_line(s, i);
	refresh();
}
