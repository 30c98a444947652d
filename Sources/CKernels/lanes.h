#ifndef LANES_H
#define LANES_H

#include "clones.h"

#include <stdint.h>
#include <string.h>

// Sixteen lanes at once; the compiler splits them where registers are narrower. Passed by address, because the calling
// convention for values depends on the CPU level.
typedef float lanes __attribute__((vector_size(64), aligned(4)));
typedef int32_t int_lanes __attribute__((vector_size(64), aligned(4)));

enum { LANES = 16 };

INLINE float as_float(int32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

INLINE void load(lanes *to, const float *from) { memcpy(to, from, sizeof *to); }
INLINE void store(float *to, const lanes *from) { memcpy(to, from, sizeof *from); }

INLINE float sum_of(const lanes *values) {
  typedef float eight __attribute__((vector_size(32)));
  typedef float four __attribute__((vector_size(16)));
  const lanes v = *values;
  const eight e = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
                  __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
  const four f = __builtin_shufflevector(e, e, 0, 1, 2, 3) + __builtin_shufflevector(e, e, 4, 5, 6, 7);
  return (f[0] + f[2]) + (f[1] + f[3]);
}

// To bfloat16: round to nearest, ties to even. A NaN stays a NaN and keeps its sign.
INLINE uint16_t narrow(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1)) >> 16;
  return (uint16_t)((bits & 0x7fffffffu) > 0x7f800000u ? (bits >> 16) | 0x40u : rounded);
}

#endif
