#include "product_avx2.h"

#if defined(__x86_64__)

// Sixteen-bit products of pairs cannot overflow, unlike the eight-bit instruction's, and cost as much: two
// multiplications for 32 channels. Widening a panel is shared by all rows.
enum { CHANNELS = 256, STEPS = CHANNELS / 4 };

typedef struct {
  // [eights][steps][8 outputs][4 channels].
  int16_t weights[EIGHTS * STEPS * 32] __attribute__((aligned(32)));
  // [rows of a group][channels].
  int16_t rows[GROUP * CHANNELS] __attribute__((aligned(32)));
  // [rows][PANEL].
  int32_t sums[CHUNK * PANEL] __attribute__((aligned(32)));
} scratch;

AVX2 INLINE void widen_weights(const int8_t *panel, size_t steps, int16_t *to) {
  for (size_t step = 0; step < steps; step++) {
    UNROLL for (int eight = 0; eight < EIGHTS; eight++) {
      const int8_t *from = panel + step * 4 * PANEL + (size_t)eight * 32;
      int16_t *place = to + ((size_t)eight * STEPS + step) * 32;
      _mm256_store_si256((__m256i *)place, _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)from)));
      _mm256_store_si256((__m256i *)(place + 16), _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(from + 16))));
    }
  }
}

AVX2 INLINE void widen_row(const uint8_t *from, size_t channels, int16_t *to) {
  size_t k = 0;
  for (; k + 16 <= channels; k += 16) {
    _mm256_store_si256((__m256i *)(to + k), _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(from + k))));
  }
  for (; k < channels; k++) to[k] = from[k];
}

// Adds a stretch of channels to the sums of `count` rows.
AVX2 INLINE void add_stretch(const int count, const int16_t *rows, const int16_t *weights, size_t steps, int first,
                             int32_t *sums) {
  for (int eight = 0; eight < EIGHTS; eight++) {
    __m256i low[GROUP], high[GROUP];
    UNROLL for (int r = 0; r < count; r++) low[r] = high[r] = _mm256_setzero_si256();
    const int16_t *place = weights + (size_t)eight * STEPS * 32;
    for (size_t step = 0; step < steps; step++) {
      const __m256i first_four = _mm256_load_si256((const __m256i *)(place + step * 32));
      const __m256i last_four = _mm256_load_si256((const __m256i *)(place + step * 32 + 16));
      UNROLL for (int r = 0; r < count; r++) {
        int64_t four;
        memcpy(&four, rows + (size_t)r * CHANNELS + step * 4, sizeof four);
        const __m256i channels = _mm256_set1_epi64x(four);
        low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(first_four, channels));
        high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(last_four, channels));
      }
    }
    UNROLL for (int r = 0; r < count; r++) {
      // Each output has two partial sums side by side.
      __m256i total = _mm256_permute4x64_epi64(_mm256_hadd_epi32(low[r], high[r]), 0xd8);
      __m256i *sum = (__m256i *)(sums + (size_t)r * PANEL + (size_t)eight * 8);
      if (!first) total = _mm256_add_epi32(total, _mm256_load_si256(sum));
      _mm256_store_si256(sum, total);
    }
  }
}

AVX2 INLINE void finish_row(const int32_t *totals, const int32_t *sums, const float *scales, float row_scale,
                            const cv_output *output, size_t row, size_t column) {
  for (size_t c = 0; c < PANEL && column + c < output->columns; c += 8) {
    const __m256i total = _mm256_loadu_si256((const __m256i *)(totals + c));
    const __m256i zero = _mm256_loadu_si256((const __m256i *)(sums + column + c));
    const __m256 both = _mm256_mul_ps(_mm256_set1_ps(row_scale), _mm256_loadu_ps(scales + column + c));
    finish_eight(_mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(total, zero)), both), output, row, column + c);
  }
}

