// What the products of both formats share: writing sums to an output, and cutting rows into groups.
#ifndef PRODUCT_H
#define PRODUCT_H

#include "products.h"
#include "wide.h"

#if defined(__x86_64__)

enum {
  VECTORS = 4,  // of sixteen outputs each, per panel
  // Six rows of four vectors of sums, four of weights and one of channels fill 29 of the 32 registers.
  GROUP = CV_GROUP_ROWS,
  // A single row runs at memory speed, and prefetching into the second-level cache makes it 2 % faster.
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

INLINE void activate(const cv_output *output, size_t row, size_t rows, size_t column) {
  if (!output->activate) return;
  const size_t left = output->columns - column;
  output->activate(output->start + row * output->stride + column, output->stride, rows, left < PANEL ? left : PANEL,
                   output->factors ? output->factors + row * output->factor_stride + column : 0, output->factor_stride);
}

// Rows of the next group when `left` rows remain. Groups have nearly equal size, so that no row is left alone: each
// group costs at least one read of the panel.
INLINE size_t group_size(size_t left) {
  const size_t groups = (left + GROUP - 1) / GROUP;
  return (left + groups - 1) / groups;
}

#define GROUPS(CALL)      \
  switch (here) {         \
    case 1: CALL(1); break; \
    case 2: CALL(2); break; \
    case 3: CALL(3); break; \
    case 4: CALL(4); break; \
    case 5: CALL(5); break; \
    default: CALL(6); break; \
  }

#endif
#endif
