#include "product_avx512.h"

#if defined(__x86_64__)

// Computes `vectors` of the panel's four vectors.
BF16 INLINE void bf16_group(const int count, const int vectors, const uint16_t *rows, size_t row_stride,
                            const float *row_scales, const uint16_t *panel, size_t inner, const cv_output *output,
                            size_t row, size_t column) {
  __m512 total[GROUP][VECTORS];
  UNROLL for (int r = 0; r < count; r++) {
    UNROLL for (int v = 0; v < vectors; v++) total[r][v] = _mm512_setzero_ps();
  }
  const uint16_t *from = rows + row * row_stride;
  for (size_t k = 0; k < inner; k += 2) {
    const uint16_t *place = panel + k * PANEL;
    // Later groups find the panel in cache.
    if (row == 0) {
      UNROLL for (int v = 0; v < vectors; v++) _mm_prefetch((const char *)place + AHEAD + v * 64, _MM_HINT_T1);
    }
    __m512i weights[VECTORS];
    UNROLL for (int v = 0; v < vectors; v++) weights[v] = _mm512_loadu_si512(place + v * 32);
    UNROLL for (int r = 0; r < count; r++) {
      const __m512i channels = _mm512_set1_epi32(word_at(from + (size_t)r * row_stride + k));
      UNROLL for (int v = 0; v < vectors; v++) {
        total[r][v] = _mm512_dpbf16_ps(total[r][v], (__m512bh)channels, (__m512bh)weights[v]);
      }
    }
  }
  UNROLL for (int v = 0; v < vectors; v++) {
    const __mmask16 mask = wanted(output->columns - column, v);
    UNROLL for (int r = 0; r < count; r++) {
      if (row_scales) total[r][v] = _mm512_mul_ps(total[r][v], _mm512_set1_ps(row_scales[row + (size_t)r]));
      finish(total[r][v], output, row + (size_t)r, column + (size_t)v * 16, mask);
    }
  }
}

BF16 void cv_product_bf16(const uint16_t *rows, size_t row_stride, const float *row_scales, size_t count,
                          const uint16_t *panels, size_t panel_stride, size_t inner, const cv_output *output) {
  for (size_t column = 0; column < output->columns; column += PANEL) {
    const uint16_t *panel = panels + column / PANEL * panel_stride;
    const size_t left = output->columns - column;
    for (size_t row = 0, here; row < count; row += here) {
      here = group_size(count - row);
#define CALL(COUNT) bf16_group(COUNT, 4, rows, row_stride, row_scales, panel, inner, output, row, column)
#define CALL_NARROW(COUNT) bf16_group(COUNT, 1, rows, row_stride, row_scales, panel, inner, output, row, column)
#define CALL_HALF(COUNT) bf16_group(COUNT, 2, rows, row_stride, row_scales, panel, inner, output, row, column)
      // Attention has panels with few columns: 577 keys leave one for the last panel.
      if (left <= 16) {
        GROUPS(CALL_NARROW)
      } else if (left <= 32) {
        GROUPS(CALL_HALF)
      } else {
        GROUPS(CALL)
      }
#undef CALL
#undef CALL_NARROW
#undef CALL_HALF
      activate(output, row, here, column);
    }
  }
}

#else

void cv_product_bf16(const uint16_t *rows, size_t row_stride, const float *row_scales, size_t count,
                     const uint16_t *panels, size_t panel_stride, size_t inner, const cv_output *output) {}

#endif
