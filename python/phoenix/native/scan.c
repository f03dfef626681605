// The scan of the retrieval index: for every post an upper bound of its score, in one pass over
// one byte a column, and the exact float32 scores of the few that are left.
//
// A score is the dot product of a query with a post's vector. A vector is kept twice: in float32,
// and as codes, whole numbers of -127 to 127 with a scale of their own, so that vector is nearly
// scale * code. The scan reads codes only, a quarter of the bytes, and memory is what it waits for.
//
// Codes of 16 posts lie together, in the order that the registers want: four columns of post 0,
// four of post 1, ... four of post 15, then the next four columns. One 64-byte load then holds the
// same columns of 16 posts, and the sums of 16 posts grow side by side: nothing is summed across.
// 128 is added to each code, because the instruction for bytes multiplies unsigned by signed; what
// that adds to a sum, 128 * (sum of the query's codes), is the same for all posts.
//
// Every way to compute gives the same whole numbers, so every machine gives the same answer.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

enum { ROWS = 16, LANES = 16, AHEAD = 8, SAMPLED = 512 };
enum variant { PLAIN, AVX2, VNNI, NEON };

// |score - scale * (whole-number score)| <= error * |query|, but for the query's own rounding.
// An error of minus infinity marks a row that is dead or not yet used: its bound is minus infinity.
struct bound {
  float scale, error;
};

struct post {
  int64_t post_id, author_id, created_at_ms;
};

// The posts of one hour. Arrays hold a multiple of 16 rows.
struct segment {
  const uint8_t *codes;
  const struct bound *bounds;
  const float *vectors;
  const struct post *posts;
  int64_t rows;   // In use, rounded up to a multiple of 16.
  int64_t first;  // Number of its first row when all segments are counted through.
};

struct query {
  const int8_t *codes;
  const int16_t *wide;  // Each four codes four times over, in 16 bits.
  const float *vector;
  int64_t width;  // Columns, a multiple of 16.
  int32_t shift;  // 128 * sum of the codes.
  float scale;
  float length;  // Never 0: minus infinity times it has to stay what it is.
  float slack;   // What the query's error and rounding may add to any score.
};

// Loops of fixed length over neighbours: any compiler makes vector instructions of them.
static void plain_sums(const uint8_t *codes, const struct query *query, int32_t sums[ROWS]) {
  for (int part = 0; part < 4; part++) {
    int32_t columns[16] = {0};
    for (int64_t column = 0; column < query->width; column += 4) {
      const uint8_t *code = codes + column * ROWS + 16 * part;
      const int16_t *with = query->wide + 4 * column;
      for (int at = 0; at < 16; at++) columns[at] += (int16_t)(code[at] * with[at]);
    }
    for (int row = 0; row < 4; row++) {
      const int32_t *four = columns + 4 * row;
      sums[4 * part + row] = four[0] + four[1] + four[2] + four[3];
    }
  }
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512vnni"))) static void vnni_sums(
    const uint8_t *codes, const struct query *query, int32_t sums[ROWS]) {
  // Two sums, so that an addition need not wait for the one before it.
  __m512i even = _mm512_setzero_si512(), odd = even;
  for (int64_t column = 0; column < query->width; column += 8, codes += 8 * ROWS) {
    int32_t with[2];
    memcpy(with, query->codes + column, sizeof with);
    const __m512i first = _mm512_loadu_si512(codes), second = _mm512_loadu_si512(codes + 4 * ROWS);
    even = _mm512_dpbusd_epi32(even, first, _mm512_set1_epi32(with[0]));
    odd = _mm512_dpbusd_epi32(odd, second, _mm512_set1_epi32(with[1]));
  }
  _mm512_storeu_si512(sums, _mm512_add_epi32(even, odd));
}

