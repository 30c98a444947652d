#ifndef ATTENTION_OPERANDS_H
#define ATTENTION_OPERANDS_H

#include <stddef.h>
#include <stdint.h>

// Rows of activations and attention's operands in bfloat16, with the instructions of cv_product_bf16. `padded` is a
// multiple of 32, as in pack.h. Denormal numbers become zero, as in the product.

// Rows narrowed and scaled: [count, width] with `stride` between rows → [count, padded], zeros after the values.
void cv_narrow_rows(const float *rows, size_t stride, size_t count, float scale, size_t width, size_t padded,
                    uint16_t *narrowed);
// One panel of up to 64 keys [columns, width], in the layout of cv_pack_bf16.
void cv_pack_keys(const float *keys, size_t stride, size_t columns, size_t width, size_t padded, uint16_t *panel);
// One panel of up to 64 channels of values [positions, columns], in the layout of cv_pack_bf16_transposed.
void cv_pack_values(const float *values, size_t stride, size_t columns, size_t positions, size_t padded,
                    uint16_t *panel);

#endif
