#ifndef PRODUCTS_H
#define PRODUCTS_H

#include <stddef.h>
#include <stdint.h>

// Products of prepared rows with packed panels (pack.h has both layouts), a function for each instruction set. Scales,
// bias and residual are applied before the sums leave the first caches. Each output is summed in the order of the input
// channels, whatever the number of rows; sums of int8 are exact, so all instruction sets give the same bits. Counts are
// at least 1. No function checks whether the CPU can run it.

// Rows that share one read of a panel: work is best cut into multiples of it.
enum { CV_GROUP_ROWS = 6 };

// What this CPU has. Each set includes those before it.
typedef enum {
  CV_BASELINE,
  CV_AVX2,         // with FMA
  CV_AVX512,       // F, BW, DQ, VL and VNNI
  CV_AVX512_BF16,
} cv_instructions;

cv_instructions cv_cpu_instructions(void);

// Where products go: the first `columns` of [rows, stride].
typedef struct {
  float *start;
  size_t stride;
  size_t columns;
  const float *bias;  // [columns], or null
  int accumulate;     // adds to the old output
  // Applied to a few rows at a time while they are in the first-level cache: a function of activations.h, which
  // explains factors; or null.
  void (*activate)(float *values, size_t stride, size_t rows, size_t count, const float *factors, size_t factor_stride);
  const float *factors;  // [rows, factor_stride], or null
  size_t factor_stride;
} cv_output;

// output = (rows · panels − sums) · row scales · column scales (+ bias) (+ old output).
//   rows: [count, row_stride], of which `inner` channels are read, a multiple of 4
//   panels: of 64 outputs, enough to hold `columns`; scales and sums: one per column, for whole panels
typedef void cv_int8_product(const uint8_t *rows, size_t row_stride, const float *row_scales, size_t count,
                             const int8_t *panels, size_t inner, const int32_t *sums, const float *scales,
                             const cv_output *output);
cv_int8_product cv_product_int8_avx512, cv_product_int8_avx2;

// output = rows · panels (· row scales) (+ bias) (+ old output), with AVX-512 BF16. inner is a multiple of 2,
// panel_stride is the distance between panels in values, and row_scales may be null.
void cv_product_bf16(const uint16_t *rows, size_t row_stride, const float *row_scales, size_t count,
                     const uint16_t *panels, size_t panel_stride, size_t inner, const cv_output *output);

// output = rows · panels (+ bias) (+ old output), of Float32 rows and panels in bfloat16 that are widened, with AVX2.
// inner is a multiple of 2, and the panels follow each other.
void cv_product_widened_bf16(const float *rows, size_t row_stride, size_t count, const uint16_t *panels, size_t inner,
                             const cv_output *output);

#endif