// Bytes are widened first: the AVX2 instruction that multiplies bytes cuts sums off at 32,767.
__attribute__((target("avx2"))) static void avx2_sums(
    const uint8_t *codes, const struct query *query, int32_t sums[ROWS]) {
  __m256i pairs[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                      _mm256_setzero_si256()};
  for (int64_t column = 0; column < query->width; column += 4, codes += 4 * ROWS) {
    const __m256i with = _mm256_loadu_si256((const __m256i *)(query->wide + 4 * column));
    for (int part = 0; part < 4; part++) {
      const __m128i bytes = _mm_loadu_si128((const __m128i *)(codes + 16 * part));
      const __m256i products = _mm256_madd_epi16(_mm256_cvtepu8_epi16(bytes), with);
      pairs[part] = _mm256_add_epi32(pairs[part], products);
    }
  }
  for (int part = 0; part < 4; part += 2) {
    const __m256i mixed = _mm256_hadd_epi32(pairs[part], pairs[part + 1]);
    const __m256i ordered = _mm256_permute4x64_epi64(mixed, 0xD8);
    _mm256_storeu_si256((__m256i *)(sums + 4 * part), ordered);
  }
}
#elif defined(__aarch64__)
static void neon_sums(const uint8_t *codes, const struct query *query, int32_t sums[ROWS]) {
  int32x4_t parts[4] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
  for (int64_t column = 0; column < query->width; column += 4, codes += 4 * ROWS) {
    // The load splits by column: split.val[c] holds column c of the 16 posts.
    const uint8x16x4_t split = vld4q_u8(codes);
    for (int c = 0; c < 4; c++) {
      const int16x8_t low = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(split.val[c])));
      const int16x8_t high = vreinterpretq_s16_u16(vmovl_u8(vget_high_u8(split.val[c])));
      const int16_t with = query->wide[4 * column + c];
      parts[0] = vmlal_n_s16(parts[0], vget_low_s16(low), with);
      parts[1] = vmlal_n_s16(parts[1], vget_high_s16(low), with);
      parts[2] = vmlal_n_s16(parts[2], vget_low_s16(high), with);
      parts[3] = vmlal_n_s16(parts[3], vget_high_s16(high), with);
    }
  }
  for (int part = 0; part < 4; part++) vst1q_s32(sums + 4 * part, parts[part]);
}
#endif

// One bit for each `enum variant` that this processor can run.
int32_t phoenix_variants(void) {
  int32_t variants = 1 << PLAIN;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) variants |= 1 << AVX2;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vnni"))
    variants |= 1 << VNNI;
#elif defined(__aarch64__)
  variants |= 1 << NEON;
#endif
  return variants;
}

// Rows that may belong to the answer: their numbers, rising, and what no score of theirs exceeds.
struct candidates {
  int64_t *numbers;
  float *upper;
  float *scratch;  // All three have room for every row and one more.
  int64_t count;
  float low;  // Every live row that is left out has a smaller bound.
};

// The k-th largest of some values, whose order it changes (quickselect).
static float kth_largest(float *values, int64_t count, int64_t k) {
  int64_t first = 0, last = count - 1;
  while (first < last) {
    const float pivot = values[first + (last - first) / 2];
    int64_t left = first, right = last;
    while (left <= right) {
      while (values[left] > pivot) left++;
      while (values[right] < pivot) right--;
      if (left > right) break;
      const float swapped = values[left];
      values[left++] = values[right];
      values[right--] = swapped;
    }
    if (k - 1 <= right)
      last = right;
    else if (k - 1 >= left)
      first = left;
    else
      break;
  }
  return values[k - 1];
}

// Leaves the `wanted` largest, or some more: the threshold comes from a sample, and from all values
// where that one left too few. What equals the threshold stays.
static void keep_largest(struct candidates *found, int64_t wanted) {
  if (found->count <= wanted) return;
  const int64_t step = found->count / SAMPLED + 1, sampled = (found->count + step - 1) / step;
  for (int64_t at = 0; at < sampled; at++) found->scratch[at] = found->upper[at * step];
  const int64_t rank = sampled * wanted / found->count + SAMPLED / 32;
  found->low = kth_largest(found->scratch, sampled, rank < sampled ? rank : sampled);
  int64_t left = 0;
  for (int64_t at = 0; at < found->count; at++) left += found->upper[at] >= found->low;
  if (left < wanted) {
    memcpy(found->scratch, found->upper, found->count * sizeof(float));
    found->low = kth_largest(found->scratch, found->count, wanted);
  }
  int64_t kept = 0;
  for (int64_t at = 0; at < found->count; at++) {
    const float upper = found->upper[at];
    found->numbers[kept] = found->numbers[at];
    found->upper[kept] = upper;
    kept += upper >= found->low;
  }
  found->count = kept;
}

