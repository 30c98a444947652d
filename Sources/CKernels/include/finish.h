#ifndef FINISH_H
#define FINISH_H

#include <stddef.h>
#include <stdint.h>

// Finishing a block of sums [rows, product_stride] that a library left in memory, of which `count` columns are wanted.

// output [rows, stride] = (products − sums) · row scales · column scales (+ bias) (+ old output).
void cv_finish_int8(const int32_t *products, size_t product_stride, size_t rows, const int32_t *sums,
                    const float *scales, const float *row_scales, const float *bias, float *output, size_t stride,
                    size_t count, int accumulate);
// output = products (+ bias) (+ old output).
void cv_finish_f32(const float *products, size_t product_stride, size_t rows, const float *bias, float *output,
                   size_t stride, size_t count, int accumulate);

#endif
