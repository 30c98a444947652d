#include "cvector.h"

#include "lanes.h"

#include <math.h>
#include <string.h>

INLINE float as_float(int32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// exp by range reduction to [-ln2/2, ln2/2] and a polynomial of degree 6: about 1 ulp. Below -87.3 the result is 0 to
// within the smallest normal float, above 88.3 it saturates.
INLINE float fast_exp(float x) {
  FAST_SUMS
  x = x < -87.3f ? -87.3f : x;
  x = x > 88.3f ? 88.3f : x;
  const float shifted = x * 1.44269504088896341f + 12582912.0f;  // rounds to an integer, which its low bits hold
  const float n = shifted - 12582912.0f;
  float r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  // The integer is read from the bits: converting a NaN would be undefined. p carries the NaN.
  uint32_t exponent;
  memcpy(&exponent, &shifted, sizeof exponent);
  return p * as_float((int32_t)((exponent - 0x4b400000u + 127u) << 23));
}

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

// A maximum of floats vectorises only where a NaN may be stepped over: here it may, the sum carries it.
INLINE float largest(const float *row, size_t count) {
  float result = -INFINITY;
  size_t i = 0;
  if (count >= LANES) {
    lanes most;
    load(&most, row);
    for (i = LANES; i + LANES <= count; i += LANES) {
      lanes next;
      load(&next, row + i);
      most = __builtin_elementwise_max(most, next);
    }
    result = __builtin_reduce_max(most);
  }
  for (; i < count; i++) result = row[i] > result ? row[i] : result;
  return result;
}

// row[i] = exp(row[i] − max); returns one over their sum.
INLINE float exponentials(float *row, size_t count) {
  FAST_SUMS
  const float most = largest(row, count);
  float sum = 0;
  for (size_t i = 0; i < count; i++) {
    row[i] = fast_exp(row[i] - most);
    sum += row[i];
  }
  return 1.0f / sum;
}

CLONES void cv_softmax(float *row, size_t count) {
  const float scale = exponentials(row, count);
  for (size_t i = 0; i < count; i++) row[i] *= scale;
}

CLONES void cv_softmax_narrow(float *row, size_t count, int keep, size_t padded, uint16_t *narrowed) {
  const float scale = exponentials(row, count);
  if (keep) {
    for (size_t i = 0; i < count; i++) row[i] *= scale;
    for (size_t i = 0; i < count; i++) narrowed[i] = narrow(row[i]);
  } else {
    for (size_t i = 0; i < count; i++) narrowed[i] = narrow(row[i] * scale);
  }
  for (size_t i = count; i < padded; i++) narrowed[i] = 0;
}

enum { SHARING = 4 };

// scores [heads, positions] = scale · keys · queries. Each key is read once for all of them.
INLINE void score(size_t heads, const float *queries, const float *keys, size_t positions, size_t width, float scale,
                  float *scores) {
  FAST_SUMS
  for (size_t p = 0; p < positions; p++) {
    const float *key = keys + p * width;
    lanes part[SHARING] = {{0}};
    float sums[SHARING] = {0};
    size_t i = 0;
    for (; i + LANES <= width; i += LANES) {
      lanes k;
      load(&k, key + i);
      for (size_t h = 0; h < heads; h++) {
        lanes q;
        load(&q, queries + h * width + i);
        part[h] += q * k;
      }
    }
    for (; i < width; i++) {
      for (size_t h = 0; h < heads; h++) sums[h] += queries[h * width + i] * key[i];
    }
    for (size_t h = 0; h < heads; h++) scores[h * positions + p] = scale * (sums[h] + sum_of(&part[h]));
  }
}

// context [heads, width] = Σ scores · values · shares, four vectors of channels at a time.
INLINE void collect(size_t heads, const float *scores, const float *values, size_t positions, size_t width,
                    const float *shares, float *context) {
  FAST_SUMS
  enum { WIDTH = 4 * LANES };
  size_t start = 0;
  for (; start + WIDTH <= width; start += WIDTH) {
    lanes sums[SHARING][4] = {{{0}}};
    for (size_t p = 0; p < positions; p++) {
      for (int v = 0; v < 4; v++) {
        lanes value;
        load(&value, values + p * width + start + (size_t)v * LANES);
        for (size_t h = 0; h < heads; h++) sums[h][v] += value * scores[h * positions + p];
      }
    }
    for (size_t h = 0; h < heads; h++) {
      for (int v = 0; v < 4; v++) {
        sums[h][v] *= shares[h];
        store(context + h * width + start + (size_t)v * LANES, &sums[h][v]);
      }
    }
  }
  for (; start < width; start++) {
    for (size_t h = 0; h < heads; h++) {
      float sum = 0;
      for (size_t p = 0; p < positions; p++) sum += values[p * width + start] * scores[h * positions + p];
      context[h * width + start] = sum * shares[h];
    }
  }
}

INLINE void attend(size_t heads, const float *queries, const float *keys, const float *values, size_t positions,
                   size_t width, float scale, float *scores, float *context) {
  float shares[SHARING];
  score(heads, queries, keys, positions, width, scale, scores);
  for (size_t h = 0; h < heads; h++) shares[h] = exponentials(scores + h * positions, positions);
  collect(heads, scores, values, positions, width, shares, context);
}

CLONES void cv_attend_row(size_t heads, const float *queries, const float *keys, const float *values,
                          size_t positions, size_t width, float scale, float *scores, float *context) {
  // A number that the compiler knows keeps the sums in registers.
  if (heads == SHARING) {
    attend(SHARING, queries, keys, values, positions, width, scale, scores, context);
    return;
  }
  for (size_t h = 0; h < heads; h++) {
    attend(1, queries + h * width, keys, values, positions, width, scale, scores, context + h * width);
  }
}

CLONES void cv_add(float *destination, const float *source, size_t count) {
  for (size_t i = 0; i < count; i++) destination[i] += source[i];
}

CLONES void cv_add_double(double *destination, const float *source, size_t count) {
  for (size_t i = 0; i < count; i++) destination[i] += (double)source[i];
}

// In index order: scores that decide between tokens are summed here, and must not depend on the CPU's vector width.
CLONES double cv_sum(const float *values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (double)values[i];
  return sum;
}

CLONES void cv_add_scaled(float *destination, const float *source, float factor, size_t count) {
  FAST_SUMS
  for (size_t i = 0; i < count; i++) destination[i] += factor * source[i];
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

CLONES void cv_layer_norm(const float *input, const float *gain, const float *bias, float epsilon, float *output,
                          size_t count) {
  FAST_SUMS
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (double)input[i];
  const double mean = sum / (double)count;
  double squares = 0;
  for (size_t i = 0; i < count; i++) {
    const double deviation = (double)input[i] - mean;
    squares += deviation * deviation;
  }
  const float centre = (float)mean;
  const float scale = (float)(1.0 / sqrt(squares / (double)count + (double)epsilon));
  for (size_t i = 0; i < count; i++) output[i] = (input[i] - centre) * scale * gain[i] + bias[i];
}

CLONES void cv_rms_norm(const float *input, const float *gain, float epsilon, float *output, size_t count) {
  FAST_SUMS
  double squares = 0;
  for (size_t i = 0; i < count; i++) squares += (double)input[i] * (double)input[i];
  const float scale = (float)(1.0 / sqrt(squares / (double)count + (double)epsilon));
  for (size_t i = 0; i < count; i++) output[i] = input[i] * scale * gain[i];
}

CLONES void cv_matrix_vector(const float *matrix, const float *vector, float *output, size_t rows, size_t columns,
                             int accumulate) {
  FAST_SUMS
  for (size_t r = 0; r < rows; r++) {
    const float *row = matrix + r * columns;
    float sum = 0;
    for (size_t c = 0; c < columns; c++) sum += row[c] * vector[c];
    output[r] = accumulate ? output[r] + sum : sum;
  }
}

CLONES void cv_rotate_half(float *head, const float *cosines, const float *sines, size_t half) {
  for (size_t i = 0; i < half; i++) {
    const float first = head[i];
    const float second = head[half + i];
    head[i] = first * cosines[i] - second * sines[i];
    head[half + i] = second * cosines[i] + first * sines[i];
  }
}

CLONES void cv_widen_f16(const uint16_t *source, float *destination, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t sign = (uint32_t)(source[i] & 0x8000) << 16;
    const uint32_t rest = source[i] & 0x7fff;
    // Shift exponent and mantissa into place and rescale by 2^112: exact, denormals included.
    float magnitude = as_float((int32_t)(rest << 13)) * 5.192296858534828e33f;
    magnitude = rest >= 0x7c00 ? as_float((int32_t)(0x7f800000 | ((rest & 0x3ff) << 13))) : magnitude;
    uint32_t bits;
    memcpy(&bits, &magnitude, sizeof bits);
    destination[i] = as_float((int32_t)(bits | sign));
  }
}

CLONES void cv_widen_bf16(const uint16_t *source, float *destination, size_t count) {
  for (size_t i = 0; i < count; i++) destination[i] = as_float((int32_t)((uint32_t)source[i] << 16));
}
