#include "rotary.h"

#include "clones.h"

CLONES void cv_rotate_half(float *head, const float *cosines, const float *sines, size_t half) {
  for (size_t i = 0; i < half; i++) {
    const float first = head[i];
    const float second = head[half + i];
    head[i] = first * cosines[i] - second * sines[i];
    head[half + i] = second * cosines[i] + first * sines[i];
  }
}
