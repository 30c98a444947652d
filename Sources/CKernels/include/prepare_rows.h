#ifndef PREPARE_ROWS_H
#define PREPARE_ROWS_H

#include <stddef.h>
#include <stdint.h>

// One row of activations in the form that a product with packed weights (pack.h) reads; `padded` is that of the
// weights.
void cv_pad_row_f32(const float *row, size_t inputs, size_t padded, float *destination);
void cv_narrow_row_bf16(const float *row, float scale, size_t inputs, size_t padded, uint16_t *destination);
// q = round(r / scale) + 128 with r = cv_hadamard of the row and scale = max |r| / 127; `rotated` has room for `inputs`
// values. Returns the scale; NaN when the row is not finite.
float cv_quantise_row(const float *row, size_t inputs, size_t block, float *rotated, size_t padded,
                      uint8_t *destination);

#endif
