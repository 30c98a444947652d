#ifndef SIMILARITY_H
#define SIMILARITY_H

#include <stddef.h>

// output = row / |row|, with the length computed in double; zeros if it is zero, NaN if it is not finite.
void cv_normalise(const float *row, float *output, size_t count);

#endif
