#ifndef CPACKING_H
#define CPACKING_H

#include <stddef.h>
#include <stdint.h>

// Packed weights and the rows that meet them. A panel holds 64 outputs: for each group of g input channels, 64 outputs side by
// side, g channels each (g = 1 for float, 2 for bfloat16, 4 for int8). That is oneDNN's BA16a64b, BA16a64b2a and BA16a64b4a.
// `padded` is the number of input channels rounded up to 16·g; what is beyond `inputs` is zero. No function checks sizes.

// Multiplies every `block` consecutive values by the orthonormal Hadamard matrix of that order, a power of two.
void cv_hadamard(float *values, size_t count, size_t block);

// Packs up to 64 rows [columns, inputs] of weights into one panel.
void cv_pack_f32(const float *rows, size_t columns, size_t inputs, size_t padded, float *panel);
// `stride` values lie between the beginnings of two rows.
void cv_pack_bf16(const float *rows, size_t stride, size_t columns, size_t inputs, size_t padded, uint16_t *panel);
// The same from rows [inputs, columns]: the weights lie transposed.
void cv_pack_bf16_transposed(const float *rows, size_t stride, size_t columns, size_t inputs, size_t padded,
                             uint16_t *panel);
// The same with one scale a row, |q| <= 127; `sums` is 128 times the sum of each row's integers.
void cv_pack_int8(const float *rows, size_t columns, size_t inputs, size_t padded, int8_t *panel, float *scales,
                  int32_t *sums);

// A panel back to float: destination [padded, 64] with `stride` values between rows. `scales` is [64].
void cv_unpack_bf16(const uint16_t *panel, size_t padded, float *destination, size_t stride);
void cv_unpack_int8(const int8_t *panel, const float *scales, size_t padded, float *destination, size_t stride);

// One row of activations as the product wants it.
void cv_pad_row_f32(const float *row, size_t inputs, size_t padded, float *destination);
void cv_narrow_row_bf16(const float *row, float scale, size_t inputs, size_t padded, uint16_t *destination);
// q = round(r / scale) + 128 with r = the row behind cv_hadamard and scale = max |r| / 127; `rotated` has room for `inputs` values.
// Returns the scale; NaN when the row is not finite.
float cv_quantise_row(const float *row, size_t inputs, size_t block, float *rotated, size_t padded,
                      uint8_t *destination);

// A block of products [rows, product_stride], of which `count` columns are wanted: output [rows, stride] =
// (products − sums) · row scales · column scales (+ bias) (+ what is there).
void cv_finish_int8(const int32_t *products, size_t product_stride, size_t rows, const int32_t *sums,
                    const float *scales, const float *row_scales, const float *bias, float *output, size_t stride,
                    size_t count, int accumulate);
// output = products (+ bias) (+ what is there).
void cv_finish_f32(const float *products, size_t product_stride, size_t rows, const float *bias, float *output,
                   size_t stride, size_t count, int accumulate);

// A digest that shows damage of a large file at the speed of memory; no protection against intent.
uint64_t cv_digest(const uint8_t *bytes, size_t count);

#endif
