// Attention of single rows over pages of keys and values.
#pragma once

#include <algorithm>
#include <vector>

#include "vectors.h"

constexpr int64_t PAGE = 64;  // tokens
constexpr int64_t SOON = 16;  // how many rows ahead keys and values are asked for: they lie all over the memory

// Keys and values of all tokens, half precision: [pages][layers][kv_heads] of keys [head_dim][PAGE], so that a
// vector holds one number of many tokens, and of values [PAGE][head_dim].
struct Cache {
  Half *keys, *values;
  int64_t layers, kv_heads, head_dim;

  int64_t offset(int64_t page, int64_t layer, int64_t head) const {
    return ((page * layers + layer) * kv_heads + head) * PAGE * head_dim;
  }
};

// The tokens that a row sees: from `first` to before `end`, in the pages that its table lists.
struct View {
  const int32_t* table;
  int64_t first, end;
};

inline void remember(const Cache& cache, int64_t page, int64_t at, int64_t layer, int64_t head, const float* key,
                     const float* value) {
  Half* keys = cache.keys + cache.offset(page, layer, head) + at;
  Half* values = cache.values + cache.offset(page, layer, head) + at * cache.head_dim;
  for (int64_t i = 0; i < cache.head_dim; i += LANES) {
    Half part[LANES];
    store_half(part, load(key + i));
    for (int lane = 0; lane < LANES; ++lane) keys[(i + lane) * PAGE] = part[lane];
    store_half(values + i, load(value + i));
  }
}

// Products of H queries [H, head_dim] with the keys of a page: [H, stride].
template <int H>
void score_page(const Half* keys, const float* query, int64_t head_dim, float scale, float* scores, int64_t stride) {
  for (int64_t strip = 0; strip < PAGE; strip += TILE) {
    Floats totals[H][VECTORS] = {};
    for (int64_t i = 0; i < head_dim; ++i)
      for (int v = 0; v < VECTORS; ++v) {
        const Floats key = load_half(keys + i * PAGE + strip + v * LANES);
        _mm_prefetch((const char*)(keys + (i + SOON) * PAGE + strip + v * LANES), _MM_HINT_T0);
        for (int h = 0; h < H; ++h)
          totals[h][v] = multiply_add(key, all(query[h * head_dim + i]), totals[h][v]);
      }
    for (int h = 0; h < H; ++h)
      for (int v = 0; v < VECTORS; ++v) store(scores + h * stride + strip + v * LANES, totals[h][v] * scale);
  }
}

// Scores to weights e^(score - largest), 0 outside of what is seen; returns one over their sum.
inline float weigh(float* scores, int64_t before, int64_t end, int64_t length) {
  std::fill(scores, scores + before, -1e30f);
  std::fill(scores + end, scores + length, -1e30f);
  Floats most = load(scores);
  for (int64_t i = LANES; i < length; i += LANES) most = largest(most, load(scores + i));
  const float top = largest(most);
  Floats total{};
  for (int64_t i = 0; i < length; i += LANES) {
    const Floats weight = exponential(load(scores + i) - top);
    store(scores + i, weight);
    total += weight;
  }
  return 1.0f / sum(total);
}

// Adds the values of a page's first `count` tokens, weighted: out [H, head_dim].
template <int H>
void add_values(const Half* values, const float* weights, int64_t stride, int64_t count, int64_t head_dim,
                float* out) {
  for (int64_t strip = 0; strip < head_dim; strip += TILE) {
    Floats totals[H][VECTORS];
    for (int h = 0; h < H; ++h)
      for (int v = 0; v < VECTORS; ++v) totals[h][v] = load(out + h * head_dim + strip + v * LANES);
    for (int64_t t = 0; t < count; ++t)
      for (int v = 0; v < VECTORS; ++v) {
        const Floats value = load_half(values + t * head_dim + strip + v * LANES);
        _mm_prefetch((const char*)(values + (t + SOON) * head_dim + strip + v * LANES), _MM_HINT_T0);
        for (int h = 0; h < H; ++h)
          totals[h][v] = multiply_add(value, all(weights[h * stride + t]), totals[h][v]);
      }
    for (int h = 0; h < H; ++h)
      for (int v = 0; v < VECTORS; ++v) store(out + h * head_dim + strip + v * LANES, totals[h][v]);
  }
}

// H queries that share a key head, softmax and all: query and out [H, head_dim].
template <int H>
void attend_heads(const Cache& cache, int64_t layer, int64_t head, View view, const float* query, float scale,
                  std::vector<float>& scratch, float* out) {
  const int64_t from = view.first / PAGE, pages = (view.end + PAGE - 1) / PAGE - from, length = pages * PAGE;
  if ((int64_t)scratch.size() < H * length) scratch.resize(H * length);
  float* scores = scratch.data();
  for (int64_t p = 0; p < pages; ++p)
    score_page<H>(cache.keys + cache.offset(view.table[from + p], layer, head), query, cache.head_dim, scale,
                  scores + p * PAGE, length);
  float shares[H];
  for (int h = 0; h < H; ++h)
    shares[h] = weigh(scores + h * length, view.first - from * PAGE, view.end - from * PAGE, length);
  std::fill(out, out + H * cache.head_dim, 0.0f);
  for (int64_t p = 0; p < pages; ++p)
    add_values<H>(cache.values + cache.offset(view.table[from + p], layer, head), scores + p * PAGE, length,
                  std::min(PAGE, view.end - (from + p) * PAGE), cache.head_dim, out);
  for (int h = 0; h < H; ++h)
    for (int64_t i = 0; i < cache.head_dim; ++i) out[h * cache.head_dim + i] *= shares[h];
}

// Any number of heads that share a key head, four at a time.
inline void attend(const Cache& cache, int64_t layer, int64_t head, View view, int64_t heads, const float* query,
                   float scale, std::vector<float>& scratch, float* out) {
  const int64_t step = 4 * cache.head_dim;
  for (; heads >= 4; heads -= 4, query += step, out += step)
    attend_heads<4>(cache, layer, head, view, query, scale, scratch, out);
  switch (heads) {
    case 1: return attend_heads<1>(cache, layer, head, view, query, scale, scratch, out);
    case 2: return attend_heads<2>(cache, layer, head, view, query, scale, scratch, out);
    case 3: return attend_heads<3>(cache, layer, head, view, query, scale, scratch, out);
  }
}
