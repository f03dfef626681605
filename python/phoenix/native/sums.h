// What the scan computes of a block and of a row, once for each kind of processor.
//
// A code, with 128 added, is an unsigned byte and kept as two halves of four bits. The upper halves
// of 16 rows lie side by side: columns 0 to 3 of row 0, of row 1, ... of row 15 in the lower four
// bits of 64 bytes, columns 4 to 7 in the upper four, then the next eight columns. So the sums of
// 16 rows grow together, and nothing is summed across. The lower halves of a row lie together:
// columns 0 to width / 2 - 1 in the lower four bits, the others in the upper.
//
// Sums are whole numbers, and bounds are made of them by the same single steps: every processor
// gets the same.

#ifndef PHOENIX_SUMS_H
#define PHOENIX_SUMS_H

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

enum { ROWS = 16 };

#define INLINE static inline __attribute__((always_inline))
#define FOR_AVX2 __attribute__((target("avx2")))
#define FOR_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

// 16 rows. |score - scale * (whole-number score)| <= error * |query|, but for the query's own
// rounding. Errors of minus infinity mark a row that is dead or not yet used: its bounds are minus
// infinity.
struct block {
  float scales[ROWS], coarse_errors[ROWS], errors[ROWS];
  uint8_t halves[];  // Upper ones, 8 * width bytes.
};

struct query {
  const int8_t *codes;
  const float *vector;
  int64_t width;  // Columns, a multiple of 16.
  int32_t sum;    // Of the codes.
  float scale;
  float length;  // Never 0: minus infinity times it has to stay what it is.
  float slack;   // What the query's error and rounding may add to any score.
};

// Writes the sums of (upper half * code of the query) and returns a bit for each row whose coarse
// bound is at least `low`.
typedef uint32_t coarse_pass(const struct block *block, const struct query *query, float low,
                             int32_t sums[ROWS]);
// The sum of (lower half * code of the query) of a row.
typedef int32_t fine_sum(const uint8_t *halves, const struct query *query);

// The next four codes of the query, as one number.
INLINE int32_t four(const int8_t *codes) {
  int32_t value;
  memcpy(&value, codes, sizeof value);
  return value;
}

// 16 * half + 7.5 stands for a code with 128 added; all is doubled to stay whole.
INLINE float coarse_score(const struct block *block, const struct query *query, int row,
                          int32_t sum) {
  return block->scales[row] * (0.5f * query->scale * (float)(32 * sum - 241 * query->sum));
}

INLINE uint32_t bits_of(const struct block *block, const struct query *query, float low,
                        const int32_t sums[ROWS]) {
  uint32_t bits = 0;
  for (int row = 0; row < ROWS; row++) {
    const float more = block->coarse_errors[row] * query->length + query->slack;
    bits |= (uint32_t)(coarse_score(block, query, row, sums[row]) + more >= low) << row;
  }
  return bits;
}

// Loops of fixed length over neighbours: any compiler makes vector instructions of them.
static inline uint32_t plain_coarse(const struct block *block, const struct query *query, float low,
                                    int32_t sums[ROWS]) {
  const uint8_t *halves = block->halves;
  int32_t columns[4 * ROWS] = {0};
  for (int64_t column = 0; column < query->width; column += 8, halves += 4 * ROWS) {
    int16_t with_low[16], with_high[16];
    for (int at = 0; at < 16; at++) {
      with_low[at] = query->codes[column + at % 4];
      with_high[at] = query->codes[column + 4 + at % 4];
    }
    for (int part = 0; part < 4; part++) {
      const uint8_t *two = halves + 16 * part;
      int32_t *column_sums = columns + 16 * part;
      for (int at = 0; at < 16; at++)
        column_sums[at] +=
            (int16_t)((two[at] & 15) * with_low[at] + (two[at] >> 4) * with_high[at]);
    }
  }
  for (int row = 0; row < ROWS; row++) {
    const int32_t *four = columns + 4 * row;
    sums[row] = four[0] + four[1] + four[2] + four[3];
  }
  return bits_of(block, query, low, sums);
}

