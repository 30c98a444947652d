#include "activations.h"

#include "exponential.h"

// Abramowitz and Stegun 7.1.26 with |error| <= 1.5e-7, which is float's own resolution near 1.
INLINE float fast_erf(float x) {
  FAST_SUMS
  const float magnitude = fabsf(x);
  const float t = 1.0f / (1.0f + 0.3275911f * magnitude);
  float p = 1.061405429f;
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const float y = 1.0f - p * t * fast_exp(-magnitude * magnitude);
  return copysignf(y, x);
}

INLINE float gelu(float x) { return 0.5f * x * (1.0f + fast_erf(x * 0.70710678118654752f)); }

INLINE float gelu_tanh(float x) {
  const float inner = 0.79788456080286536f * (x + 0.044715f * x * x * x);
  return x / (1.0f + fast_exp(-2.0f * inner));  // 0.5·(1 + tanh(u)) = sigmoid(2u)
}

INLINE float quick_gelu(float x) { return x / (1.0f + fast_exp(-1.702f * x)); }
INLINE float silu(float x) { return x / (1.0f + fast_exp(-x)); }
INLINE float relu(float x) { return x > 0 ? x : 0; }

#define ACTIVATE(NAME, FUNCTION)                                                                             \
  CLONES void NAME(float *values, size_t stride, size_t rows, size_t count, const float *factors,            \
                   size_t factor_stride) {                                                                   \
    for (size_t r = 0; r < rows; r++) {                                                                      \
      float *row = values + r * stride;                                                                      \
      if (factors) {                                                                                         \
        const float *factor = factors + r * factor_stride;                                                   \
        for (size_t i = 0; i < count; i++) row[i] = FUNCTION(row[i]) * factor[i];                            \
      } else {                                                                                               \
        for (size_t i = 0; i < count; i++) row[i] = FUNCTION(row[i]);                                        \
      }                                                                                                      \
    }                                                                                                        \
  }

ACTIVATE(cv_gelu, gelu)
ACTIVATE(cv_gelu_tanh, gelu_tanh)
ACTIVATE(cv_quick_gelu, quick_gelu)
ACTIVATE(cv_silu, silu)
ACTIVATE(cv_relu, relu)
