// The scan of the retrieval index: for every post an upper bound of its score, in one pass over
// half a byte a column, a better bound of those that reach the threshold, and the exact float32
// scores of the few that are left.
//
// A score is the dot product of a query with a post's vector. A vector is kept twice: in float32,
// and as codes, whole numbers of -127 to 127 with a scale of their own, so that vector is nearly
// scale * code. A code's upper four bits alone are a coarser code. The scan reads those only, an
// eighth of the bytes, and memory is what it waits for; the lower four bits are read where the
// coarse bound reaches the threshold, one line of the cache a row.

#include <float.h>
#include <stddef.h>

#include "sums.h"

enum { LANES = 16, AHEAD = 8, SAMPLED = 512, EVERY = 64 };
enum variant { PLAIN, AVX2, VNNI, NEON };

struct post {
  int64_t post_id, author_id, created_at_ms;
};

// The posts of one hour. Arrays hold a multiple of 16 rows.
struct segment {
  const uint8_t *blocks;
  const uint8_t *halves;  // Lower ones, width / 2 bytes a row.
  const float *vectors;
  const struct post *posts;
  int64_t rows;   // In use, rounded up to a multiple of 16.
  int64_t first;  // Number of its first row when all segments are counted through.
};

// A row whose coarse bound reaches the threshold.
struct passed {
  int32_t row, coarse_sum;
  float scale, error;
};

// Rows that may belong to the answer: their numbers, rising, and what no score of theirs exceeds.
struct candidates {
  int64_t *numbers;
  float *upper;
  float *scratch;
  struct passed *passed;  // All four have room for every row and one more.
  int64_t count;
  float low;  // Every live row that is left out has a smaller bound.
};

// One bit for each `enum variant` that this processor can run.
int32_t phoenix_variants(void) {
  int32_t variants = 1 << PLAIN;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) variants |= 1 << AVX2;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni"))
    variants |= 1 << VNNI;
#elif defined(__aarch64__)
  variants |= 1 << NEON;
#endif
  return variants;
}

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

INLINE const struct block *block_at(const struct segment *segment, int64_t row, int64_t width) {
  const int64_t size = sizeof(struct block) + 8 * width;
  return (const struct block *)(segment->blocks + row / ROWS * size);
}

// A first threshold, from every 64th block: what about `needed` rows, and some more, score.
INLINE void guess(const struct segment *segments, int64_t count, const struct query *query,
                  int64_t needed, struct candidates *found, coarse_pass *coarse) {
  int64_t sampled = 0;
  for (const struct segment *segment = segments; segment < segments + count; segment++) {
    const int64_t first = (EVERY - segment->first / ROWS % EVERY) % EVERY * ROWS;
    for (int64_t start = first; start < segment->rows; start += EVERY * ROWS) {
      int32_t sums[ROWS];
      const struct block *block = block_at(segment, start, query->width);
      coarse(block, query, found->low, sums);
      for (int row = 0; row < ROWS; row++) {
        found->scratch[sampled] = coarse_score(block, query, row, sums[row]);
        sampled += block->errors[row] >= 0;
      }
    }
  }
  const int64_t expected = needed / EVERY, rank = expected + expected / 4 + 8;
  if (4 * rank <= sampled) found->low = kth_largest(found->scratch, sampled, rank);
}

// Those rows of a segment whose coarse bound reaches the threshold.
INLINE int64_t pass(const struct segment *segment, const struct query *query,
                    const struct candidates *found, coarse_pass *coarse) {
  int64_t count = 0;
  for (int64_t start = 0; start < segment->rows; start += ROWS) {
    int32_t sums[ROWS];
    const struct block *block = block_at(segment, start, query->width);
    uint32_t bits = coarse(block, query, found->low, sums);
    for (; bits != 0; bits &= bits - 1) {
      const int row = __builtin_ctz(bits);
      __builtin_prefetch(segment->halves + (start + row) * (query->width / 2));
      found->passed[count++] = (struct passed){(int32_t)(start + row), sums[row],
                                               block->scales[row], block->errors[row]};
    }
  }
  return count;
}

// What is to be found.
struct wish {
  int64_t needed, wanted;
};

INLINE void scan(const struct segment *segments, int64_t count, const struct query *query,
                 struct wish wish, struct candidates *found, coarse_pass *coarse, fine_sum *fine) {
  if (found->low == -FLT_MAX) guess(segments, count, query, wish.needed, found, coarse);
  int64_t crowded = 4 * wish.wanted;
  for (const struct segment *segment = segments; segment < segments + count; segment++) {
    const int64_t passed = pass(segment, query, found, coarse);
    for (int64_t at = 0; at < passed; at++) {
      const struct passed *row = found->passed + at;
      const uint8_t *halves = segment->halves + row->row * (query->width / 2);
      const int32_t sum = 16 * row->coarse_sum + fine(halves, query) - 128 * query->sum;
      const float score = row->scale * (query->scale * (float)sum);
      const float upper = score + (row->error * query->length + query->slack);
      found->numbers[found->count] = segment->first + row->row;
      found->upper[found->count] = upper;
      found->count += upper >= found->low;
      if (found->count < crowded) continue;
      keep_largest(found, wish.wanted);
      // Equals are kept; where they are many, the next round has to wait for longer.
      if (crowded < 2 * found->count) crowded = 2 * found->count;
    }
  }
  keep_largest(found, wish.wanted);
}

// `scan`, its parts compiled for one kind of processor.
#define SCAN_WITH(name, attributes, coarse, fine)                            \
  attributes static void name(const struct segment *segments, int64_t count, \
                              const struct query *query, struct wish wish,   \
                              struct candidates *found) {                    \
    scan(segments, count, query, wish, found, coarse, fine);                 \
  }

SCAN_WITH(plain_scan, , plain_coarse, plain_fine)
#if defined(__x86_64__)
SCAN_WITH(avx2_scan, FOR_AVX2, avx2_coarse, avx2_fine)
SCAN_WITH(vnni_scan, FOR_VNNI, vnni_coarse, avx2_fine)
#elif defined(__aarch64__)
SCAN_WITH(neon_scan, , neon_coarse, plain_fine)
#endif

// Finds rows whose score may reach `found->low`. Where that is -FLT_MAX, it is raised first to what
// about `needed` rows reach. Of more than `wanted` rows those with the largest bounds are left,
// `wanted` or as many as equal the last of them; on the way it collects some times as many before
// it throws the smaller away, so that this costs little.
void phoenix_scan(const struct segment *segments, int64_t count, const struct query *query,
                  int32_t variant, int64_t needed, int64_t wanted, struct candidates *found) {
  const struct wish wish = {needed, wanted};
  found->count = 0;
#if defined(__x86_64__)
  if (variant == AVX2) avx2_scan(segments, count, query, wish, found);
  if (variant == VNNI) vnni_scan(segments, count, query, wish, found);
#elif defined(__aarch64__)
  if (variant == NEON) neon_scan(segments, count, query, wish, found);
#endif
  if (variant == PLAIN) plain_scan(segments, count, query, wish, found);
}

// Rows, whose numbers rise, with their exact scores. The sum has one order, that of
// `exact_scores` in index_scan.py: 16 lanes, each the sum of every 16th column, then halves onto
// halves. So equal vectors have equal scores, wherever they stand and whoever computes.
void phoenix_read(const struct segment *segments, const int64_t *numbers, int64_t count,
                  const struct query *query, float *scores, struct post *posts) {
  const int64_t width = query->width;
  const struct segment *next =
      segments;  // Of the row that is fetched into the cache ahead of time.
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
