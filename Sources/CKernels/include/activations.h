#ifndef ACTIVATIONS_H
#define ACTIVATIONS_H

#include <stddef.h>

// x ← activation(x), or activation(x) · factor where there are factors, for [rows, count] values with `stride` between
// rows. Factors are [rows, count] with `factor_stride` between rows, or null.

// Exact, through erf.
void cv_gelu(float *values, size_t stride, size_t rows, size_t count, const float *factors, size_t factor_stride);
// The tanh approximation.
void cv_gelu_tanh(float *values, size_t stride, size_t rows, size_t count, const float *factors, size_t factor_stride);
// x · sigmoid(1.702 x).
void cv_quick_gelu(float *values, size_t stride, size_t rows, size_t count, const float *factors, size_t factor_stride);
void cv_silu(float *values, size_t stride, size_t rows, size_t count, const float *factors, size_t factor_stride);
void cv_relu(float *values, size_t stride, size_t rows, size_t count, const float *factors, size_t factor_stride);

// AVX-512 versions of two of these, for use with the products in products.h, which need AVX-512 as well.
void cv_silu_wide(float *values, size_t stride, size_t rows, size_t count, const float *factors, size_t factor_stride);
void cv_quick_gelu_wide(float *values, size_t stride, size_t rows, size_t count, const float *factors,
                        size_t factor_stride);

#endif
