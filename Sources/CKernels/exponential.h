// exp and the functions built on it, shared by activations, softmax and attention.
#ifndef EXPONENTIAL_H
#define EXPONENTIAL_H

#include "lanes.h"

#include <math.h>

// exp by range reduction to [-ln2/2, ln2/2] and a polynomial of degree 6: about 1 ulp. Below -87.3 the result is 0 to
// within the smallest normal float, above 88.3 it saturates.
INLINE float fast_exp(float x) {
  FAST_SUMS
  x = x < -87.3f ? -87.3f : x;
  x = x > 88.3f ? 88.3f : x;
  const float shifted = x * 1.44269504088896341f + 12582912.0f;  // rounds to an integer, held in the low bits
  const float n = shifted - 12582912.0f;
  float r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  // The integer is read from the bits: converting a NaN would be undefined. p carries the NaN.
  uint32_t exponent;
  memcpy(&exponent, &shifted, sizeof exponent);
  return p * as_float((int32_t)((exponent - 0x4b400000u + 127u) << 23));
}

// A maximum of floats vectorises only if NaNs may be skipped. Here they may, because the sum carries them.
INLINE float largest(const float *row, size_t count) {
  float result = -INFINITY;
  size_t i = 0;
  if (count >= LANES) {
    lanes most;
    load(&most, row);
    for (i = LANES; i + LANES <= count; i += LANES) {
      lanes next;
      load(&next, row + i);
      most = __builtin_elementwise_max(most, next);
    }
    result = __builtin_reduce_max(most);
  }
  for (; i < count; i++) result = row[i] > result ? row[i] : result;
  return result;
}

// row[i] = exp(row[i] − max); returns one over their sum.
INLINE float exponentials(float *row, size_t count) {
  FAST_SUMS
  const float most = largest(row, count);
  float sum = 0;
  for (size_t i = 0; i < count; i++) {
    row[i] = fast_exp(row[i] - most);
    sum += row[i];
  }
  return 1.0f / sum;
}

#endif
