#ifndef PACK_H
#define PACK_H

#include <stddef.h>
#include <stdint.h>

// Packed weights. A panel holds 64 outputs: for each group of g input channels, 64 outputs side by side, g channels
// each (g = 1 for float, 2 for bfloat16, 4 for int8). That is oneDNN's BA16a64b, BA16a64b2a and BA16a64b4a. `padded` is
// the number of input channels rounded up to 16·g; channels beyond `inputs` are zero.

// Multiplies every `block` consecutive values by the orthonormal Hadamard matrix of that order, a power of two.
void cv_hadamard(float *values, size_t count, size_t block);

// Packs up to 64 rows [columns, inputs] of weights into one panel.
void cv_pack_f32(const float *rows, size_t columns, size_t inputs, size_t padded, float *panel);
// `stride` is the number of values from the start of one row to the start of the next.
void cv_pack_bf16(const float *rows, size_t stride, size_t columns, size_t inputs, size_t padded, uint16_t *panel);
// The same from rows [inputs, columns]: the weights are stored transposed.
void cv_pack_bf16_transposed(const float *rows, size_t stride, size_t columns, size_t inputs, size_t padded,
                             uint16_t *panel);
// The same with one scale per row, |q| <= 127; `sums` is 128 times the sum of each row's integers.
// A row that is not finite has integers of 0 and the scale NaN; a row of zeros, or of values below 4e-37, has the scale
// 0.
void cv_pack_int8(const float *rows, size_t columns, size_t inputs, size_t padded, int8_t *panel, float *scales,
                  int32_t *sums);

// A panel back to float: destination [padded, 64] with `stride` values between rows. `scales` is [64].
void cv_unpack_bf16(const uint16_t *panel, size_t padded, float *destination, size_t stride);
void cv_unpack_int8(const int8_t *panel, const float *scales, size_t padded, float *destination, size_t stride);

#endif
