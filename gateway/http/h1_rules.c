#include "http/h1_rules.h"

#include <assert.h>

static const struct refusal rules[H1_RULES] = {
    [H1_BARE_LF] = {400, "bare-lf", "a line ends in LF without CR (RFC 9112, 2.2)"},
    [H1_BARE_CR] = {400, "bare-cr", "CR that is not followed by LF (RFC 9112, 2.2)"},
    [H1_EMPTY_LINES] = {400, "empty-lines",
                        "more than one empty line before the request (RFC 9112, 2.2)"},
    [H1_LINE_LENGTH] = {414, "uri-length", "the request line is too long (RFC 9112, 3)"},
    [H1_HEADERS_LENGTH] = {431, "headers-length", "the header section is too long (RFC 6585, 5)"},
    [H1_HEADER_COUNT] = {431, "header-count", "too many header fields (RFC 6585, 5)"},

    [H1_PREFACE] = {400, "http2", "HTTP/2 is not spoken here (RFC 9113, 3.3)"},
    [H1_REQUEST_LINE] = {400, "request-line",
                         "not three parts with one space between them (RFC 9112, 3)"},
    [H1_METHOD] = {400, "method", "the method is no token (RFC 9110, 9.1)"},
    [H1_TARGET] = {400, "target",
                   "the request target has bytes that no URI may have (RFC 9112, 3.2)"},
    [H1_NO_VERSION] = {400, "no-version", "HTTP/0.9 is not spoken here (RFC 9112, 3)"},
    [H1_VERSION] = {400, "version", "only HTTP/1.1 and HTTP/1.0 are spoken here (RFC 9112, 2.3)"},

    [H1_OBS_FOLD] = {400, "obs-fold", "a header value goes on in the next line (RFC 9112, 5.2)"},
    [H1_NO_COLON] = {400, "no-colon", "a header line has no colon (RFC 9112, 5)"},
    [H1_SPACE_BEFORE_COLON] = {400, "space-before-colon",
                               "blanks between a header name and its colon (RFC 9112, 5.1)"},
    [H1_EMPTY_NAME] = {400, "empty-name", "a header without a name (RFC 9110, 5.1)"},
    [H1_HEADER_NAME] = {400, "header-name", "a header name is no token (RFC 9110, 5.1)"},
    [H1_HEADER_VALUE] = {400, "header-value",
                         "a header value has a control character (RFC 9110, 5.5)"},
    [H1_FRAMING_SPACE] =
        {400, "framing-space",
         "a tab before, or blanks behind, what frames the message (RFC 9112, 11.2)"},
    [H1_EXPECTATION] = {417, "expectation", "an expectation that cannot be met (RFC 9110, 10.1.1)"},

    [H1_CHUNK_LINE] = {400, "chunk-line", "a chunk's first line is malformed (RFC 9112, 7.1)"},
    [H1_CHUNK_SIZE] = {400, "chunk-size", "a chunk size is no hexadecimal number (RFC 9112, 7.1)"},
    [H1_CHUNK_OVERFLOW] = {400, "chunk-overflow", "a chunk size is too large (RFC 9112, 7.1)"},
    [H1_CHUNK_EXTENSION] = {400, "chunk-extension",
                            "a chunk extension is malformed (RFC 9112, 7.1.1)"},
    [H1_CHUNK_EXTENSIONS_LENGTH] = {400, "chunk-extensions-length",
                                    "too many bytes of chunk extensions (RFC 9112, 7.1.1)"},
    [H1_CHUNK_END] = {400, "chunk-end", "a chunk is not as long as it says (RFC 9112, 7.1)"},
    [H1_TRAILERS_LENGTH] = {431, "trailers-length", "the trailers are too long (RFC 6585, 5)"},
    [H1_TRAILER] = {400, "trailer", "a trailer field is malformed (RFC 9112, 7.1.2)"},
    [H1_FORBIDDEN_TRAILER] = {400, "forbidden-trailer",
                              "a field that may not be a trailer (RFC 9110, 6.5.1)"},

    [H1_HEADER_TIMEOUT] = {408, "header-timeout",
                           "the request did not come in time (RFC 9110, 15.5.9)"},
    [H1_BODY_TIMEOUT] = {408, "body-timeout", "the body comes too slowly (RFC 9110, 15.5.9)"},
};

const struct refusal *h1_refusal(enum h1_rule rule)
{
    assert(rule > H1_OK && rule < H1_RULES);
    return &rules[rule];
}
