#include "cproducts.h"

#include "wide.h"

#if defined(__x86_64__)

enum {
  VECTORS = 4,  // of sixteen outputs each, a panel
  // Six rows of four vectors of sums, four of weights and one of channels fill 29 of the 32 registers.
  GROUP = CV_GROUP_ROWS,
  // One row is as fast as memory is, and memory is faster when it is told what comes: into the second-level cache, by 2 %.
  AHEAD = 4096,
};

static int is_wide(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

int cv_multiplies_int8(void) { return is_wide() && __builtin_cpu_supports("avx512vnni"); }

int cv_multiplies_bf16(void) { return is_wide() && __builtin_cpu_supports("avx512bf16"); }

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
    if (count == 1) {
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

// `vectors` of the panel's four are computed.
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
    if (count == 1) {
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

INLINE void activate(const cv_output *output, size_t row, size_t rows, size_t column) {
  if (!output->activate) return;
  const size_t left = output->columns - column;
  output->activate(output->start + row * output->stride + column, output->stride, rows, left < PANEL ? left : PANEL,
                   output->factors ? output->factors + row * output->factor_stride + column : 0, output->factor_stride);
}

// Rows of the next group, of `left` rows that remain: groups of nearly equal size, so that no row is left alone. A group costs what
// reading the panel costs, at least.
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

VNNI void cv_product_int8(const uint8_t *rows, size_t row_stride, const float *row_scales, size_t count,
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
      // Attention has panels with a few columns: 577 keys leave one.
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

int cv_multiplies_int8(void) { return 0; }
int cv_multiplies_bf16(void) { return 0; }
void cv_product_int8(const uint8_t *rows, size_t row_stride, const float *row_scales, size_t count,
                     const int8_t *panels, size_t inner, const int32_t *sums, const float *scales,
                     const cv_output *output) {}
void cv_product_bf16(const uint16_t *rows, size_t row_stride, const float *row_scales, size_t count,
                     const uint16_t *panels, size_t panel_stride, size_t inner, const cv_output *output) {}

#endif
