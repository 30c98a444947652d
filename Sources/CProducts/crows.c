// What stands around the products: activations, softmax, and the operands of attention.
#include "cproducts.h"
#include "wide.h"

#if defined(__x86_64__)

INLINE __mmask16 first_lanes(size_t count) { return count >= 16 ? 0xffff : (__mmask16)((1u << count) - 1); }

// 2^x as 2^n · 2^r with whole n and |r| <= 1/2; the polynomial is Cephes' exp2f.
WIDE INLINE __m512 exp2_of(__m512 x) {
  // Infinity less infinity is not a number; far below is zero all the same. A NaN comes second, and stays.
  x = _mm512_max_ps(_mm512_set1_ps(-200.0f), x);
  const __m512 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 r = _mm512_sub_ps(x, n);
  __m512 p = _mm512_set1_ps(1.535336188e-4f);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.339887440e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.618437357e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.550332471e-2f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(2.402264791e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(6.931472029e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  return _mm512_scalef_ps(p, n);
}

// x / (1 + 2^(slope · x)) (· factor).
WIDE INLINE void gate(float *values, size_t stride, size_t rows, size_t count, const float *factors,
                      size_t factor_stride, float slope) {
  for (size_t r = 0; r < rows; r++) {
    for (size_t i = 0; i < count; i += 16) {
      const __mmask16 mask = first_lanes(count - i);
      float *place = values + r * stride + i;
      const __m512 x = _mm512_maskz_loadu_ps(mask, place);
      const __m512 power = exp2_of(_mm512_mul_ps(x, _mm512_set1_ps(slope)));
      __m512 value = _mm512_div_ps(x, _mm512_add_ps(power, _mm512_set1_ps(1.0f)));
      if (factors) value = _mm512_mul_ps(value, _mm512_maskz_loadu_ps(mask, factors + r * factor_stride + i));
      _mm512_mask_storeu_ps(place, mask, value);
    }
  }
}

WIDE void cv_silu_wide(float *values, size_t stride, size_t rows, size_t count, const float *factors,
                       size_t factor_stride) {
  gate(values, stride, rows, count, factors, factor_stride, -1.44269504f);
}

WIDE void cv_quick_gelu_wide(float *values, size_t stride, size_t rows, size_t count, const float *factors,
                             size_t factor_stride) {
  gate(values, stride, rows, count, factors, factor_stride, -1.702f * 1.44269504f);
}

// e^(score − largest), for scores not above it.
WIDE INLINE __m512 power_of(__m512 scores, __m512 largest) {
  return exp2_of(_mm512_mul_ps(_mm512_sub_ps(scores, largest), _mm512_set1_ps(1.44269504f)));
}

WIDE INLINE __m512 largest_of(const float *row, size_t count) {
  const __m512 lowest = _mm512_set1_ps(-__builtin_inff());
  __m512 most[2] = {lowest, lowest};
  size_t i = 0;
  for (; i + 32 <= count; i += 32) {
    most[0] = _mm512_max_ps(most[0], _mm512_loadu_ps(row + i));
    most[1] = _mm512_max_ps(most[1], _mm512_loadu_ps(row + i + 16));
  }
  for (; i < count; i += 16) {
    most[0] = _mm512_max_ps(most[0], _mm512_mask_loadu_ps(lowest, first_lanes(count - i), row + i));
  }
  return _mm512_set1_ps(_mm512_reduce_max_ps(_mm512_max_ps(most[0], most[1])));
}

// Two vectors in one of bfloat16: `first` in the lower half.
BF16 INLINE __m512i narrow_both(__m512 first, __m512 second) { return (__m512i)_mm512_cvtne2ps_pbh(second, first); }

BF16 float cv_softmax_bf16(float *row, size_t count, int keep, size_t padded, uint16_t *narrowed) {
  const __m512 largest = largest_of(row, count);
  __m512 sums[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
  size_t i = 0;
  for (; i < count; i += 32) {
    const __mmask16 masks[2] = {first_lanes(count - i), i + 16 < count ? first_lanes(count - i - 16) : 0};
    __m512 powers[2];
    UNROLL for (int half = 0; half < 2; half++) {
      float *place = row + i + half * 16;
      powers[half] = _mm512_maskz_mov_ps(
          masks[half], power_of(_mm512_mask_loadu_ps(largest, masks[half], place), largest));
      sums[half] = _mm512_add_ps(sums[half], powers[half]);
      if (keep) _mm512_mask_storeu_ps(place, masks[half], powers[half]);
    }
    _mm512_storeu_si512(narrowed + i, narrow_both(powers[0], powers[1]));
  }
  for (; i < padded; i += 32) _mm512_storeu_si512(narrowed + i, _mm512_setzero_si512());
  const float share = 1.0f / _mm512_reduce_add_ps(_mm512_add_ps(sums[0], sums[1]));
  for (i = 0; keep && i < count; i += 16) {
    const __mmask16 mask = first_lanes(count - i);
    const __m512 power = _mm512_maskz_loadu_ps(mask, row + i);
    _mm512_mask_storeu_ps(row + i, mask, _mm512_mul_ps(power, _mm512_set1_ps(share)));
  }
  return share;
}

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

void cv_silu_wide(float *values, size_t stride, size_t rows, size_t count, const float *factors,
                  size_t factor_stride) {}
void cv_quick_gelu_wide(float *values, size_t stride, size_t rows, size_t count, const float *factors,
                        size_t factor_stride) {}
float cv_softmax_bf16(float *row, size_t count, int keep, size_t padded, uint16_t *narrowed) { return 0; }
void cv_narrow_rows(const float *rows, size_t stride, size_t count, float scale, size_t width, size_t padded,
                    uint16_t *narrowed) {}
void cv_pack_keys(const float *keys, size_t stride, size_t columns, size_t width, size_t padded, uint16_t *panel) {}
void cv_pack_values(const float *values, size_t stride, size_t columns, size_t positions, size_t padded,
                    uint16_t *panel) {}

#endif
