#include "softmax.h"
#include "wide_exponential.h"

#if defined(__x86_64__)

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

#else

float cv_softmax_bf16(float *row, size_t count, int keep, size_t padded, uint16_t *narrowed) { return 0; }

#endif
