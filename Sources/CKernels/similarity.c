#include "similarity.h"

#include "clones.h"

#include <math.h>

CLONES void cv_normalise(const float *row, float *output, size_t count) {
  FAST_SUMS
  double squares = 0;
  for (size_t i = 0; i < count; i++) squares += (double)row[i] * (double)row[i];
  const double inverse = squares < INFINITY ? (squares > 0 ? 1.0 / sqrt(squares) : 0) : NAN;
  for (size_t i = 0; i < count; i++) output[i] = (float)((double)row[i] * inverse);
}

CLONES void cv_normalise_double(const float *row, double *output, double epsilon, size_t count) {
  FAST_SUMS
  double squares = 0;
  for (size_t i = 0; i < count; i++) squares += (double)row[i] * (double)row[i];
  const double length = sqrt(squares) + epsilon;
  const double inverse = squares < INFINITY ? (length > 0 ? 1.0 / length : 0) : NAN;
  for (size_t i = 0; i < count; i++) output[i] = (double)row[i] * inverse;
}
