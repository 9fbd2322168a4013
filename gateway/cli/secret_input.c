#include "cli/secret_input.h"

#include "base/mem.h"
#include "base/str.h"
#include "crypto/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { SECRET_MAX = 16 << 10 };

static const char *from_env(void)
{
    return getenv("POSTERN_NEW_PASSWORD"); /* NOLINT(concurrency-mt-unsafe): one thread */
}

bool secret_input_given(const struct command *command)
{
    return command->password_stdin || from_env() != NULL;
}

/* A byte at a time: what stands behind the line is somebody else's. */
static ssize_t read_line(char line[SECRET_MAX])
{
    size_t len = 0;
    while (len < SECRET_MAX) {
        ssize_t got = read(STDIN_FILENO, line + len, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0 || line[len] == '\n') {
            return got < 0 ? -1 : (ssize_t)len;
        }
        len++;
    }
    return -1;
}

static ssize_t ask(const char *what, char line[SECRET_MAX])
{
    struct termios shown;
    bool terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
    if (terminal) {
        struct termios hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        (void)fprintf(stderr, "%s: ", what);
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    ssize_t len = read_line(line);
    if (terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        (void)fputc('\n', stderr);
    }
    return len;
}

int secret_input_line(const char *what, char **out)
{
    char line[SECRET_MAX];
    ssize_t len = ask(what, line);
    *out = NULL;
    if (len > 0 && line[len - 1] == '\r') {
        len--;
    }
    if (len <= 0 || memchr(line, '\0', (size_t)len) != NULL) {
        command_complain("there is no %s on stdin", what);
        crypto_wipe(line, sizeof(line));
        return EXIT_INVALID;
    }
    *out = str_dup(str_make(line, (size_t)len));
    crypto_wipe(line, sizeof(line));
    return EXIT_OK;
}

int secret_input(const struct command *command, char **out)
{
    if (command->password_stdin) {
        return secret_input_line("new password", out);
    }
    *out = from_env() == NULL ? NULL : str_dup(str_of(from_env()));
    return EXIT_OK;
}

void secret_input_done(char *secret)
{
    if (secret != NULL) {
        crypto_wipe(secret, strlen(secret));
        mem_free(secret);
    }
}
