#ifndef WIDEN_H
#define WIDEN_H

#include <stddef.h>
#include <stdint.h>

// Widens IEEE half or bfloat16 to float.
void cv_widen_f16(const uint16_t *source, float *destination, size_t count);
void cv_widen_bf16(const uint16_t *source, float *destination, size_t count);

#endif
