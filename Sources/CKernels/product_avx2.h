// What the AVX2 products share: panels are widened a few channels at a time, multiplied with groups of rows, and the
// sums finished in eights.
#ifndef PRODUCT_AVX2_H
#define PRODUCT_AVX2_H

#include "product.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2,fma")))

enum {
  EIGHTS = PANEL / 8,
  // Rows whose sums stay in the second-level cache between two stretches of channels.
  CHUNK = 96,
  // Bytes that a single row asks for ahead of their use.
  AHEAD = 2048,
};

// Writes eight finished sums of a row, or the first `left` of them.
AVX2 INLINE void finish_eight(__m256 value, const cv_output *output, size_t row, size_t column) {
  float *place = output->start + row * output->stride + column;
  const size_t left = output->columns - column;
  if (left >= 8) {
    if (output->bias) value = _mm256_add_ps(value, _mm256_loadu_ps(output->bias + column));
    if (output->accumulate) value = _mm256_add_ps(value, _mm256_loadu_ps(place));
    _mm256_storeu_ps(place, value);
    return;
  }
  const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)left), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  if (output->bias) value = _mm256_add_ps(value, _mm256_maskload_ps(output->bias + column, mask));
  if (output->accumulate) value = _mm256_add_ps(value, _mm256_maskload_ps(place, mask));
  _mm256_maskstore_ps(place, mask, value);
}

#endif
#endif
