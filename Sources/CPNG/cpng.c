#include "cpng.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

// Everything that must survive a longjmp is in a struct of the caller's frame: locals of the function that calls
// setjmp are indeterminate after the jump.

static void fail(png_structp png, png_const_charp text) {
  char *message = png_get_error_ptr(png);
  strncpy(message, text, CPNG_MESSAGE_BYTES - 1);
  message[CPNG_MESSAGE_BYTES - 1] = 0;
  png_longjmp(png, 1);
}

// libpng only warns if the checksum over all the pixels does not match; Pillow refuses the file.
static void judge_warning(png_structp png, png_const_charp text) {
  if (strstr(text, "incorrect data check") != NULL) png_error(png, text);
}

static void ignore_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

// Reading

typedef struct {
  png_structp png;
  png_infop info;
  const uint8_t *bytes;
  size_t remaining;
  uint8_t *scratch;
  int has_all_rows;
} Reader;

// How a row leaves libpng, before it becomes RGB.
typedef enum { ROW_RGB = 3, ROW_RGBA = 4, ROW_GREY16 = 2 } RowFormat;

static void take(png_structp png, png_bytep out, size_t count) {
  Reader *reader = png_get_io_ptr(png);
  if (count > reader->remaining) png_error(png, "the data end before the picture does");
  memcpy(out, reader->bytes, count);
  reader->bytes += count;
  reader->remaining -= count;
}

// Text and colour profiles are never used; skipping them is a defence against decompression bombs.
static void skip_unused_chunks(png_structp png) {
  static const png_byte names[] = "tEXt\0zTXt\0iTXt\0iCCP\0sPLT\0hIST\0eXIf";
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, names, (int)(sizeof(names) / 5));
}

