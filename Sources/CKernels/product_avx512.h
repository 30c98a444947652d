// What the AVX-512 products share: the shape of a group, and writing sums to an output.
#ifndef PRODUCT_AVX512_H
#define PRODUCT_AVX512_H

#include "product.h"
#include "wide.h"

#if defined(__x86_64__)

enum {
  VECTORS = 4,  // of sixteen outputs each, per panel
  // Few rows run at memory speed, and prefetching into the second-level cache makes a single one 2 % faster.
  AHEAD = 4096,
};

// Four bytes of channels, whatever their type.
INLINE int32_t word_at(const void *place) {
  int32_t word;
  memcpy(&word, place, sizeof word);
  return word;
}

// Lanes of vector `v` of a panel that holds `columns` wanted outputs.
INLINE __mmask16 wanted(size_t columns, int v) {
  const size_t before = (size_t)v * 16;
  return columns >= before + 16 ? 0xffff : columns <= before ? 0 : (__mmask16)((1u << (columns - before)) - 1);
}

WIDE INLINE void finish(__m512 value, const cv_output *output, size_t row, size_t column, __mmask16 mask) {
  float *place = output->start + row * output->stride + column;
  if (output->bias) value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(mask, output->bias + column));
  if (output->accumulate) value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(mask, place));
  _mm512_mask_storeu_ps(place, mask, value);
}

#endif
#endif
