// What all products share: cutting rows into groups, and the activation after them.
#ifndef PRODUCT_H
#define PRODUCT_H

#include "clones.h"
#include "panel.h"
#include "products.h"

#if defined(__x86_64__)

#define UNROLL _Pragma("clang loop unroll(full)")

// Rows whose sums are in registers together. AVX-512: six rows of four vectors of sums, four of weights and one of
// channels fill 29 of the 32 registers; AVX2: six rows of two vectors, two of weights and one of channels 15 of 16.
enum { GROUP = CV_GROUP_ROWS };

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
