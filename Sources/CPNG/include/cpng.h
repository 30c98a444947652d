#ifndef CPNG_H
#define CPNG_H

#include <stddef.h>
#include <stdint.h>

// libpng reports errors by longjmp, which must not cross Swift frames. Everything that can jump is called by these
// functions only: they return 0 on success, or -1 with one line of text in `message`.

enum { CPNG_MESSAGE_BYTES = 160 };

// Decodes a PNG of exactly `width` × `height` (as read from its header by the caller, who has checked its limits) into
// `pixels`, 3·width·height bytes of interleaved RGB.
//
// transparency = 0: alpha is dropped, as Pillow's convert("RGB") does.
// transparency = 1: transparent pixels are blended with white, as transformers' convert_to_rgb does.
// transparency = 2: alpha is dropped, a clear colour becomes white, as load_image and convert_to_rgb together do.
int cpng_read_rgb(const uint8_t *bytes, size_t length, uint32_t width, uint32_t height, int transparency,
                  uint8_t *pixels, char message[CPNG_MESSAGE_BYTES]);

// Unpacks zlib's format into `out`. Returns 0 with the number of bytes in `written` (less than the whole if the data
// end early), 1 if `capacity` is too small, -1 if the data are damaged.
int cpng_inflate(const uint8_t *bytes, size_t length, uint8_t *out, size_t capacity, size_t *written);

// Unpacks exactly `count` bytes of zlib's format into `out`. Returns 0 even if the end of the data is missing, -1 if
// there are fewer bytes or the data are damaged.
int cpng_unpack(const uint8_t *bytes, size_t length, uint8_t *out, size_t count);

// Packs bytes into zlib's format without compressing them. Before the call, `written` is the size of `out`, at least
// cpng_stored_bound(length); after it, how many bytes are used. Returns 0, or -1 on failure.
int cpng_store(const uint8_t *bytes, size_t length, uint8_t *out, size_t *written);
size_t cpng_stored_bound(size_t length);

// A PNG chunk's checksum: CRC-32 of its name and body.
uint32_t cpng_checksum(const uint8_t *bytes, size_t length);

// Encodes interleaved RGB (channels = 3) or RGBA (channels = 4). On success the caller frees `*bytes` with cpng_free.
// Equal pixels give equal bytes for one version of zlib.
int cpng_write(const uint8_t *pixels, uint32_t width, uint32_t height, int channels, uint8_t **bytes, size_t *length,
               char message[CPNG_MESSAGE_BYTES]);

void cpng_free(uint8_t *bytes);

#endif
