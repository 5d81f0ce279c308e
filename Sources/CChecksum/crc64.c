#include "checksum.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

// The polynomial without its highest term, reflected: the coefficient of x^63 is bit 0.
static const uint64_t polynomial = 0x9A6C9329AC4BC9B5;

// slices[k][b]: byte b followed by k zero bytes, reduced.
static uint64_t slices[8][256];
static pthread_once_t slices_made = PTHREAD_ONCE_INIT;

static uint64_t times_x(uint64_t value) { return (value >> 1) ^ ((value & 1) ? polynomial : 0); }

static void make_slices(void) {
    for (unsigned byte = 0; byte < 256; byte++) {
        uint64_t value = byte;
        for (int bit = 0; bit < 8; bit++) value = times_x(value);
        slices[0][byte] = value;
    }
    for (int k = 1; k < 8; k++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            uint64_t value = slices[k - 1][byte];
            slices[k][byte] = (value >> 8) ^ slices[0][value & 0xff];
        }
    }
}

// Eight bytes at a time (slicing-by-8); `state` is the check before its final inversion.
static uint64_t by_slices(uint64_t state, const uint8_t *bytes, size_t count) {
    while (count >= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        word ^= state;
        state = slices[7][word & 0xff] ^ slices[6][(word >> 8) & 0xff] ^ slices[5][(word >> 16) & 0xff] ^
                slices[4][(word >> 24) & 0xff] ^ slices[3][(word >> 32) & 0xff] ^ slices[2][(word >> 40) & 0xff] ^
                slices[1][(word >> 48) & 0xff] ^ slices[0][word >> 56];
        bytes += 8;
        count -= 8;
    }
    while (count-- > 0) state = (state >> 8) ^ slices[0][(state ^ *bytes++) & 0xff];
    return state;
}

#if defined(__x86_64__)
#include <immintrin.h>

// Folding by carry-less multiplication, after Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
// Instruction" (Intel, 2009). A product of two reflected words comes out one bit short, so a factor x^(n-1) multiplies
// by x^n.
static uint64_t over_512_low, over_512_high, over_128_low, over_128_high;
static bool can_multiply;
static pthread_once_t factors_made = PTHREAD_ONCE_INIT;

static uint64_t power_of_x(int exponent) {
    uint64_t value = (uint64_t)1 << 63;
    while (exponent-- > 0) value = times_x(value);
    return value;
}

static void make_factors(void) {
    over_512_low = power_of_x(512 + 64 - 1);
    over_512_high = power_of_x(512 - 1);
    over_128_low = power_of_x(128 + 64 - 1);
    over_128_high = power_of_x(128 - 1);
    __builtin_cpu_init();
    can_multiply = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
}

__attribute__((target("pclmul,sse4.1"))) static __m128i fold(__m128i value, __m128i factors, __m128i next) {
    __m128i low = _mm_clmulepi64_si128(value, factors, 0x00);
    __m128i high = _mm_clmulepi64_si128(value, factors, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

static __m128i load(const uint8_t *bytes) { return _mm_loadu_si128((const __m128i *)(const void *)bytes); }

// At least 64 bytes: as many blocks of 64 as there are, then the rest by slices.
__attribute__((target("pclmul,sse4.1"))) static uint64_t by_folding(uint64_t state, const uint8_t *bytes,
                                                                    size_t count) {
    const __m128i over_512 = _mm_set_epi64x((long long)over_512_high, (long long)over_512_low);
    const __m128i over_128 = _mm_set_epi64x((long long)over_128_high, (long long)over_128_low);
    __m128i a = _mm_xor_si128(load(bytes), _mm_set_epi64x(0, (long long)state));
    __m128i b = load(bytes + 16), c = load(bytes + 32), d = load(bytes + 48);
    for (bytes += 64, count -= 64; count >= 64; bytes += 64, count -= 64) {
        a = fold(a, over_512, load(bytes));
        b = fold(b, over_512, load(bytes + 16));
        c = fold(c, over_512, load(bytes + 32));
        d = fold(d, over_512, load(bytes + 48));
    }
    a = fold(fold(fold(a, over_128, b), over_128, c), over_128, d);
    // What is left stands for all that was folded: its check is theirs.
    uint8_t rest[16];
    _mm_storeu_si128((__m128i *)(void *)rest, a);
    return by_slices(by_slices(0, rest, sizeof rest), bytes, count);
}
#endif

uint64_t fg_crc64nvme_portable(uint64_t before, const void *bytes, size_t count) {
    pthread_once(&slices_made, make_slices);
    return ~by_slices(~before, bytes, count);
}

uint64_t fg_crc64nvme(uint64_t before, const void *bytes, size_t count) {
#if defined(__x86_64__)
    if (count >= 64) {
        pthread_once(&slices_made, make_slices);
        pthread_once(&factors_made, make_factors);
        if (can_multiply) return ~by_folding(~before, bytes, count);
    }
#endif
    return fg_crc64nvme_portable(before, bytes, count);
}
