#include "product_avx512.h"

#if defined(__x86_64__)

VNNI INLINE void int8_group(const int count, const uint8_t *rows, size_t row_stride, const float *row_scales,
                            const int8_t *panel, size_t inner, const int32_t *sums,
                            const float *scales, const cv_output *output, size_t row, size_t column) {
  __m512i total[GROUP][VECTORS];
  UNROLL for (int r = 0; r < count; r++) {
    UNROLL for (int v = 0; v < VECTORS; v++) total[r][v] = _mm512_setzero_si512();
  }
  const uint8_t *from = rows + row * row_stride;
  for (size_t k = 0; k < inner; k += 4) {
    const int8_t *place = panel + k * PANEL;
    // Later groups find the panel in cache.
    if (row == 0) {
      UNROLL for (int v = 0; v < VECTORS; v++) _mm_prefetch((const char *)place + AHEAD + v * 64, _MM_HINT_T1);
    }
    __m512i weights[VECTORS];
    UNROLL for (int v = 0; v < VECTORS; v++) weights[v] = _mm512_loadu_si512(place + v * 64);
    UNROLL for (int r = 0; r < count; r++) {
      const __m512i channels = _mm512_set1_epi32(word_at(from + (size_t)r * row_stride + k));
      UNROLL for (int v = 0; v < VECTORS; v++) total[r][v] = _mm512_dpbusd_epi32(total[r][v], channels, weights[v]);
    }
  }
  UNROLL for (int v = 0; v < VECTORS; v++) {
    const __mmask16 mask = wanted(output->columns - column, v);
    const size_t place = column + (size_t)v * 16;
    const __m512i zero = _mm512_loadu_si512(sums + place);
    const __m512 scale = _mm512_loadu_ps(scales + place);
    UNROLL for (int r = 0; r < count; r++) {
      const __m512 both = _mm512_mul_ps(_mm512_set1_ps(row_scales[row + (size_t)r]), scale);
      const __m512 sum = _mm512_cvtepi32_ps(_mm512_sub_epi32(total[r][v], zero));
      finish(_mm512_mul_ps(sum, both), output, row + (size_t)r, place, mask);
    }
  }
}

VNNI void cv_product_int8_avx512(const uint8_t *rows, size_t row_stride, const float *row_scales, size_t count,
                          const int8_t *panels, size_t inner, const int32_t *sums, const float *scales,
                          const cv_output *output) {
  const size_t bytes = inner * PANEL;
  for (size_t column = 0; column < output->columns; column += PANEL) {
    const int8_t *panel = panels + column / PANEL * bytes;
    for (size_t row = 0, here; row < count; row += here) {
      here = group_size(count - row);
#define CALL(COUNT) \
  int8_group(COUNT, rows, row_stride, row_scales, panel, inner, sums, scales, output, row, column)
      GROUPS(CALL)
#undef CALL
      activate(output, row, here, column);
    }
  }
}

#else

void cv_product_int8_avx512(const uint8_t *rows, size_t row_stride, const float *row_scales, size_t count,
                     const int8_t *panels, size_t inner, const int32_t *sums, const float *scales,
                     const cv_output *output) {}

#endif