AVX2 static void rows_of_panel(const uint8_t *rows, size_t row_stride, const float *row_scales, size_t count,
                               const int8_t *panel, size_t inner, const int32_t *sums, const float *scales,
                               const cv_output *output, size_t column) {
  scratch memory;
  for (size_t start = 0; start < count; start += CHUNK) {
    const size_t chunk = count - start < CHUNK ? count - start : CHUNK;
    for (size_t k = 0; k < inner; k += CHANNELS) {
      const size_t channels = inner - k < CHANNELS ? inner - k : CHANNELS;
      widen_weights(panel + k * PANEL, channels / 4, memory.weights);
      for (size_t row = 0, here; row < chunk; row += here) {
        here = group_size(chunk - row);
        for (size_t r = 0; r < here; r++) {
          widen_row(rows + (start + row + r) * row_stride + k, channels, memory.rows + r * CHANNELS);
        }
#define CALL(COUNT) add_stretch(COUNT, memory.rows, memory.weights, channels / 4, k == 0, memory.sums + row * PANEL)
        GROUPS(CALL)
#undef CALL
      }
    }
    for (size_t row = 0; row < chunk; row++) {
      finish_row(memory.sums + row * PANEL, sums, scales, row_scales[start + row], output, start + row, column);
    }
    activate(output, start, chunk, column);
  }
}

// A single row waits for memory: the panel is read once, in the order in which it lies there. Weights' magnitudes times
// channels with the weights' signs fit sixteen bits, because neither is −128.
AVX2 static void row_of_panel(const uint8_t *row, float row_scale, const int8_t *panel, size_t inner,
                              const int32_t *sums, const float *scales, const cv_output *output, size_t column) {
  __m256i total[EIGHTS];
  UNROLL for (int v = 0; v < EIGHTS; v++) total[v] = _mm256_setzero_si256();
  const __m256i ones = _mm256_set1_epi16(1);
  for (size_t k = 0; k < inner; k += 4) {
    int32_t four;
    memcpy(&four, row + k, sizeof four);
    const __m256i channels = _mm256_set1_epi32((int32_t)((uint32_t)four ^ 0x80808080u));
    const int8_t *place = panel + k * PANEL;
    UNROLL for (int line = 0; line < 4; line++) _mm_prefetch((const char *)place + AHEAD + line * 64, _MM_HINT_T0);
    UNROLL for (int v = 0; v < EIGHTS; v++) {
      const __m256i weights = _mm256_loadu_si256((const __m256i *)(place + v * 32));
      const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(weights), _mm256_sign_epi8(channels, weights));
      total[v] = _mm256_add_epi32(total[v], _mm256_madd_epi16(pairs, ones));
    }
  }
  int32_t totals[PANEL];
  // finish_row subtracts the sums that moving the channels to 0 … 255 adds; here they were moved back.
  UNROLL for (int v = 0; v < EIGHTS; v++) {
    const __m256i moved = _mm256_loadu_si256((const __m256i *)(sums + column + v * 8));
    _mm256_storeu_si256((__m256i *)(totals + v * 8), _mm256_add_epi32(total[v], moved));
  }
  finish_row(totals, sums, scales, row_scale, output, 0, column);
  activate(output, 0, 1, column);
}

void cv_product_int8_avx2(const uint8_t *rows, size_t row_stride, const float *row_scales, size_t count,
                          const int8_t *panels, size_t inner, const int32_t *sums, const float *scales,
                          const cv_output *output) {
  for (size_t column = 0; column < output->columns; column += PANEL) {
    const int8_t *panel = panels + column / PANEL * inner * PANEL;
    if (count == 1) {
      row_of_panel(rows, row_scales[0], panel, inner, sums, scales, output, column);
    } else {
      rows_of_panel(rows, row_stride, row_scales, count, panel, inner, sums, scales, output, column);
    }
  }
}

#else

void cv_product_int8_avx2(const uint8_t *rows, size_t row_stride, const float *row_scales, size_t count,
                          const int8_t *panels, size_t inner, const int32_t *sums, const float *scales,
                          const cv_output *output) {}

#endif
