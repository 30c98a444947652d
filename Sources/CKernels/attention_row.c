#include "attention_row.h"

#include "exponential.h"

enum { SHARING = 4 };

// scores [heads, positions] = scale · keys · queries. Each key is read once for all of them.
INLINE void score(size_t heads, const float *queries, const float *keys, size_t positions, size_t width, float scale,
                  float *scores) {
  FAST_SUMS
  for (size_t p = 0; p < positions; p++) {
    const float *key = keys + p * width;
    lanes part[SHARING] = {{0}};
    float sums[SHARING] = {0};
    size_t i = 0;
    for (; i + LANES <= width; i += LANES) {
      lanes k;
      load(&k, key + i);
      for (size_t h = 0; h < heads; h++) {
        lanes q;
        load(&q, queries + h * width + i);
        part[h] += q * k;
      }
    }
    for (; i < width; i++) {
      for (size_t h = 0; h < heads; h++) sums[h] += queries[h * width + i] * key[i];
    }
    for (size_t h = 0; h < heads; h++) scores[h * positions + p] = scale * (sums[h] + sum_of(&part[h]));
  }
}

// context [heads, width] = Σ scores · values · shares, four vectors of channels at a time.
INLINE void collect(size_t heads, const float *scores, const float *values, size_t positions, size_t width,
                    const float *shares, float *context) {
  FAST_SUMS
  enum { WIDTH = 4 * LANES };
  size_t start = 0;
  for (; start + WIDTH <= width; start += WIDTH) {
    lanes sums[SHARING][4] = {{{0}}};
    for (size_t p = 0; p < positions; p++) {
      for (int v = 0; v < 4; v++) {
        lanes value;
        load(&value, values + p * width + start + (size_t)v * LANES);
        for (size_t h = 0; h < heads; h++) sums[h][v] += value * scores[h * positions + p];
      }
    }
    for (size_t h = 0; h < heads; h++) {
      for (int v = 0; v < 4; v++) {
        sums[h][v] *= shares[h];
        store(context + h * width + start + (size_t)v * LANES, &sums[h][v]);
      }
    }
  }
  for (; start < width; start++) {
    for (size_t h = 0; h < heads; h++) {
      float sum = 0;
      for (size_t p = 0; p < positions; p++) sum += values[p * width + start] * scores[h * positions + p];
      context[h * width + start] = sum * shares[h];
    }
  }
}

INLINE void attend(size_t heads, const float *queries, const float *keys, const float *values, size_t positions,
                   size_t width, float scale, float *scores, float *context) {
  float shares[SHARING];
  score(heads, queries, keys, positions, width, scale, scores);
  for (size_t h = 0; h < heads; h++) shares[h] = exponentials(scores + h * positions, positions);
  collect(heads, scores, values, positions, width, shares, context);
}

CLONES void cv_attend_row(size_t heads, const float *queries, const float *keys, const float *values,
                          size_t positions, size_t width, float scale, float *scores, float *context) {
  // A compile-time constant keeps the sums in registers.
  if (heads == SHARING) {
    attend(SHARING, queries, keys, values, positions, width, scale, scores, context);
    return;
  }
  for (size_t h = 0; h < heads; h++) {
    attend(1, queries + h * width, keys, values, positions, width, scale, scores, context + h * width);
  }
}
