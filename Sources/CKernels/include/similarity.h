#ifndef SIMILARITY_H
#define SIMILARITY_H

#include <stddef.h>

// output = row / |row|, the length taken in double; zeros where it is zero, NaN where it is not finite.
void cv_normalise(const float *row, float *output, size_t count);

#endif
