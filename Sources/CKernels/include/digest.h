#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>
#include <stdint.h>

// A digest that detects damage to a large file at memory speed; no protection against deliberate changes.
uint64_t cv_digest(const uint8_t *bytes, size_t count);

#endif
