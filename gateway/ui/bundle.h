/* bundle.h - the files of the web console, as they are in the program: gzip, made by cmake/ui.cmake
 * of what `./dev ui` has left. None where it was built without. */
#ifndef POSTERN_UI_BUNDLE_H
#define POSTERN_UI_BUNDLE_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct ui_file {
    struct str path; /* below /ui/ */
    struct str type;
    struct str digest; /* of its bytes, in hex */
    bool immutable;    /* its name changes with its bytes */
    struct str gzip;
};

struct ui_bundle {
    const struct ui_file *files;
    size_t count;
};

/* A program may bring along another one: it then takes the place of this. */
extern const struct ui_bundle ui_bundle;

#endif