static inline int32_t plain_fine(const uint8_t *halves, const struct query *query) {
  const int64_t count = query->width / 2;
  const int8_t *codes = query->codes, *more_codes = codes + count;
  int32_t sum = 0;
  for (int64_t at = 0; at < count; at++)
    sum += (int16_t)((halves[at] & 15) * codes[at] + (halves[at] >> 4) * more_codes[at]);
  return sum;
}

#if defined(__x86_64__)
FOR_VNNI static inline uint32_t vnni_coarse(const struct block *block, const struct query *query,
                                            float low, int32_t sums[ROWS]) {
  const __m512i low_bits = _mm512_set1_epi8(15), high_bits = _mm512_set1_epi8((char)240);
  const uint8_t *halves = block->halves;
  // The second is 16 times as large: its halves stay where they are in the byte.
  __m512i first = _mm512_setzero_si512(), second = first;
  for (int64_t column = 0; column < query->width; column += 8, halves += 4 * ROWS) {
    const int8_t *codes = query->codes + column;
    const __m512i two = _mm512_loadu_si512(halves);
    first =
        _mm512_dpbusd_epi32(first, _mm512_and_si512(two, low_bits), _mm512_set1_epi32(four(codes)));
    second = _mm512_dpbusd_epi32(second, _mm512_and_si512(two, high_bits),
                                 _mm512_set1_epi32(four(codes + 4)));
  }
  const __m512i sum = _mm512_add_epi32(first, _mm512_srai_epi32(second, 4));
  _mm512_storeu_si512(sums, sum);
  const __m512i shifted =
      _mm512_sub_epi32(_mm512_slli_epi32(sum, 5), _mm512_set1_epi32(241 * query->sum));
  const __m512 scaled =
      _mm512_mul_ps(_mm512_set1_ps(0.5f * query->scale), _mm512_cvtepi32_ps(shifted));
  const __m512 score = _mm512_mul_ps(_mm512_loadu_ps(block->scales), scaled);
  const __m512 error =
      _mm512_mul_ps(_mm512_loadu_ps(block->coarse_errors), _mm512_set1_ps(query->length));
  const __m512 upper = _mm512_add_ps(score, _mm512_add_ps(error, _mm512_set1_ps(query->slack)));
  return _mm512_cmp_ps_mask(upper, _mm512_set1_ps(low), _CMP_GE_OQ);
}

FOR_AVX2 INLINE __m256i avx2_products(__m256i two, const int8_t *codes) {
  const __m256i four_bits = _mm256_set1_epi8(15);
  const __m256i low = _mm256_and_si256(two, four_bits);
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(two, 4), four_bits);
  return _mm256_add_epi16(_mm256_maddubs_epi16(low, _mm256_set1_epi32(four(codes))),
                          _mm256_maddubs_epi16(high, _mm256_set1_epi32(four(codes + 4))));
}

