#include "digest.h"

#include "clones.h"

#include <string.h>

// Eight lanes, each a running product-sum of 64-bit words, so that swapped, missing and flipped words are all detected.
CLONES uint64_t cv_digest(const uint8_t *bytes, size_t count) {
  const uint64_t factor = 0x9e3779b97f4a7c15u;
  uint64_t lane[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    for (size_t j = 0; j < 8; j++) {
      uint64_t word;
      memcpy(&word, bytes + i + 8 * j, sizeof word);
      lane[j] = (lane[j] ^ word) * factor;
      lane[j] ^= lane[j] >> 32;
    }
  }
  uint64_t digest = count;
  for (size_t j = 0; j < 8; j++) digest = (digest ^ lane[j]) * factor;
  for (; i < count; i++) digest = (digest ^ bytes[i]) * factor;
  return digest ^ (digest >> 29);
}
