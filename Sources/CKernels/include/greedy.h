#ifndef GREEDY_H
#define GREEDY_H

#include <stddef.h>

// Steps of greedy selections, in double.

// best[i] = max(best[i], row[i]).
void cv_raise(double *best, const double *row, size_t count);
// nearest[i] = min(nearest[i], 1 - row[i]): distances from cosines.
void cv_approach(double *nearest, const double *row, size_t count);
// Σ_i max(0, row[i] - best[i]). The order of the sum is fixed, so that it does not depend on the CPU, and that it never
// grows as `best` does.
double cv_gain(const double *row, const double *best, size_t count);
// destination[i] -= factor · source[i].
void cv_subtract_scaled(double *destination, const double *source, double factor, size_t count);

#endif
