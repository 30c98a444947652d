#include "norms.h"

#include "clones.h"

#include <math.h>

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
