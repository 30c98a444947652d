#ifndef CVECTOR_H
#define CVECTOR_H

#include <stddef.h>
#include <stdint.h>

// Loops that must vectorise. Each is compiled for several x86-64 levels and picked at run time by the CPU that it finds.
// No function checks sizes: the Swift file that imports this module does.

// row[i] = exp(row[i] - max) / sum, in place.
void cv_softmax(float *row, size_t count);
// The same narrowed to bfloat16, behind it zeros up to `padded`; row holds the softmax only when `keep`.
void cv_softmax_narrow(float *row, size_t count, int keep, size_t padded, uint16_t *narrowed);
// One row of up to four heads that share keys and values [positions, width]: context [heads, width] = softmax(scale · keys ·
// queries) · values, of queries [heads, width]. Scores has room for [heads, positions].
void cv_attend_row(size_t heads, const float *queries, const float *keys, const float *values, size_t positions,
                   size_t width, float scale, float *scores, float *context);
// destination[i] += source[i].
void cv_add(float *destination, const float *source, size_t count);
// destination[i] += source[i], in double.
void cv_add_double(double *destination, const float *source, size_t count);
// Sum in double.
double cv_sum(const float *values, size_t count);
// destination[i] += factor · source[i].
void cv_add_scaled(float *destination, const float *source, float factor, size_t count);

// x ← activation(x), or activation(x) · factor where there are factors, for [rows, count] values with `stride` between rows.
void cv_gelu(float *values, size_t stride, size_t rows, size_t count, const float *factors,
             size_t factor_stride);  // exact, through erf
void cv_gelu_tanh(float *values, size_t stride, size_t rows, size_t count, const float *factors,
                  size_t factor_stride);  // the tanh approximation
void cv_quick_gelu(float *values, size_t stride, size_t rows, size_t count, const float *factors,
                   size_t factor_stride);  // x · sigmoid(1.702 x)
void cv_silu(float *values, size_t stride, size_t rows, size_t count, const float *factors, size_t factor_stride);
void cv_relu(float *values, size_t stride, size_t rows, size_t count, const float *factors, size_t factor_stride);

// output = (input - mean) / sqrt(variance + epsilon) · gain + bias; statistics in double.
void cv_layer_norm(const float *input, const float *gain, const float *bias, float epsilon, float *output, size_t count);
// output = input / sqrt(mean(input²) + epsilon) · gain.
void cv_rms_norm(const float *input, const float *gain, float epsilon, float *output, size_t count);

// output[r] = Σ_c matrix[r, c] · vector[c], added to what is there when `accumulate`; matrix is row-major [rows, columns].
void cv_matrix_vector(const float *matrix, const float *vector, float *output, size_t rows, size_t columns,
                      int accumulate);
// Rotates pairs (i, i + half) of one head by the angles whose cosines and sines are given: [half] each.
void cv_rotate_half(float *head, const float *cosines, const float *sines, size_t half);

// Widens IEEE half or bfloat16 to float.
void cv_widen_f16(const uint16_t *source, float *destination, size_t count);
void cv_widen_bf16(const uint16_t *source, float *destination, size_t count);

#endif