// Asks libpng for the row format that leaves the least work here.
static RowFormat choose_row_format(Reader *reader, int transparency) {
  png_structp png = reader->png;
  const int type = png_get_color_type(png, reader->info);
  const int depth = png_get_bit_depth(png, reader->info);
  const int transparent_palette =
      type == PNG_COLOR_TYPE_PALETTE && png_get_valid(png, reader->info, PNG_INFO_tRNS);

  if (type == PNG_COLOR_TYPE_GRAY && depth == 16) return ROW_GREY16;
  if (depth == 16) png_set_strip_16(png);
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (type == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
  if ((type & PNG_COLOR_MASK_COLOR) == 0) png_set_gray_to_rgb(png);
  if ((type & PNG_COLOR_MASK_ALPHA) == 0 && !transparent_palette) return ROW_RGB;
  if (transparency == 1) return ROW_RGBA;
  png_set_strip_alpha(png);
  return ROW_RGB;
}

// Pillow's alpha_composite over opaque white: 7 extra bits, then division by 255 by shifts.
static uint8_t blend_with_white(uint32_t value, uint32_t alpha) {
  if (alpha == 0) return 255;
  const uint32_t sum = ((value * alpha + 255 * (255 - alpha)) << 7) + (0x80 << 7);
  return (uint8_t)((((sum >> 8) + sum) >> 8) >> 7);
}

static void convert_row(RowFormat format, const uint8_t *row, uint8_t *out, size_t width) {
  for (size_t x = 0; x < width; x++, out += 3) {
    if (format == ROW_GREY16) {
      // Pillow's "I;16" to "RGB" clips instead of scaling.
      const uint8_t grey = row[2 * x] ? 255 : row[2 * x + 1];
      out[0] = out[1] = out[2] = grey;
    } else {
      const uint8_t *pixel = row + 4 * x;
      for (int channel = 0; channel < 3; channel++) out[channel] = blend_with_white(pixel[channel], pixel[3]);
    }
  }
}

// A colour key (tRNS of a picture without alpha or palette). Pillow compares the key's low byte with the 8-bit pixel,
// whatever the depth, except that it widens a key of depth 1.
static int colour_key(Reader *reader, uint8_t key[3]) {
  png_bytep alphas = NULL;
  png_color_16p colour = NULL;
  int count = 0;
  const int type = png_get_color_type(reader->png, reader->info);
  if (type != PNG_COLOR_TYPE_GRAY && type != PNG_COLOR_TYPE_RGB) return 0;
  if (!png_get_tRNS(reader->png, reader->info, &alphas, &count, &colour) || colour == NULL) return 0;
  if (type == PNG_COLOR_TYPE_RGB) {
    key[0] = colour->red & 0xff;
    key[1] = colour->green & 0xff;
    key[2] = colour->blue & 0xff;
  } else {
    const int one_bit = png_get_bit_depth(reader->png, reader->info) == 1;
    key[0] = key[1] = key[2] = one_bit ? (colour->gray ? 255 : 0) : (colour->gray & 0xff);
  }
  return 1;
}

static uint8_t clipped(png_uint_16 value) { return value > 255 ? 255 : (uint8_t)value; }

// The one clear entry of a palette whose other entries are all opaque, or -1.
static int clear_entry(const png_byte *alphas, int count) {
  int found = -1;
  for (int index = 0; index < count; index++) {
    if (alphas[index] == 255) continue;
    if (alphas[index] != 0 || found >= 0) return -1;
    found = index;
  }
  return found;
}

// The colour that transformers paints white after load_image. Pillow's convert("RGB") turns a clear palette entry into
// its colour, clips keys of more than 8 bits, and forgets alpha tables. For depths 1 and 16 of grey it keeps the key as
// one number, later read as red with green and blue 0: it matches black or nothing.
static int loaded_key(Reader *reader, uint8_t key[3]) {
  png_bytep alphas = NULL;
  png_color_16p colour = NULL;
  int count = 0;
  const int type = png_get_color_type(reader->png, reader->info);
  const int depth = png_get_bit_depth(reader->png, reader->info);
  if (!png_get_tRNS(reader->png, reader->info, &alphas, &count, &colour)) return 0;
  if (type == PNG_COLOR_TYPE_PALETTE) {
    png_colorp palette = NULL;
    int colours = 0;
    const int entry = clear_entry(alphas, count);
    if (entry < 0 || !png_get_PLTE(reader->png, reader->info, &palette, &colours)) return 0;
    const png_color black = {0, 0, 0};
    const png_color clear = entry < colours ? palette[entry] : black;
    key[0] = clear.red;
    key[1] = clear.green;
    key[2] = clear.blue;
    return 1;
  }
  if (colour == NULL) return 0;
  if (type == PNG_COLOR_TYPE_RGB) {
    key[0] = clipped(colour->red);
    key[1] = clipped(colour->green);
    key[2] = clipped(colour->blue);
  } else if (depth == 1 || depth == 16) {
    if ((depth == 1 ? colour->gray : colour->gray & 0xff) != 0) return 0;
    key[0] = key[1] = key[2] = 0;
  } else {
    key[0] = key[1] = key[2] = clipped(colour->gray);
  }
  return 1;
}

static void whiten_key(const uint8_t key[3], uint8_t *row, size_t width) {
  for (size_t x = 0; x < width; x++, row += 3) {
    if (row[0] == key[0] && row[1] == key[1] && row[2] == key[2]) row[0] = row[1] = row[2] = 255;
  }
}

static void read_rows(Reader *reader, uint32_t width, uint32_t height, int transparency, uint8_t *pixels) {
  png_structp png = reader->png;
  uint8_t key[3];
  const int has_key =
      (transparency == 1 && colour_key(reader, key)) || (transparency == 2 && loaded_key(reader, key));
  const RowFormat format = choose_row_format(reader, transparency);
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, reader->info);
  const size_t row_bytes = (size_t)format * width;
  if (png_get_rowbytes(png, reader->info) != row_bytes) png_error(png, "a row has an unexpected size");

  // Plain RGB is written straight to the caller's memory. Anything else needs memory for one row, or for all rows of an
  // interlaced file.
  uint8_t *rows = pixels;
  size_t stride = row_bytes;
  if (format != ROW_RGB) {
    rows = reader->scratch = malloc(row_bytes * (passes > 1 ? height : 1));
    if (rows == NULL) png_error(png, "out of memory");
    if (passes == 1) stride = 0;
  }
  for (int pass = 0; pass < passes; pass++) {
    for (size_t y = 0; y < height; y++) {
      uint8_t *out = pixels + y * width * 3;
      png_read_row(png, rows + y * stride, NULL);
      if (pass < passes - 1) continue;
      if (format != ROW_RGB) convert_row(format, rows + y * stride, out, width);
      if (has_key) whiten_key(key, out, width);
    }
  }
  // What follows the last row is read only for the checksum over the pixels.
  reader->has_all_rows = 1;
  png_read_end(png, NULL);
}

static int read_guarded(Reader *reader, uint32_t width, uint32_t height, int transparency, uint8_t *pixels,
                        char *message) {
  reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, fail, judge_warning);
  if (reader->png == NULL) {
    strcpy(message, "out of memory");
    return -1;
  }
  if (setjmp(png_jmpbuf(reader->png))) {
    // As in Pillow, a file that ends early is complete once all its rows are read.
    return reader->has_all_rows && strstr(message, "incorrect data check") == NULL ? 0 : -1;
  }
  reader->info = png_create_info_struct(reader->png);
  if (reader->info == NULL) png_error(reader->png, "out of memory");
  // The caller checks the checksums of chunks before the pixels; Pillow ignores those of the pixel chunks.
  png_set_crc_action(reader->png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
  png_set_read_fn(reader->png, reader, take);
  png_set_user_limits(reader->png, width, height);
  png_set_chunk_cache_max(reader->png, 64);
  png_set_chunk_malloc_max(reader->png, 4000000);
  skip_unused_chunks(reader->png);
  png_read_info(reader->png, reader->info);
  if (png_get_image_width(reader->png, reader->info) != width ||
      png_get_image_height(reader->png, reader->info) != height) {
    png_error(reader->png, "the header contradicts itself");
  }
  read_rows(reader, width, height, transparency, pixels);
  return 0;
}

