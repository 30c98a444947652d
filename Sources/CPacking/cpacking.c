#include "cpacking.h"

#include "lanes.h"

#include <math.h>
#include <string.h>

enum { PANEL = 64 };

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

CLONES void cv_hadamard(float *values, size_t count, size_t block) {
  for (size_t start = 0; start + block <= count; start += block) {
    if (block == 64) {
      lanes part[4];
      memcpy(part, values + start, sizeof part);
      hadamard64(part);
      memcpy(values + start, part, sizeof part);
    } else {
      hadamard_any(values + start, block);
    }
  }
}

INLINE float widen(uint32_t half) {
  const uint32_t bits = half << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// The largest magnitude; infinite, or NaN, when a value is that. As integers, because magnitudes are ordered like their bits, and a
// maximum of floats does not vectorise: it would step over a NaN.
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

// One row's scale, and what its values are multiplied with. Of a row that is not finite, the scale is not a number.
INLINE float scale_of(float magnitude, float *inverse) {
  *inverse = magnitude > 0 ? 127.0f / magnitude : 0;
  return magnitude < INFINITY ? magnitude / 127.0f : NAN;
}

CLONES void cv_pack_f32(const float *rows, size_t columns, size_t inputs, size_t padded, float *panel) {
  memset(panel, 0, padded * PANEL * sizeof *panel);
  for (size_t k = 0; k < inputs; k++) {
    for (size_t c = 0; c < columns; c++) panel[k * PANEL + c] = rows[c * inputs + k];
  }
}

CLONES void cv_pack_bf16(const float *rows, size_t stride, size_t columns, size_t inputs, size_t padded,
                         uint16_t *panel) {
  memset(panel, 0, padded * PANEL * sizeof *panel);
  for (size_t c = 0; c < columns; c++) {
    for (size_t k = 0; k < inputs; k++) panel[(k / 2 * PANEL + c) * 2 + k % 2] = narrow(rows[c * stride + k]);
  }
}

CLONES void cv_pack_bf16_transposed(const float *rows, size_t stride, size_t columns, size_t inputs, size_t padded,
                                    uint16_t *panel) {
  memset(panel, 0, padded * PANEL * sizeof *panel);
  for (size_t k = 0; k < inputs; k++) {
    uint16_t *group = panel + k / 2 * PANEL * 2 + k % 2;
    for (size_t c = 0; c < columns; c++) group[c * 2] = narrow(rows[k * stride + c]);
  }
}

CLONES void cv_pack_int8(const float *rows, size_t columns, size_t inputs, size_t padded, int8_t *panel, float *scales,
                         int32_t *sums) {
  memset(panel, 0, padded * PANEL);
  for (size_t c = 0; c < columns; c++) {
    const float *row = rows + c * inputs;
    float inverse;
    const float scale = scale_of(largest(row, inputs), &inverse);
    int32_t sum = 0;
    for (size_t k = 0; k < inputs; k++) {
      const int8_t q = (int8_t)rintf(row[k] * inverse);
      panel[(k / 4 * PANEL + c) * 4 + k % 4] = q;
      sum += q;
    }
    scales[c] = scale;
    sums[c] = 128 * sum;
  }
}

CLONES void cv_unpack_bf16(const uint16_t *panel, size_t padded, float *destination, size_t stride) {
  for (size_t k = 0; k < padded; k++) {
    const uint16_t *group = panel + k / 2 * PANEL * 2 + k % 2;
    for (size_t c = 0; c < PANEL; c++) destination[k * stride + c] = widen(group[c * 2]);
  }
}

CLONES void cv_unpack_int8(const int8_t *panel, const float *scales, size_t padded, float *destination, size_t stride) {
  for (size_t k = 0; k < padded; k++) {
    const int8_t *group = panel + k / 4 * PANEL * 4 + k % 4;
    for (size_t c = 0; c < PANEL; c++) destination[k * stride + c] = (float)group[c * 4] * scales[c];
  }
}

CLONES void cv_pad_row_f32(const float *row, size_t inputs, size_t padded, float *destination) {
  memcpy(destination, row, inputs * sizeof *row);
  memset(destination + inputs, 0, (padded - inputs) * sizeof *row);
}

CLONES void cv_narrow_row_bf16(const float *row, float scale, size_t inputs, size_t padded,
                               uint16_t *destination) {
  for (size_t i = 0; i < inputs; i++) destination[i] = narrow(row[i] * scale);
  for (size_t i = inputs; i < padded; i++) destination[i] = 0;
}

// Rotates `count` values, a multiple of 64, and returns the largest magnitude.
INLINE float rotate64(const float *from, size_t count, float *to) {
  int_lanes magnitude = {0};
  for (size_t start = 0; start < count; start += 64) {
    lanes part[4];
    memcpy(part, from + start, sizeof part);
    hadamard64(part);
    memcpy(to + start, part, sizeof part);
    for (int i = 0; i < 4; i++) {
      magnitude = __builtin_elementwise_max(magnitude, (int_lanes)part[i] & 0x7fffffff);
    }
  }
  const int32_t bits = __builtin_reduce_max(magnitude);
  float result;
  memcpy(&result, &bits, sizeof result);
  return result;
}

CLONES float cv_quantise_row(const float *row, size_t inputs, size_t block, float *rotated, size_t padded,
                             uint8_t *destination) {
  float magnitude;
  if (block == 64) {
    magnitude = rotate64(row, inputs, rotated);
  } else {
    memcpy(rotated, row, inputs * sizeof *row);
    for (size_t start = 0; block > 1 && start < inputs; start += block) hadamard_any(rotated + start, block);
    magnitude = largest(rotated, inputs);
  }
  float inverse;
  const float scale = scale_of(magnitude, &inverse);
  // Adding 1.5 · 2^23 rounds to an integer, ties to even, and leaves it in the low bits.
  for (size_t i = 0; i < inputs; i++) {
    const float shifted = rotated[i] * inverse + 12582912.0f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    destination[i] = (uint8_t)(bits + 128u);
  }
  for (size_t i = inputs; i < padded; i++) destination[i] = 128;
  return scale;
}

// Outputs are larger than any cache, and a store that misses waits for its line: lines of the rows to come are asked for early.
INLINE void expect(const float *output, size_t count) {
  for (size_t i = 0; i < count; i += 16) __builtin_prefetch(output + i, 1, 2);
}

enum { ROWS_AHEAD = 3 };

CLONES void cv_finish_int8(const int32_t *products, size_t product_stride, size_t rows, const int32_t *sums,
                           const float *scales, const float *row_scales, const float *bias, float *output,
                           size_t stride, size_t count, int accumulate) {
  FAST_SUMS
  for (size_t r = 0; r < rows; r++) {
    const int32_t *from = products + r * product_stride;
    float *to = output + r * stride;
    const float scale = row_scales[r];
    if (r + ROWS_AHEAD < rows) expect(to + ROWS_AHEAD * stride, count);
    if (accumulate && bias) {
      for (size_t i = 0; i < count; i++) to[i] += (float)(from[i] - sums[i]) * (scale * scales[i]) + bias[i];
    } else if (accumulate) {
      for (size_t i = 0; i < count; i++) to[i] += (float)(from[i] - sums[i]) * (scale * scales[i]);
    } else if (bias) {
      for (size_t i = 0; i < count; i++) to[i] = (float)(from[i] - sums[i]) * (scale * scales[i]) + bias[i];
    } else {
      for (size_t i = 0; i < count; i++) to[i] = (float)(from[i] - sums[i]) * (scale * scales[i]);
    }
  }
}

CLONES void cv_finish_f32(const float *products, size_t product_stride, size_t rows, const float *bias, float *output,
                          size_t stride, size_t count, int accumulate) {
  FAST_SUMS
  for (size_t r = 0; r < rows; r++) {
    const float *from = products + r * product_stride;
    float *to = output + r * stride;
    if (r + ROWS_AHEAD < rows) expect(to + ROWS_AHEAD * stride, count);
    if (accumulate && bias) {
      for (size_t i = 0; i < count; i++) to[i] += from[i] + bias[i];
    } else if (accumulate) {
      for (size_t i = 0; i < count; i++) to[i] += from[i];
    } else if (bias) {
      for (size_t i = 0; i < count; i++) to[i] = from[i] + bias[i];
    } else {
      memcpy(to, from, count * sizeof *to);
    }
  }
}

// Eight lanes, each a running product-sum of 64-bit words, so that swapped, missing and flipped words all show.
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