// Finds the rows whose score may reach `found->low`; of more than `wanted` those with the largest
// bounds, `wanted` or as many as equal the last of them. On the way it collects some times as many
// before it throws the smaller away, so that this costs little.
void phoenix_scan(const struct segment *segments, int64_t count, const struct query *query,
                  int32_t variant, int64_t wanted, struct candidates *found) {
  void (*sums_of)(const uint8_t *, const struct query *, int32_t *) = plain_sums;
#if defined(__x86_64__)
  if (variant == AVX2) sums_of = avx2_sums;
  if (variant == VNNI) sums_of = vnni_sums;
#elif defined(__aarch64__)
  if (variant == NEON) sums_of = neon_sums;
#endif
  int64_t crowded = 4 * wanted;
  found->count = 0;
  for (const struct segment *segment = segments; segment < segments + count; segment++) {
    for (int64_t start = 0; start < segment->rows; start += ROWS) {
      int32_t sums[ROWS], high = 0;
      float upper[ROWS];
      sums_of(segment->codes + start * query->width, query, sums);
      const struct bound *bounds = segment->bounds + start;
      for (int row = 0; row < ROWS; row++) {
        const float score = query->scale * (float)(sums[row] - query->shift);
        upper[row] =
            bounds[row].scale * score + (bounds[row].error * query->length + query->slack);
        high += upper[row] >= found->low;
      }
      if (high == 0) continue;
      for (int row = 0; row < ROWS; row++) {
        found->numbers[found->count] = segment->first + start + row;
        found->upper[found->count] = upper[row];
        found->count += upper[row] >= found->low;
      }
      if (found->count < crowded) continue;
      keep_largest(found, wanted);
      // Equals are kept; where they are many, the next round has to wait for longer.
      if (crowded < 2 * found->count) crowded = 2 * found->count;
    }
  }
  keep_largest(found, wanted);
}

// Rows, whose numbers rise, with their exact scores. The sum has one order, that of
// `exact_scores` in index_scan.py: 16 lanes, each the sum of every 16th column, then halves onto
// halves. So equal vectors have equal scores, wherever they stand and whoever computes.
void phoenix_read(const struct segment *segments, const int64_t *numbers, int64_t count,
                  const struct query *query, float *scores, struct post *posts) {
  const int64_t width = query->width;
  const struct segment *next = segments;  // Of the row that is fetched into the cache ahead of time.
  for (int64_t ahead = 0; ahead < count + AHEAD; ahead++) {
    if (ahead < count) {
      while (numbers[ahead] >= next->first + next->rows) next++;
      const int64_t row = numbers[ahead] - next->first;
      for (int64_t start = 0; start < width; start += 16)
        __builtin_prefetch(next->vectors + row * width + start);
      __builtin_prefetch(next->posts + row);
    }
    const int64_t at = ahead - AHEAD;
    if (at < 0) continue;
    while (numbers[at] >= segments->first + segments->rows) segments++;
    const int64_t row = numbers[at] - segments->first;
    const float *vector = segments->vectors + row * width;
    float lanes[LANES] = {0};
    for (int64_t start = 0; start < width; start += LANES)
      for (int lane = 0; lane < LANES; lane++)
        lanes[lane] += vector[start + lane] * query->vector[start + lane];
    for (int half = LANES / 2; half > 0; half /= 2)
      for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
    scores[at] = lanes[0];
    posts[at] = segments->posts[row];
  }
}
