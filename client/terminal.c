#include "client/terminal.h"
#include "client/width.h"
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define PROBE_MS                                                                                                       \
    300 /* a terminal across a slow line answers within this; one that does not know the question never does */

static bool is_dumb(void) {
    const char *kind = getenv("TERM");
    return !kind || !*kind || strcmp(kind, "dumb") == 0;
}

void terminal_measure(struct terminal *t) {
    struct winsize size;
    int file = t->out ? STDOUT_FILENO : STDERR_FILENO;
    t->columns = 0;
    if (!t->out && !t->err) return;
    if (ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) t->columns = size.ws_col;
    if (t->columns == 0) t->columns = 80;
}

void terminal_look(struct terminal *t, bool colour_wanted, unsigned ambiguous) {
    const char *no_color = getenv("NO_COLOR");
    *t = (struct terminal){.in = isatty(STDIN_FILENO) == 1,
                           .out = isatty(STDOUT_FILENO) == 1,
                           .err = isatty(STDERR_FILENO) == 1,
                           .ambiguous = ambiguous};
    t->colour = t->out && colour_wanted && !is_dumb() && !(no_color && *no_color);
    terminal_measure(t);
}

/* Reads "ESC [ row ; column R"; 0 where it does not come in time. */
static unsigned read_column(int file) {
    char answer[64];
    size_t size = 0;
    while (size < sizeof answer - 1) {
        struct pollfd wait = {.fd = file, .events = POLLIN};
        if (poll(&wait, 1, PROBE_MS) != 1 || read(file, answer + size, 1) != 1) return 0;
        if (answer[size++] == 'R') break;
    }
    answer[size] = '\0';
    const char *semicolon = strrchr(answer, ';');
    return semicolon ? (unsigned)strtoul(semicolon + 1, NULL, 10) : 0;
}

static unsigned probe(void) {
    static const char question[] = "\r\xe2\x80\x9c\033[6n";
    static const char wipe[] = "\r\033[K";
    int file = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (file < 0) return 1;
    unsigned column = 0;
    struct termios before, raw;
    if (tcgetattr(file, &before) == 0) {
        raw = before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        if (tcsetattr(file, TCSANOW, &raw) == 0) {
            if (write(file, question, sizeof question - 1) > 0) column = read_column(file);
            ssize_t wiped = write(file, wipe, sizeof wipe - 1);
            (void)wiped; /* nothing to do about it: the mark of the probe stays on the screen */
            tcsetattr(file, TCSANOW, &before);
        }
    }
    close(file);
    return column == 3 ? 2 : 1;
}

unsigned terminal_ambiguous(struct terminal *t) {
    if (t->ambiguous == 0) t->ambiguous = t->out && t->in && !is_dumb() ? probe() : 1;
    return t->ambiguous;
}

bool terminal_ask(const struct terminal *t, const char *question, char *answer, size_t room) {
    if (!t->in || !t->err) return false;
    fprintf(stderr, "%s", question);
    fflush(stderr);
    if (!fgets(answer, (int)room, stdin)) return false;
    answer[strcspn(answer, "\r\n")] = '\0';
    return true;
}

bool terminal_ask_hidden(const struct terminal *t, const char *question, char *answer, size_t room) {
    struct termios before, quiet;
    if (!t->in || !t->err || tcgetattr(STDIN_FILENO, &before) != 0) return false;
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    quiet.c_lflag |= ECHONL; /* the cursor goes on to the next line all the same */
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) != 0) return false;
    bool got = terminal_ask(t, question, answer, room);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    return got;
}

void terminal_state(const struct terminal *t, const char *line) {
    if (!t->err) return;
    size_t fit = t->columns > 1 ? width_fit(line, t->columns - 1, t->ambiguous ? t->ambiguous : 1) : strlen(line);
    fprintf(stderr, "\r\033[K%.*s", (int)fit, line);
    fflush(stderr);
}

void terminal_state_end(const struct terminal *t) {
    if (!t->err) return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
}
