/* raw_requests.h - requests as bytes, and the rule by which our own front refuses each.
 *
 * The limits they count on: raw_limits. */
#ifndef POSTERN_TESTS_HTTP_RAW_REQUESTS_H
#define POSTERN_TESTS_HTTP_RAW_REQUESTS_H

#include "base/mem.h"
#include "http/front.h"

struct raw_request {
    struct str bytes;
    const char *rule; /* NULL: accepted */
};

static const struct front_limits raw_limits = {.uri_max = 256,
                                               .headers_max = 1024,
                                               .header_count_max = 12,
                                               .response_max = 16 << 20,
                                               .idle_timeout_ms = 5000,
                                               .header_timeout_ms = 5000};

#define X16   "xxxxxxxxxxxxxxxx"
#define X64   X16 X16 X16 X16
#define X256  X64 X64 X64 X64
#define X1024 X256 X256 X256 X256
#define GET   "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST  "POST / HTTP/1.1\r\nHost: a\r\n"
#define CHUNK POST "Transfer-Encoding: chunked\r\n\r\n"

#define FINE(raw)           \
    {                       \
        STR_INIT(raw), NULL \
    }
#define BAD(raw, named)      \
    {                        \
        STR_INIT(raw), named \
    }

static const struct raw_request raw_requests[] = {
    /* what is right */
    FINE(GET "\r\n"),
    FINE("\r\n" GET "\r\n"), /* one empty line before */
    FINE("GET /a/b?c=d&e HTTP/1.1\r\nhost: example.com:8080\r\n\r\n"),
    FINE("GET /%2e%2E/?? HTTP/1.1\r\nHOST:a\r\n\r\n"),
    FINE("GET / HTTP/1.0\r\n\r\n"),
    FINE("GET http://b.example/x?y HTTP/1.1\r\nHost: a\r\n\r\n"),
    FINE("GET http://b.example HTTP/1.1\r\nHost: a\r\n\r\n"),
    FINE("PURGE / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
    FINE(GET "X-Empty:\r\nX-Blank: \t \r\nX-Tab: a\tb\r\nX-High: \xc3\xa4\r\n\r\n"),
    FINE(GET "!#$%&'*+-.^_`|~09: token\r\n\r\n"),
    FINE(GET "X-Twice: a\r\nX-Twice: b\r\n\r\n"),
    FINE(POST "Content-Length: 5\r\n\r\nhello"),
    FINE(POST "Content-Length: 0\r\n\r\n"),
    FINE("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"), /* S13 */
    FINE(CHUNK "5\r\nhello\r\n0\r\n\r\n"),
    FINE(CHUNK "00000005\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"),
    FINE(CHUNK "A;a=b;c;d=\"e;\\\"f\"\r\n0123456789\r\n0;x\r\n\r\n"),
    FINE(CHUNK "0\r\nX-Checksum: 1\r\n\r\n"),
    FINE(POST "Transfer-Encoding:  CHUNKED\r\n\r\n0\r\n\r\n"),
    FINE(GET "Connection: Content-Length, close\r\n\r\n"), /* S14 */

    /* S1 to S4 */
    BAD(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "length-and-encoding"),
    BAD(POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "two-lengths"),
    BAD(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "two-lengths"),
    BAD(POST "Content-Length: 5, 5\r\n\r\nhello", "length"),
    BAD(POST "Content-Length: +5\r\n\r\nhello", "length"),
    BAD(POST "Content-Length: -0\r\n\r\n", "length"),
    BAD(POST "Content-Length: 0x5\r\n\r\nhello", "length"),
    BAD(POST "Content-Length: 5_0\r\n\r\nhello", "length"),
    BAD(POST "Content-Length: 5 6\r\n\r\nhello", "length"),
    BAD(POST "Content-Length:\r\n\r\n", "length"),
    BAD(POST "Content-Length: 9223372036854775808\r\n\r\n", "length"),
    BAD(POST "Content-Length: 99999999999999999999\r\n\r\n", "length"),
    BAD(POST "Content-Length:\t5\r\n\r\nhello", "framing-space"),
    /* S5 to S7 */
    BAD(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "encoding"),
    BAD(POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "encoding"),
    BAD(POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", "encoding"),
    BAD(POST "Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n", "encoding"),
    BAD(POST "Transfer-Encoding: gzip\r\n\r\n", "encoding"),
    BAD(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "two-encodings"),
    BAD(POST "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n", "framing-space"),
    BAD(POST "Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n", "framing-space"),
    BAD(POST "Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n", "framing-space"),
    BAD(POST "Content-Length: 5 \r\n\r\nhello", "framing-space"),
    BAD(POST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n", "header-value"),
    BAD(POST "Transfer-Encoding: \fchunked\r\n\r\n0\r\n\r\n", "header-value"),
    BAD(POST "Transfer-Encoding: \0chunked\r\n\r\n0\r\n\r\n", "header-value"),
    BAD(POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", "obs-fold"),
    BAD(POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "space-before-colon"),
    BAD(POST "Content-Length\t: 5\r\n\r\nhello", "space-before-colon"),
    BAD("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "encoding-version"),
    /* S8 to S11 */
    BAD(CHUNK "0x5\r\nhello\r\n0\r\n\r\n", "chunk-size"),
    BAD(CHUNK "+5\r\nhello\r\n0\r\n\r\n", "chunk-size"),
    BAD(CHUNK "5 \r\nhello\r\n0\r\n\r\n", "chunk-size"),
    BAD(CHUNK " 5\r\nhello\r\n0\r\n\r\n", "chunk-size"),
    BAD(CHUNK "-1\r\nhello\r\n0\r\n\r\n", "chunk-size"),
    BAD(CHUNK "\r\nhello\r\n0\r\n\r\n", "chunk-size"),
    BAD(CHUNK "g\r\nhello\r\n0\r\n\r\n", "chunk-size"),
    BAD(CHUNK "5_0\r\nhello\r\n0\r\n\r\n", "chunk-size"),
    BAD(CHUNK "00000000000000005\r\nhello\r\n0\r\n\r\n", "chunk-overflow"),
    BAD(CHUNK "8000000000000000\r\nhello\r\n0\r\n\r\n", "chunk-overflow"),
    BAD(CHUNK "fffffffffffffffff\r\nhello\r\n0\r\n\r\n", "chunk-overflow"),
    BAD(CHUNK "5\nhello\r\n0\r\n\r\n", "bare-lf"),
    BAD(CHUNK "5;a\nhello\r\n0\r\n\r\n", "bare-lf"),
    BAD(CHUNK "5;a\rb\r\nhello\r\n0\r\n\r\n", "bare-cr"),
    BAD(CHUNK "5\rhello\r\n0\r\n\r\n", "bare-cr"),
    BAD(CHUNK "5\r\nhello\n0\r\n\r\n", "chunk-end"),
    BAD(CHUNK "5\r\nhello\r0\r\n\r\n", "chunk-end"),
    BAD(CHUNK "5\r\nhello\r\n0\r\n\n", "bare-lf"),
    BAD(CHUNK "5\r\nhello\r\n0\n\r\n", "bare-lf"),
    BAD(CHUNK "4\r\nhello\r\n0\r\n\r\n", "chunk-end"),
    BAD(CHUNK "6\r\nhello\r\n0\r\n\r\n", "chunk-end"),
    BAD(CHUNK "5;\r\nhello\r\n0\r\n\r\n", "chunk-extension"),
    BAD(CHUNK "5;a=\r\nhello\r\n0\r\n\r\n", "chunk-extension"),
    BAD(CHUNK "5;a=\"b\r\nhello\r\n0\r\n\r\n", "chunk-extension"),
    BAD(CHUNK "5;a b\r\nhello\r\n0\r\n\r\n", "chunk-extension"),
    BAD(CHUNK "5;a=\"\0\"\r\nhello\r\n0\r\n\r\n", "chunk-extension"),
    BAD(CHUNK "5;" X1024 "\r\nhello\r\n0\r\n\r\n", "chunk-line"),
    BAD(CHUNK "0\r\nContent-Length: 5\r\n\r\n", "forbidden-trailer"),
    BAD(CHUNK "0\r\ntransfer-encoding: chunked\r\n\r\n", "forbidden-trailer"),
    BAD(CHUNK "0\r\nHOST: b\r\n\r\n", "forbidden-trailer"),
    BAD(CHUNK "0\r\nAuthorization: Basic\r\n\r\n", "forbidden-trailer"),
    BAD(CHUNK "0\r\nX : y\r\n\r\n", "trailer"),
    BAD(CHUNK "0\r\nX: y\r\n z\r\n\r\n", "trailer"),
    BAD(CHUNK "0\r\nX: \0\r\n\r\n", "trailer"),
    BAD(CHUNK "0\r\nGET / HTTP/1.1\r\n\r\n", "trailer"),
    /* S12 */
    BAD(POST "Content_Length: 5\r\n\r\nhello", "header-name"),
    BAD(POST "Transfer_Encoding: chunked\r\n\r\n0\r\n\r\n", "header-name"),
    /* S15 */
    BAD(POST "Content-Length: 5\r\nExpect: 200-ok\r\n\r\nhello", "expectation"),
    BAD(POST "Expect: 100-continue\r\n\r\n", "expectation"),
    /* S17 */
    BAD("\r\n\r\n" GET "\r\n", "empty-lines"),
    BAD("\n" GET "\r\n", "bare-lf"),
    BAD(" " GET "\r\n", "request-line"),
    /* S18 */
    BAD("GET /\r\n\r\n", "no-version"),
    BAD("GET\r\n\r\n", "request-line"),
    BAD("GET \r\n\r\n", "request-line"),
    BAD("GET / HTTP/1.2\r\nHost: a\r\n\r\n", "version"),
    BAD("GET / HTTP/2.0\r\nHost: a\r\n\r\n", "version"),
    BAD("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "request-line"),
    BAD("GET / http/1.1\r\nHost: a\r\n\r\n", "version"),
    BAD("GET / HTTP/1\r\nHost: a\r\n\r\n", "version"),
    BAD("GET / HTTP/01.1\r\nHost: a\r\n\r\n", "version"),
    BAD("GET / HTTP/1.1x\r\nHost: a\r\n\r\n", "version"),
    BAD("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "method"),
    BAD("GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", "target"),
    BAD("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "request-line"),
    BAD("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", "request-line"),
    BAD("GET / a HTTP/1.1\r\nHost: a\r\n\r\n", "request-line"),
    BAD("GET / HTTP/1.1\nHost: a\n\n", "bare-lf"),
    BAD("GET / HTTP/1.1\rHost: a\r\n\r\n", "bare-cr"),
    BAD("GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", "bare-cr"),
    /* S19 */
    BAD("GET / HTTP/1.1\r\n\r\n", "host"),
    BAD("GET / HTTP/1.1\r\nHost:\r\n\r\n", "host"),
    BAD("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "host"),
    BAD("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "host"),
    BAD("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "host"),
    BAD("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "host"),
    BAD("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", "host"),
    BAD("GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", "host"),
    /* S21 to S23 */
    BAD(GET "X: a\001b\r\n\r\n", "header-value"),
    BAD(GET "X: a\0b\r\n\r\n", "header-value"),
    BAD(GET "X: a\177b\r\n\r\n", "header-value"),
    BAD(GET "X: a\rb\r\n\r\n", "bare-cr"),
    BAD(GET "X: a\r\r\n\r\n", "bare-cr"),
    BAD(GET "X: a\n\r\n", "bare-lf"),
    BAD(GET "X: a\r\n\n", "bare-lf"),
    BAD(GET "X: a\r\n b\r\n\r\n", "obs-fold"),
    BAD(GET "X: a\r\n\tb\r\n\r\n", "obs-fold"),
    BAD("GET / HTTP/1.1\r\n Host: a\r\n\r\n", "obs-fold"),
    BAD(GET "no colon\r\n\r\n", "no-colon"),
    BAD(GET ": empty\r\n\r\n", "empty-name"),
    BAD(GET " : empty\r\n\r\n", "obs-fold"),
    BAD(GET "a b: c\r\n\r\n", "header-name"),
    BAD(GET "a\0b: c\r\n\r\n", "header-name"),
    BAD(GET "\xc3\xa4: c\r\n\r\n", "header-name"),
    BAD(GET "(a): c\r\n\r\n", "header-name"),
    BAD("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", "method"),
    BAD("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", "target"),
    BAD("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", "target"),
    BAD("GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", "target"),
    BAD("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", "target"),
    BAD("GET a HTTP/1.1\r\nHost: a\r\n\r\n", "target"),
    BAD("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "target"),
    BAD("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "target"),
    BAD("GET http://u@b/ HTTP/1.1\r\nHost: a\r\n\r\n", "host"),
    BAD("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http2"),
    /* T1, T2 */
    BAD("GET /" X256 " HTTP/1.1\r\nHost: a\r\n\r\n", "uri-length"),
    BAD("GET /" X1024, "uri-length"),
    BAD(GET "X: " X1024 "\r\n\r\n", "headers-length"),
    BAD(GET "X: " X1024 "\n", "headers-length"),
    BAD(GET "a:\r\nb:\r\nc:\r\nd:\r\ne:\r\nf:\r\ng:\r\nh:\r\ni:\r\nj:\r\nk:\r\nl:\r\n\r\n",
        "header-count"),
};

#endif
