#include "softmax.h"

#include "exponential.h"

CLONES void cv_softmax(float *row, size_t count) {
  const float scale = exponentials(row, count);
  for (size_t i = 0; i < count; i++) row[i] *= scale;
}

CLONES void cv_softmax_narrow(float *row, size_t count, int keep, size_t padded, uint16_t *narrowed) {
  const float scale = exponentials(row, count);
  if (keep) {
    for (size_t i = 0; i < count; i++) row[i] *= scale;
    for (size_t i = 0; i < count; i++) narrowed[i] = narrow(row[i]);
  } else {
    for (size_t i = 0; i < count; i++) narrowed[i] = narrow(row[i] * scale);
  }
  for (size_t i = count; i < padded; i++) narrowed[i] = 0;
}
