/* answer.h - an answer under construction: status, headers, body. Not for outside the pipeline. */
#ifndef POSTERN_PIPELINE_ANSWER_H
#define POSTERN_PIPELINE_ANSWER_H

#include "base/buf.h"
#include "http/front.h"
#include "spec/template.h"

#include <stdbool.h>

enum { ANSWER_HEADERS_MAX = 64, ANSWER_HEADER_BYTES_MAX = 8 << 10 };

struct answer {
    unsigned status; /* 0: not yet decided */
    size_t header_count;
    size_t header_bytes;
    bool headers_full; /* one was left out for want of room */
    struct buf *body;
    struct str media;    /* of the body */
    struct str code;     /* an error body's own `code`, or empty */
    struct str location; /* on_result.uri */
    struct template_run run;
    struct header headers[ANSWER_HEADERS_MAX];
};

/* All but `run`. The headers, which are many, are left as they are. */
void answer_init(struct answer *answer, struct buf *body, struct str media);

/* Of a name given twice the later one counts. Left out: what is no field, what could split the
 * answer, and the framing, which is the front's. */
void answer_put_header(struct answer *answer, struct str name, struct str value);
/* A name and a value of ours: nothing is asked of them but that there is room. */
void answer_add_header(struct answer *answer, struct str name, struct str value);
bool answer_has_header(const struct answer *answer, struct str name);

#endif
