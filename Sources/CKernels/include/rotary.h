#ifndef ROTARY_H
#define ROTARY_H

#include <stddef.h>

// Rotates pairs (i, i + half) of one head by the angles whose cosines and sines are given: [half] each.
void cv_rotate_half(float *head, const float *cosines, const float *sines, size_t half);

#endif
