#include "greedy.h"

#include "clones.h"

#include <string.h>

CLONES void cv_raise(double *best, const double *row, size_t count) {
  for (size_t i = 0; i < count; i++) best[i] = row[i] > best[i] ? row[i] : best[i];
}

CLONES void cv_approach(double *nearest, const double *row, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const double distance = 1 - row[i];
    nearest[i] = distance < nearest[i] ? distance : nearest[i];
  }
}

// Eight partial sums, whatever the width of the CPU's registers.
typedef double eight __attribute__((vector_size(64), aligned(8)));
typedef long long eight_masks __attribute__((vector_size(64), aligned(8)));
enum { EIGHT = 8 };

CLONES double cv_gain(const double *row, const double *best, size_t count) {
  double sums[EIGHT] = {0};
  const size_t whole = count - count % EIGHT;
  eight partial = {0};
  for (size_t i = 0; i < whole; i += EIGHT) {
    eight r, b;
    memcpy(&r, row + i, sizeof r);
    memcpy(&b, best + i, sizeof b);
    const eight gain = r - b;
    // A comparison gives all ones or none, which keep a gain or drop it.
    partial += (eight)((eight_masks)gain & (gain > 0));
  }
  memcpy(sums, &partial, sizeof sums);
  for (size_t i = whole; i < count; i++) {
    const double gain = row[i] - best[i];
    sums[i - whole] += gain > 0 ? gain : 0;
  }
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

CLONES void cv_subtract_scaled(double *destination, const double *source, double factor, size_t count) {
  for (size_t i = 0; i < count; i++) destination[i] -= factor * source[i];
}
