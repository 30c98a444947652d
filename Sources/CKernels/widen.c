#include "widen.h"

#include "lanes.h"

CLONES void cv_widen_f16(const uint16_t *source, float *destination, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t sign = (uint32_t)(source[i] & 0x8000) << 16;
    const uint32_t rest = source[i] & 0x7fff;
    // Shift exponent and mantissa into place and rescale by 2^112: exact, denormals included.
    float magnitude = as_float((int32_t)(rest << 13)) * 5.192296858534828e33f;
    magnitude = rest >= 0x7c00 ? as_float((int32_t)(0x7f800000 | ((rest & 0x3ff) << 13))) : magnitude;
    uint32_t bits;
    memcpy(&bits, &magnitude, sizeof bits);
    destination[i] = as_float((int32_t)(bits | sign));
  }
}

CLONES void cv_widen_bf16(const uint16_t *source, float *destination, size_t count) {
  for (size_t i = 0; i < count; i++) destination[i] = as_float((int32_t)((uint32_t)source[i] << 16));
}
