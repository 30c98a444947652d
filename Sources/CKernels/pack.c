#include "pack.h"

#include "quantise.h"

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
    // Without an inverse every integer is zero, which the panel already holds; zero times infinity would be NaN.
    for (size_t k = 0; inverse > 0 && k < inputs; k++) {
      const int8_t q = (int8_t)rintf(row[k] * inverse);
      panel[(k / 4 * PANEL + c) * 4 + k % 4] = q;
      sum += q;
    }
    scales[c] = scale;
    sums[c] = 128 * sum;
  }
}
