#include "activations.h"
#include "wide_exponential.h"

#if defined(__x86_64__)

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

#else

void cv_silu_wide(float *values, size_t stride, size_t rows, size_t count, const float *factors,
                  size_t factor_stride) {}
void cv_quick_gelu_wide(float *values, size_t stride, size_t rows, size_t count, const float *factors,
                        size_t factor_stride) {}

#endif
