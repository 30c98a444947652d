#include "finish.h"

#include "clones.h"

#include <string.h>

// Outputs are larger than any cache, and a store that misses waits for its line, so the lines of later rows are
// prefetched.
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
