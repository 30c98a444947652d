#ifndef NORMS_H
#define NORMS_H

#include <stddef.h>

// output = (input - mean) / sqrt(variance + epsilon) · gain + bias; statistics in double.
void cv_layer_norm(const float *input, const float *gain, const float *bias, float epsilon, float *output,
                   size_t count);
// output = input / sqrt(mean(input²) + epsilon) · gain.
void cv_rms_norm(const float *input, const float *gain, float epsilon, float *output, size_t count);

#endif
