#ifndef ATTENTION_ROW_H
#define ATTENTION_ROW_H

#include <stddef.h>

// One row of up to four heads that share keys and values [positions, width]: context [heads, width] = softmax(scale ·
// keys · queries) · values, of queries [heads, width]. `scores` has room for [heads, positions].
void cv_attend_row(size_t heads, const float *queries, const float *keys, const float *values, size_t positions,
                   size_t width, float scale, float *scores, float *context);

#endif
