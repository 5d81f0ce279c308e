#include "checksum.h"

#include <pthread.h>
#include <string.h>

// Slicing-by-8 for any reflected polynomial of 32 bits: these checks are only needed for objects that others wrote.
typedef struct {
    uint32_t slices[8][256];
} table;

static table iso, castagnoli;
static pthread_once_t iso_made = PTHREAD_ONCE_INIT, castagnoli_made = PTHREAD_ONCE_INIT;

static void make(table *table, uint32_t polynomial) {
    for (unsigned byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++) value = (value >> 1) ^ ((value & 1) ? polynomial : 0);
        table->slices[0][byte] = value;
    }
    for (int k = 1; k < 8; k++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            uint32_t value = table->slices[k - 1][byte];
            table->slices[k][byte] = (value >> 8) ^ table->slices[0][value & 0xff];
        }
    }
}

static void make_iso(void) { make(&iso, 0xEDB88320); }
static void make_castagnoli(void) { make(&castagnoli, 0x82F63B78); }

static uint32_t update(const table *table, uint32_t before, const uint8_t *bytes, size_t count) {
    const uint32_t(*slices)[256] = table->slices;
    uint32_t state = ~before;
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
    return ~state;
}

uint32_t fg_crc32(uint32_t before, const void *bytes, size_t count) {
    pthread_once(&iso_made, make_iso);
    return update(&iso, before, bytes, count);
}

uint32_t fg_crc32c(uint32_t before, const void *bytes, size_t count) {
    pthread_once(&castagnoli_made, make_castagnoli);
    return update(&castagnoli, before, bytes, count);
}
