#include "prepare_rows.h"

#include "quantise.h"

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
