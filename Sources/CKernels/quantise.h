// What weights and rows of activations share when they become int8: the rotation, the largest magnitude, the scale.
#ifndef QUANTISE_H
#define QUANTISE_H

#include "lanes.h"
#include "panel.h"

#include <math.h>
#include <string.h>

// Butterflies of distance 1, 2, 4 and 8 inside sixteen lanes: partners added, the upper of each pair negated first.
INLINE void hadamard16(lanes *values) {
  const lanes s1 = {1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1};
  const lanes s2 = {1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1};
  const lanes s4 = {1, 1, 1, 1, -1, -1, -1, -1, 1, 1, 1, 1, -1, -1, -1, -1};
  const lanes s8 = {1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1};
  lanes x = *values;
  x = x * s1 + __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
  x = x * s2 + __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  x = x * s4 + __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
  *values = x * s8 + __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
}

// Four vectors, in place.
INLINE void hadamard64(lanes *part) {
  for (int i = 0; i < 4; i++) hadamard16(&part[i]);
  const lanes low = part[0] + part[1], high = part[2] + part[3];
  const lanes low_difference = part[0] - part[1], high_difference = part[2] - part[3];
  part[0] = (low + high) * 0.125f;
  part[1] = (low_difference + high_difference) * 0.125f;
  part[2] = (low - high) * 0.125f;
  part[3] = (low_difference - high_difference) * 0.125f;
}

INLINE void hadamard_any(float *values, size_t block) {
  for (size_t step = 1; step < block; step *= 2) {
    for (size_t start = 0; start < block; start += 2 * step) {
      for (size_t i = start; i < start + step; i++) {
        const float first = values[i], second = values[i + step];
        values[i] = first + second;
        values[i + step] = first - second;
      }
    }
  }
  const float scale = 1.0f / sqrtf((float)block);
  for (size_t i = 0; i < block; i++) values[i] *= scale;
}

// The largest magnitude; infinite or NaN if a value is. Compared as integers, because magnitudes are ordered like their
// bits, and a maximum of floats does not vectorise without skipping NaNs.
INLINE float largest(const float *values, size_t count) {
  int32_t magnitude = 0;
  for (size_t i = 0; i < count; i++) {
    int32_t bits;
    memcpy(&bits, values + i, sizeof bits);
    bits &= 0x7fffffff;
    magnitude = bits > magnitude ? bits : magnitude;
  }
  float result;
  memcpy(&result, &magnitude, sizeof result);
  return result;
}

// One row's scale, and the inverse that its values are multiplied by to become integers. Both are zero if the largest
// magnitude is zero, or so small that 127 divided by it overflows. For a row that is not finite, the scale is NaN and
// the integers are zero, so every product of it is NaN.
INLINE float scale_of(float magnitude, float *inverse) {
  *inverse = 0;
  if (!(magnitude < INFINITY)) return NAN;
  if (magnitude < 4e-37f) return 0;
  *inverse = 127.0f / magnitude;
  return magnitude / 127.0f;
}

#endif