// Products of four bits with eight stay below 2^11, and eight of them fit into 16 bits: the
// instruction that multiplies bytes can be used, and sums are widened every 16 columns.
FOR_AVX2 static inline uint32_t avx2_coarse(const struct block *block, const struct query *query,
                                            float low, int32_t sums[ROWS]) {
  const __m256i ones = _mm256_set1_epi16(1);
  const uint8_t *halves = block->halves;
  __m256i rows[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
  for (int64_t column = 0; column < query->width; column += 16, halves += 8 * ROWS) {
    const int8_t *codes = query->codes + column;
    for (int part = 0; part < 2; part++) {
      const __m256i *two = (const __m256i *)(halves + 32 * part);
      const __m256i pairs = _mm256_add_epi16(avx2_products(_mm256_loadu_si256(two), codes),
                                             avx2_products(_mm256_loadu_si256(two + 2), codes + 8));
      rows[part] = _mm256_add_epi32(rows[part], _mm256_madd_epi16(pairs, ones));
    }
  }
  uint32_t bits = 0;
  for (int part = 0; part < 2; part++) {
    _mm256_storeu_si256((__m256i *)(sums + 8 * part), rows[part]);
    const __m256i shifted =
        _mm256_sub_epi32(_mm256_slli_epi32(rows[part], 5), _mm256_set1_epi32(241 * query->sum));
    const __m256 scaled =
        _mm256_mul_ps(_mm256_set1_ps(0.5f * query->scale), _mm256_cvtepi32_ps(shifted));
    const __m256 score = _mm256_mul_ps(_mm256_loadu_ps(block->scales + 8 * part), scaled);
    const __m256 error = _mm256_mul_ps(_mm256_loadu_ps(block->coarse_errors + 8 * part),
                                       _mm256_set1_ps(query->length));
    const __m256 upper = _mm256_add_ps(score, _mm256_add_ps(error, _mm256_set1_ps(query->slack)));
    const __m256 reaches = _mm256_cmp_ps(upper, _mm256_set1_ps(low), _CMP_GE_OQ);
    bits |= (uint32_t)_mm256_movemask_ps(reaches) << (8 * part);
  }
  return bits;
}

FOR_AVX2 static inline int32_t avx2_fine(const uint8_t *halves, const struct query *query) {
  const __m128i four_bits = _mm_set1_epi8(15), ones = _mm_set1_epi16(1);
  const int64_t count = query->width / 2;
  const int8_t *codes = query->codes, *more_codes = codes + count;
  __m128i sums = _mm_setzero_si128();
  int64_t at = 0;
  for (; at + 16 <= count; at += 16) {
    const __m128i two = _mm_loadu_si128((const __m128i *)(halves + at));
    const __m128i low = _mm_and_si128(two, four_bits);
    const __m128i high = _mm_and_si128(_mm_srli_epi16(two, 4), four_bits);
    const __m128i first = _mm_maddubs_epi16(low, _mm_loadu_si128((const __m128i *)(codes + at)));
    const __m128i second =
        _mm_maddubs_epi16(high, _mm_loadu_si128((const __m128i *)(more_codes + at)));
    sums = _mm_add_epi32(sums, _mm_madd_epi16(_mm_add_epi16(first, second), ones));
  }
  sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0x4E));
  sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0xB1));
  int32_t sum = _mm_cvtsi128_si32(sums);
  // Eight bytes are left where the width is an odd multiple of 16.
  for (; at < count; at++)
    sum += (halves[at] & 15) * codes[at] + (halves[at] >> 4) * more_codes[at];
  return sum;
}
#elif defined(__aarch64__)
static inline uint32_t neon_coarse(const struct block *block, const struct query *query, float low,
                                   int32_t sums[ROWS]) {
  const uint8x16_t four_bits = vdupq_n_u8(15);
  const uint8_t *halves = block->halves;
  // Two sums a row.
  int32x4_t pairs[8];
  for (int part = 0; part < 8; part++) pairs[part] = vdupq_n_s32(0);
  for (int64_t column = 0; column < query->width; column += 8, halves += 4 * ROWS) {
    const int8x8_t with_low = vreinterpret_s8_s32(vdup_n_s32(four(query->codes + column)));
    const int8x8_t with_high = vreinterpret_s8_s32(vdup_n_s32(four(query->codes + column + 4)));
    for (int part = 0; part < 4; part++) {
      const uint8x16_t two = vld1q_u8(halves + 16 * part);
      const int8x16_t lower = vreinterpretq_s8_u8(vandq_u8(two, four_bits));
      const int8x16_t upper = vreinterpretq_s8_u8(vshrq_n_u8(two, 4));
      const int16x8_t first =
          vmlal_s8(vmull_s8(vget_low_s8(lower), with_low), vget_low_s8(upper), with_high);
      const int16x8_t second =
          vmlal_s8(vmull_s8(vget_high_s8(lower), with_low), vget_high_s8(upper), with_high);
      pairs[2 * part] = vpadalq_s16(pairs[2 * part], first);
      pairs[2 * part + 1] = vpadalq_s16(pairs[2 * part + 1], second);
    }
  }
  for (int part = 0; part < 4; part++)
    vst1q_s32(sums + 4 * part, vpaddq_s32(pairs[2 * part], pairs[2 * part + 1]));
  return bits_of(block, query, low, sums);
}
#endif

#endif