int cpng_read_rgb(const uint8_t *bytes, size_t length, uint32_t width, uint32_t height, int transparency,
                  uint8_t *pixels, char message[CPNG_MESSAGE_BYTES]) {
  Reader reader = {.bytes = bytes, .remaining = length};
  message[0] = 0;
  const int status = read_guarded(&reader, width, height, transparency, pixels, message);
  png_destroy_read_struct(&reader.png, &reader.info, NULL);
  free(reader.scratch);
  return status;
}

int cpng_inflate(const uint8_t *bytes, size_t length, uint8_t *out, size_t capacity, size_t *written) {
  z_stream stream = {0};
  *written = 0;
  if (length > UINT32_MAX || inflateInit(&stream) != Z_OK) return -1;
  stream.next_in = (Bytef *)bytes;
  stream.avail_in = (uInt)length;
  stream.next_out = out;
  stream.avail_out = (uInt)capacity;
  const int status = inflate(&stream, Z_SYNC_FLUSH);
  *written = capacity - stream.avail_out;
  const int is_full = status == Z_OK && stream.avail_out == 0 && stream.avail_in > 0;
  inflateEnd(&stream);
  if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return -1;
  return is_full ? 1 : 0;
}

int cpng_unpack(const uint8_t *bytes, size_t length, uint8_t *out, size_t count) {
  z_stream stream = {0};
  if (length > UINT32_MAX || count > UINT32_MAX || inflateInit(&stream) != Z_OK) return -1;
  stream.next_in = (Bytef *)bytes;
  stream.avail_in = (uInt)length;
  stream.next_out = out;
  stream.avail_out = (uInt)count;
  int status = inflate(&stream, Z_SYNC_FLUSH);
  const int is_full = stream.avail_out == 0;
  if (is_full && status == Z_OK) {
    // Asked for one more byte, zlib goes on to the checksum.
    uint8_t extra;
    stream.next_out = &extra;
    stream.avail_out = 1;
    status = inflate(&stream, Z_SYNC_FLUSH);
  }
  inflateEnd(&stream);
  return is_full && (status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR) ? 0 : -1;
}

size_t cpng_stored_bound(size_t length) { return compressBound(length); }

int cpng_store(const uint8_t *bytes, size_t length, uint8_t *out, size_t *written) {
  uLongf count = *written;
  const int status = compress2(out, &count, bytes, length, Z_NO_COMPRESSION);
  *written = count;
  return status == Z_OK ? 0 : -1;
}

uint32_t cpng_checksum(const uint8_t *bytes, size_t length) { return (uint32_t)crc32(0, bytes, (uInt)length); }

// Writing

typedef struct {
  png_structp png;
  png_infop info;
  uint8_t *bytes;
  size_t length;
  size_t capacity;
} Writer;

static void append(png_structp png, png_bytep data, size_t count) {
  Writer *writer = png_get_io_ptr(png);
  if (writer->length + count > writer->capacity) {
    const size_t capacity = 2 * writer->capacity + count + 4096;
    uint8_t *bytes = realloc(writer->bytes, capacity);
    if (bytes == NULL) png_error(png, "out of memory");
    writer->bytes = bytes;
    writer->capacity = capacity;
  }
  memcpy(writer->bytes + writer->length, data, count);
  writer->length += count;
}

static void flush_nothing(png_structp png) { (void)png; }

static int write_guarded(Writer *writer, const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                         char *message) {
  writer->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, message, fail, ignore_warning);
  if (writer->png == NULL) {
    strcpy(message, "out of memory");
    return -1;
  }
  if (setjmp(png_jmpbuf(writer->png))) return -1;
  writer->info = png_create_info_struct(writer->png);
  if (writer->info == NULL) png_error(writer->png, "out of memory");
  png_set_write_fn(writer->png, writer, append, flush_nothing);
  png_set_user_limits(writer->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_compression_level(writer->png, 6);
  png_set_filter(writer->png, PNG_FILTER_TYPE_BASE, PNG_ALL_FILTERS);
  png_set_IHDR(writer->png, writer->info, width, height, 8, channels == 4 ? PNG_COLOR_TYPE_RGBA : PNG_COLOR_TYPE_RGB,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(writer->png, writer->info);
  for (size_t y = 0; y < height; y++) png_write_row(writer->png, pixels + y * width * (size_t)channels);
  png_write_end(writer->png, writer->info);
  return 0;
}

int cpng_write(const uint8_t *pixels, uint32_t width, uint32_t height, int channels, uint8_t **bytes, size_t *length,
               char message[CPNG_MESSAGE_BYTES]) {
  Writer writer = {0};
  message[0] = 0;
  const int status = write_guarded(&writer, pixels, width, height, channels, message);
  png_destroy_write_struct(&writer.png, &writer.info);
  if (status != 0) {
    free(writer.bytes);
    return status;
  }
  *bytes = writer.bytes;
  *length = writer.length;
  return 0;
}

void cpng_free(uint8_t *bytes) { free(bytes); }
