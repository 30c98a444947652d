// Rows of activations and the operands of attention in bfloat16.
#include "attention_operands.h"
#include "wide.h"

#if defined(__x86_64__)

BF16 void cv_narrow_rows(const float *rows, size_t stride, size_t count, float scale, size_t width, size_t padded,
                         uint16_t *narrowed) {
  const __m512 factor = _mm512_set1_ps(scale);
  for (size_t r = 0; r < count; r++) {
    for (size_t i = 0; i < padded; i += 16) {
      const __mmask16 mask = i < width ? first_lanes(width - i) : 0;
      const __m512 value = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, rows + r * stride + i), factor);
      _mm256_storeu_si256((__m256i *)(narrowed + r * padded + i), (__m256i)_mm512_cvtneps_pbh(value));
    }
  }
}

// Sixteen vectors of sixteen words: row r, word c ↔ row c, word r.
WIDE INLINE void transpose(__m512i *v) {
  __m512i t[16];
  UNROLL for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
  }
  UNROLL for (int i = 0; i < 16; i += 4) {
    v[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    v[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    v[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    v[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0xdd);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    v[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    v[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    v[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
    v[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
  }
}

BF16 void cv_pack_keys(const float *keys, size_t stride, size_t columns, size_t width, size_t padded,
                       uint16_t *panel) {
  for (size_t column = 0; column < PANEL; column += 16) {
    for (size_t k = 0; k < padded; k += 32) {
      const __mmask16 low = k < width ? first_lanes(width - k) : 0;
      const __mmask16 high = k + 16 < width ? first_lanes(width - k - 16) : 0;
      __m512i pairs[16];
      UNROLL for (int i = 0; i < 16; i++) {
        const int is_there = column + (size_t)i < columns;
        const float *key = keys + (is_there ? (column + (size_t)i) * stride + k : 0);
        pairs[i] = narrow_both(_mm512_maskz_loadu_ps(is_there ? low : 0, key),
                               _mm512_maskz_loadu_ps(is_there ? high : 0, key + 16));
      }
      transpose(pairs);
      UNROLL for (int i = 0; i < 16; i++) {
        _mm512_storeu_si512(panel + ((k / 2 + (size_t)i) * PANEL + column) * 2, pairs[i]);
      }
    }
  }
}

BF16 void cv_pack_values(const float *values, size_t stride, size_t columns, size_t positions, size_t padded,
                         uint16_t *panel) {
  // 0, 16, 1, 17, …: the two positions of a pair side by side.
  const __m512i sides = _mm512_add_epi32(
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
      _mm512_slli_epi32(_mm512_setr_epi32(16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31), 16));
  for (size_t p = 0; p < padded; p += 2) {
    for (size_t column = 0; column < PANEL; column += 16) {
      const __mmask16 mask = column < columns ? first_lanes(columns - column) : 0;
      const float *place = values + p * stride + column;
      const __m512 first = _mm512_maskz_loadu_ps(p < positions ? mask : 0, place);
      const __m512 second = _mm512_maskz_loadu_ps(p + 1 < positions ? mask : 0, place + stride);
      _mm512_storeu_si512(panel + (p / 2 * PANEL + column) * 2,
                          _mm512_permutexvar_epi16(sides, narrow_both(first, second)));
    }
  }
}

#else

void cv_narrow_rows(const float *rows, size_t stride, size_t count, float scale, size_t width, size_t padded,
                    uint16_t *narrowed) {}
void cv_pack_keys(const float *keys, size_t stride, size_t columns, size_t width, size_t padded, uint16_t *panel) {}
void cv_pack_values(const float *values, size_t stride, size_t columns, size_t positions, size_t padded,
                    uint16_t *panel) {}

#endif
