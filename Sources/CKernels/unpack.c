#include "pack.h"

#include "clones.h"
#include "panel.h"

#include <string.h>

INLINE float widen(uint32_t half) {
  const uint32_t bits = half << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

CLONES void cv_unpack_bf16(const uint16_t *panel, size_t padded, float *destination, size_t stride) {
  for (size_t k = 0; k < padded; k++) {
    const uint16_t *group = panel + k / 2 * PANEL * 2 + k % 2;
    for (size_t c = 0; c < PANEL; c++) destination[k * stride + c] = widen(group[c * 2]);
  }
}

CLONES void cv_unpack_int8(const int8_t *panel, const float *scales, size_t padded, float *destination, size_t stride) {
  for (size_t k = 0; k < padded; k++) {
    const int8_t *group = panel + k / 4 * PANEL * 4 + k % 4;
    for (size_t c = 0; c < PANEL; c++) destination[k * stride + c] = (float)group[c * 4] * scales[c];
  }
}
