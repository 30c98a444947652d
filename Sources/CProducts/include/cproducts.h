#ifndef CPRODUCTS_H
#define CPRODUCTS_H

#include <stddef.h>
#include <stdint.h>

// Products of prepared rows with packed panels (cpacking.h has both layouts), and what stands around them: activations, attention's
// softmax and operands. Products are taken in the instructions made for them: AVX-512 VNNI for int8, AVX-512 BF16 for bfloat16. Scales, bias and residual are applied while the sums are in registers. An output's sum is taken
// in the order of the input channels, whatever the number of rows. Counts are at least 1. No function checks sizes, or whether the CPU
// can run it.

// Rows that share one reading of a panel: work is best cut into multiples of it.
enum { CV_GROUP_ROWS = 6 };

int cv_multiplies_int8(void);
int cv_multiplies_bf16(void);

// Where products go: the first `columns` of [rows, stride].
typedef struct {
  float *start;
  size_t stride;
  size_t columns;
  const float *bias;  // [columns], or null
  int accumulate;     // adds to what is there
  // Applied to each few rows while they are in the first cache, or null: an activation of cvector.h, which
  // says what factors are, or one of those below.
  void (*activate)(float *values, size_t stride, size_t rows, size_t count, const float *factors, size_t factor_stride);
  const float *factors;  // [rows, factor_stride], or null
  size_t factor_stride;
} cv_output;

// output = (rows · panels − sums) · row scales · column scales (+ bias) (+ what is there).
//   rows: [count, row_stride], of which `inner` channels are read, a multiple of 4
//   panels: of 64 outputs, as many as hold `columns`; scales and sums are one a column, whole panels
void cv_product_int8(const uint8_t *rows, size_t row_stride, const float *row_scales, size_t count,
                     const int8_t *panels, size_t inner, const int32_t *sums, const float *scales,
                     const cv_output *output);

// output = rows · panels (· row scales) (+ bias) (+ what is there); inner is a multiple of 2, panel_stride values lie between panels,
// and row_scales may be null.
void cv_product_bf16(const uint16_t *rows, size_t row_stride, const float *row_scales, size_t count,
                     const uint16_t *panels, size_t panel_stride, size_t inner, const cv_output *output);

// cvector.h's activations of these names in AVX-512's own instructions, which the products above have too.
void cv_silu_wide(float *values, size_t stride, size_t rows, size_t count, const float *factors, size_t factor_stride);
void cv_quick_gelu_wide(float *values, size_t stride, size_t rows, size_t count, const float *factors,
                        size_t factor_stride);

// Narrowed: exponentials of row's [count] distances from its largest, in bfloat16, and zeros up to `padded`, a multiple of 32. Times
// what is returned, one over their sum, they are the softmax: a product of them is scaled by it. Row holds the softmax itself when
// `keep`, else what it held. Needs the instructions of cv_product_bf16; within 2e-6 of a large weight's size, where bfloat16 rounds
// to 4e-3.
float cv_softmax_bf16(float *row, size_t count, int keep, size_t padded, uint16_t *narrowed);

// Rows of activations, and attention's operands, in bfloat16; these need the instructions of cv_product_bf16 too, and a `padded` that
// is a multiple of 32, as cpacking.h has it. Denormal numbers become zero, as they are in the product.
// Rows narrowed and scaled: [count, width] with `stride` between rows → [count, padded], zeros behind.
void cv_narrow_rows(const float *rows, size_t stride, size_t count, float scale, size_t width, size_t padded,
                    uint16_t *narrowed);
// One panel of up to 64 keys [columns, width], as cv_pack_bf16 has it.
void cv_pack_keys(const float *keys, size_t stride, size_t columns, size_t width, size_t padded, uint16_t *panel);
// One panel of up to 64 channels of values [positions, columns], as cv_pack_bf16_transposed has it.
void cv_pack_values(const float *values, size_t stride, size_t columns, size_t positions, size_t padded,
                    uint16_t *panel);

#endif
