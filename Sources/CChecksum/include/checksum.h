#pragma once
#include <stddef.h>
#include <stdint.h>

// Cyclic redundancy checks over bytes in memory. Each takes the check of what came before (0 at the start) and gives the
// check of everything so far, so that calls chain.

/// CRC-64/NVME: polynomial 0xAD93D23594C93659, bits reflected, all ones in and out.
uint64_t fg_crc64nvme(uint64_t before, const void *_Nullable bytes, size_t count);

/// The same without the processor's carry-less multiplication, for comparing the two.
uint64_t fg_crc64nvme_portable(uint64_t before, const void *_Nullable bytes, size_t count);

/// CRC-32/ISO-HDLC, as in zlib.
uint32_t fg_crc32(uint32_t before, const void *_Nullable bytes, size_t count);

/// CRC-32/ISCSI (Castagnoli).
uint32_t fg_crc32c(uint32_t before, const void *_Nullable bytes, size_t count);
