/* number.c - decimal numbers: the JSON grammar, text to double and back, exact both ways.
 *
 * strtod and snprintf obey the locale; this program never sets one.
 */
#include "payload/emit.h"
#include "payload/scan_inside.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TEXT_MAX = 1100,      /* a double needs at most 1,077 characters */
    INT_DIGITS_SAFE = 19, /* that many never overflow 64 bits */
    CLINGER_EXPONENT = 22 /* the largest power of ten that a double holds exactly */
};
#define CLINGER_DIGITS ((uint64_t)1 << 53)

static const double powers[CLINGER_EXPONENT + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Steps over digits, adding them to the magnitude; how many they were. */
static size_t take_digits(struct scan *scan, struct number *number)
{
    const char *from = scan->at;
    const char *at = from;
    uint64_t magnitude = number->magnitude;
    while (at < scan->end && is_digit(*at)) {
        magnitude = magnitude * 10 + (uint64_t)(*at - '0');
        at++;
    }
    size_t digits = (size_t)(at - from);
    number->digits += digits;
    if (number->digits > INT_DIGITS_SAFE) {
        magnitude = number->magnitude;
        for (const char *again = from; again < at; again++) {
            uint64_t digit = (uint64_t)(*again - '0');
            if (magnitude > (UINT64_MAX - digit) / 10) {
                number->exact = false;
                break;
            }
            magnitude = magnitude * 10 + digit;
        }
    }
    number->magnitude = magnitude;
    scan->at = at;
    return digits;
}

static bool take_fraction(struct scan *scan, struct number *number)
{
    scan->at++;
    size_t digits = take_digits(scan, number);
    number->is_float = true;
    number->exponent = digits < TEXT_MAX ? -(int)digits : -TEXT_MAX;
    return digits > 0 || scan_fail(scan, "a digit must follow the decimal point");
}

static bool take_exponent(struct scan *scan, struct number *number)
{
    scan->at++;
    bool negative = scan->at < scan->end && *scan->at == '-';
    if (scan->at < scan->end && (*scan->at == '-' || *scan->at == '+')) {
        scan->at++;
    }
    const char *from = scan->at;
    int exponent = 0;
    while (scan->at < scan->end && is_digit(*scan->at)) {
        exponent = exponent < 100000 ? exponent * 10 + (*scan->at - '0') : exponent;
        scan->at++;
    }
    number->is_float = true;
    number->exponent += negative ? -exponent : exponent;
    return scan->at > from || scan_fail(scan, "a digit must follow the exponent's e");
}

/* The common case: an integer of few digits, whose first is not 0 unless it is the only one. */
static bool small_integer(struct scan *scan, struct number *out)
{
    const char *at = scan->at + (*scan->at == '-' ? 1 : 0);
    const char *from = at;
    uint64_t magnitude = 0;
    while (at < scan->end && is_digit(*at)) {
        magnitude = magnitude * 10 + (uint64_t)(*at - '0');
        at++;
    }
    size_t digits = (size_t)(at - from);
    bool ends = at == scan->end || (*at != '.' && (*at | 0x20) != 'e');
    if (!ends || digits == 0 || digits >= INT_DIGITS_SAFE || (digits > 1 && *from == '0')) {
        return false;
    }
    out->is_float = false;
    out->negative = from > scan->at;
    out->magnitude = magnitude;
    out->exponent = 0;
    out->exact = true;
    scan->at = at;
    return true;
}

bool json_number(struct scan *scan, struct number *out)
{
    if (small_integer(scan, out)) {
        return true;
    }
    const char *from = scan->at;
    *out = (struct number){.negative = *from == '-', .exact = true};
    scan->at += out->negative ? 1 : 0;
    bool zero = scan->at < scan->end && *scan->at == '0';
    size_t digits = take_digits(scan, out);
    if (digits == 0) {
        return scan_fail(scan, "a digit must follow the minus sign");
    }
    if (zero && digits > 1) {
        return scan_fail(scan, "a number cannot begin with 0");
    }
    if (scan->at < scan->end && *scan->at == '.' && !take_fraction(scan, out)) {
        return false;
    }
    bool risky = digits > DBL_MAX_10_EXP;
    if (scan->at < scan->end && (*scan->at == 'e' || *scan->at == 'E')) {
        risky = true;
        if (!take_exponent(scan, out)) {
            return false;
        }
    }
    out->text = str_make(from, (size_t)(scan->at - from));
    if (out->text.len > TEXT_MAX) {
        return scan_fail(scan, "a number is too long");
    }
    if (!out->exact || (out->negative && out->magnitude > (uint64_t)INT64_MAX + 1)) {
        out->is_float = true;
        out->exact = false;
    }
    return !risky || !isinf(number_f64(out)) || scan_fail(scan, "a number is out of range");
}

/* Two exact doubles, one rounding (Clinger); strtod, which is slow, for the rest. */
double number_f64(const struct number *number)
{
    if (!number->is_float) {
        return number->negative ? -(double)number->magnitude : (double)number->magnitude;
    }
    if (number->exact && number->magnitude <= CLINGER_DIGITS &&
        number->exponent >= -CLINGER_EXPONENT && number->exponent <= CLINGER_EXPONENT) {
        double value = (double)number->magnitude;
        value = number->exponent < 0 ? value / powers[-number->exponent]
                                     : value * powers[number->exponent];
        return number->negative ? -value : value;
    }
    char text[TEXT_MAX + 1];
    memcpy(text, number->text.ptr, number->text.len);
    text[number->text.len] = '\0';
    return strtod(text, NULL);
}

bool f64_to_i64(double value, int64_t *out)
{
    if (!(value >= -0x1p63 && value < 0x1p63) || value != trunc(value)) {
        return false;
    }
    *out = (int64_t)value;
    return true;
}

bool f64_to_u64(double value, uint64_t *out)
{
    if (!(value >= 0 && value < 0x1p64) || value != trunc(value)) {
        return false;
    }
    *out = (uint64_t)value;
    return true;
}

/* `digits` with a point before the last `places`, which is what 19.99 is: 1999 and 2. */
static size_t put_decimal(uint64_t digits, unsigned places, bool negative, char *out)
{
    char reversed[24];
    size_t len = 0;
    unsigned shown = places == 0 ? 1 : places;
    if (places == 0) {
        reversed[len++] = '0';
        reversed[len++] = '.';
    }
    while (digits > 0 || len <= shown + 1) {
        if (places > 0 && len == places) {
            reversed[len++] = '.';
        }
        reversed[len++] = (char)('0' + digits % 10);
        digits /= 10;
    }
    size_t at = 0;
    if (negative) {
        out[at++] = '-';
    }
    while (len > 0) {
        out[at++] = reversed[--len];
    }
    return at;
}

/* Numbers that people write: at most 15 digits. m / 10^k is rounded once, so if it gives the value
 * back, then so does the text "m e-k", and the smallest such k is the shortest text. */
static size_t short_decimal(double value, char *out)
{
    enum { PLACES_MAX = 15 };
    double size = fabs(value);
    if (size != 0 && (size < 1e-5 || size >= 1e15)) {
        return 0;
    }
    for (unsigned places = 0; places <= PLACES_MAX; places++) {
        double scaled = size * powers[places];
        if (scaled >= 0x1p53) {
            return 0;
        }
        double whole = (double)(int64_t)(scaled + 0.5);
        if (fabs(scaled - whole) <= scaled * DBL_EPSILON && whole / powers[places] == size) {
            return put_decimal((uint64_t)whole, places, signbit(value) != 0, out);
        }
    }
    return 0;
}

size_t format_f64(double value, char out[32])
{
    if (!isfinite(value)) {
        text_copy(out, "null", 4);
        return 4;
    }
    size_t len = short_decimal(value, out);
    if (len > 0) {
        return len;
    }
    /* 15 digits always survive a double that is not subnormal; 17 always tell it exactly. */
    int digits = fabs(value) < DBL_MIN ? 1 : DBL_DIG;
    char text[32];
    do {
        len = (size_t)snprintf(text, sizeof text, "%.*g", digits, value);
        digits++;
    } while (strtod(text, NULL) != value && digits <= DBL_DECIMAL_DIG);
    memcpy(out, text, len);
    if (memchr(text, '.', len) == NULL && memchr(text, 'e', len) == NULL) {
        out[len++] = '.';
        out[len++] = '0';
    }
    return len;
}
