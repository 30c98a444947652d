#ifndef SOFTMAX_H
#define SOFTMAX_H

#include <stddef.h>
#include <stdint.h>

// row[i] = exp(row[i] - max) / sum, in place.
void cv_softmax(float *row, size_t count);
// The same narrowed to bfloat16, followed by zeros up to `padded`; row holds the softmax only when `keep`.
void cv_softmax_narrow(float *row, size_t count, int keep, size_t padded, uint16_t *narrowed);

// With the instructions of cv_product_bf16: exp(row[i] - max) in bfloat16 for row's [count] values, and zeros up to
// `padded`, a multiple of 32. Returns one over their sum: times that they are the softmax, so a product of them is
// scaled by it. When `keep`, row holds the softmax itself, else it is unchanged. Large weights are within 2e-6 of their
// size; bfloat16 rounds them to 4e-3.
float cv_softmax_bf16(float *row, size_t count, int keep, size_t padded, uint16_t *narrowed);

#endif
