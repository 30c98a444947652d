#ifndef SUMS_H
#define SUMS_H

#include <stddef.h>
#include <stdint.h>

// destination[i] += source[i].
void cv_add(float *destination, const float *source, size_t count);
// destination[i] += source[i], in double.
void cv_add_double(double *destination, const float *source, size_t count);
// Sum in double, in index order.
double cv_sum(const float *values, size_t count);
// destination[i] += factor · source[i].
void cv_add_scaled(float *destination, const float *source, float factor, size_t count);
// output[r] = Σ_c matrix[r, c] · vector[c], added to the old output when `accumulate`; matrix is row-major [rows,
// columns].
void cv_matrix_vector(const float *matrix, const float *vector, float *output, size_t rows, size_t columns,
                      int accumulate);

#endif
