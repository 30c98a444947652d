#ifndef SOFTMAX_H
#define SOFTMAX_H

#include <stddef.h>
#include <stdint.h>

// row[i] = exp(row[i] - max) / sum, in place.
void cv_softmax(float *row, size_t count);
// The same narrowed to bfloat16, followed by zeros up to `padded`; row holds the softmax only when `keep`.
void cv_softmax_narrow(float *row, size_t count, int keep, size_t padded, uint16_t *narrowed);

// With the instructions of cv_product_bf16: exponentials of row's [count] distances from its largest, in bfloat16, and
// zeros up to `padded`, a multiple of 32. Times what is returned, one over their sum, they are the softmax: a product
// of them is scaled by it. Row holds the softmax itself when `keep`, else what it held. Within 2e-6 of a large weight's
// size, where bfloat16 rounds to 4e-3.
float cv_softmax_bf16(float *row, size_t count, int keep, size_t padded, uint16_t *narrowed);

#endif
