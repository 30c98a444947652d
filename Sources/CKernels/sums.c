#include "sums.h"

#include "clones.h"

CLONES void cv_add(float *destination, const float *source, size_t count) {
  for (size_t i = 0; i < count; i++) destination[i] += source[i];
}

CLONES void cv_add_double(double *destination, const float *source, size_t count) {
  for (size_t i = 0; i < count; i++) destination[i] += (double)source[i];
}

// In index order: scores that decide between tokens are summed here, and must not depend on the CPU's vector width.
CLONES double cv_sum(const float *values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (double)values[i];
  return sum;
}

CLONES void cv_add_scaled(float *destination, const float *source, float factor, size_t count) {
  FAST_SUMS
  for (size_t i = 0; i < count; i++) destination[i] += factor * source[i];
}

CLONES void cv_matrix_vector(const float *matrix, const float *vector, float *output, size_t rows, size_t columns,
                             int accumulate) {
  FAST_SUMS
  for (size_t r = 0; r < rows; r++) {
    const float *row = matrix + r * columns;
    float sum = 0;
    for (size_t c = 0; c < columns; c++) sum += row[c] * vector[c];
    output[r] = accumulate ? output[r] + sum : sum;
  }
}
