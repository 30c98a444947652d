#include "product_avx2.h"

#if defined(__x86_64__)

// Weights are stored in bfloat16 and multiplied in Float32, with rows that stay Float32.
enum { CHANNELS = 128 };

typedef struct {
  // [panel's sixteens][channels][16 outputs].
  float weights[CHANNELS * PANEL] __attribute__((aligned(32)));
  // [rows][PANEL].
  float sums[CHUNK * PANEL] __attribute__((aligned(32)));
} scratch;

// Eight outputs of two channels, side by side: the even channel's weights in the lower halves.
AVX2 INLINE __m256 even_channel(__m256i pairs) { return _mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16)); }
AVX2 INLINE __m256 odd_channel(__m256i pairs) {
  return _mm256_castsi256_ps(_mm256_and_si256(pairs, _mm256_set1_epi32((int)0xffff0000u)));
}

AVX2 INLINE void widen_weights(const uint16_t *panel, size_t channels, float *to) {
  for (size_t k = 0; k < channels; k += 2) {
    UNROLL for (int eight = 0; eight < EIGHTS; eight++) {
      const __m256i pairs = _mm256_loadu_si256((const __m256i *)(panel + k * PANEL + eight * 16));
      float *place = to + ((size_t)(eight / 2) * CHANNELS + k) * 16 + eight % 2 * 8;
      _mm256_store_ps(place, even_channel(pairs));
      _mm256_store_ps(place + 16, odd_channel(pairs));
    }
  }
}

// Adds a stretch of channels to the sums of `count` rows.
AVX2 INLINE void add_stretch(const int count, const float *rows, size_t row_stride, const float *weights,
                             size_t channels, int first, float *sums) {
  for (int sixteen = 0; sixteen < PANEL / 16; sixteen++) {
    float *place = sums + sixteen * 16;
    __m256 low[GROUP], high[GROUP];
    UNROLL for (int r = 0; r < count; r++) {
      low[r] = first ? _mm256_setzero_ps() : _mm256_load_ps(place + (size_t)r * PANEL);
      high[r] = first ? _mm256_setzero_ps() : _mm256_load_ps(place + (size_t)r * PANEL + 8);
    }
    const float *from = weights + (size_t)sixteen * CHANNELS * 16;
    for (size_t k = 0; k < channels; k++) {
      const __m256 first_eight = _mm256_load_ps(from + k * 16), last_eight = _mm256_load_ps(from + k * 16 + 8);
      UNROLL for (int r = 0; r < count; r++) {
        const __m256 channel = _mm256_broadcast_ss(rows + (size_t)r * row_stride + k);
        low[r] = _mm256_fmadd_ps(channel, first_eight, low[r]);
        high[r] = _mm256_fmadd_ps(channel, last_eight, high[r]);
      }
    }
    UNROLL for (int r = 0; r < count; r++) {
      _mm256_store_ps(place + (size_t)r * PANEL, low[r]);
      _mm256_store_ps(place + (size_t)r * PANEL + 8, high[r]);
    }
  }
}

AVX2 INLINE void finish_row(const float *sums, const cv_output *output, size_t row, size_t column) {
  for (size_t c = 0; c < PANEL && column + c < output->columns; c += 8) {
    finish_eight(_mm256_loadu_ps(sums + c), output, row, column + c);
  }
}

AVX2 static void rows_of_panel(const float *rows, size_t row_stride, size_t count, const uint16_t *panel,
                               size_t inner, const cv_output *output, size_t column) {
  scratch memory;
  for (size_t start = 0; start < count; start += CHUNK) {
    const size_t chunk = count - start < CHUNK ? count - start : CHUNK;
    for (size_t k = 0; k < inner; k += CHANNELS) {
      const size_t channels = inner - k < CHANNELS ? inner - k : CHANNELS;
      widen_weights(panel + k * PANEL, channels, memory.weights);
      for (size_t row = 0, here; row < chunk; row += here) {
        here = group_size(chunk - row);
#define CALL(COUNT)                                                                                      \
  add_stretch(COUNT, rows + (start + row) * row_stride + k, row_stride, memory.weights, channels, k == 0, \
              memory.sums + row * PANEL)
        GROUPS(CALL)
#undef CALL
      }
    }
    for (size_t row = 0; row < chunk; row++) finish_row(memory.sums + row * PANEL, output, start + row, column);
    activate(output, start, chunk, column);
  }
}

// A single row waits for memory: the panel is read once, in the order in which it lies there.
AVX2 static void row_of_panel(const float *row, const uint16_t *panel, size_t inner, const cv_output *output,
                              size_t column) {
  __m256 total[EIGHTS];
  UNROLL for (int v = 0; v < EIGHTS; v++) total[v] = _mm256_setzero_ps();
  for (size_t k = 0; k < inner; k += 2) {
    const __m256 even = _mm256_broadcast_ss(row + k), odd = _mm256_broadcast_ss(row + k + 1);
    const uint16_t *place = panel + k * PANEL;
    UNROLL for (int line = 0; line < 4; line++) {
      _mm_prefetch((const char *)place + AHEAD + line * 64, _MM_HINT_T0);
    }
    UNROLL for (int v = 0; v < EIGHTS; v++) {
      const __m256i pairs = _mm256_loadu_si256((const __m256i *)(place + v * 16));
      total[v] = _mm256_fmadd_ps(even, even_channel(pairs), total[v]);
      total[v] = _mm256_fmadd_ps(odd, odd_channel(pairs), total[v]);
    }
  }
  float sums[PANEL];
  UNROLL for (int v = 0; v < EIGHTS; v++) _mm256_storeu_ps(sums + v * 8, total[v]);
  finish_row(sums, output, 0, column);
  activate(output, 0, 1, column);
}

void cv_product_widened_bf16(const float *rows, size_t row_stride, size_t count, const uint16_t *panels, size_t inner,
                             const cv_output *output) {
  for (size_t column = 0; column < output->columns; column += PANEL) {
    const uint16_t *panel = panels + column / PANEL * inner * PANEL;
    if (count == 1) {
      row_of_panel(rows, panel, inner, output, column);
    } else {
      rows_of_panel(rows, row_stride, count, panel, inner, output, column);
    }
  }
}

#else

void cv_product_widened_bf16(const float *rows, size_t row_stride, size_t count, const uint16_t *panels, size_t inner,
                             const cv_output *output) {}

#endif
