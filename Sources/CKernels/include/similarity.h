#ifndef SIMILARITY_H
#define SIMILARITY_H

#include <stddef.h>

// output = row / |row|, with the length computed in double; zeros if it is zero, NaN if it is not finite.
void cv_normalise(const float *row, float *output, size_t count);
// output = row / (|row| + epsilon); zeros if that is zero, NaN if it is not finite.
void cv_normalise_double(const float *row, double *output, double epsilon, size_t count);

#endif
