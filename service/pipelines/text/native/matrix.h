// Products with matrices of 8-bit integers: summed exactly, so that a row's product is the same to the last bit
// whatever rows come with it.
#pragma once

#include "team.h"
#include "vectors.h"

// A weight [columns, inputs] as tiles of TILE columns, within one [inputs / GROUP][TILE][GROUP]. `scales` and `sums`,
// of a column's weights, have one entry a column, and so many columns that the last tile is whole.
struct Matrix {
  const int8_t* values;
  const float* scales;
  const int32_t* sums;
  int64_t columns, inputs;
};

// Rows of whole numbers, as the processor takes them.
struct Quantised {
  Input* values;
  float* scales;
};

inline void quantise(const float* x, int64_t count, Input* values, float* scale) {
  Floats most{};
  for (int64_t i = 0; i < count; i += LANES) most = largest(most, magnitude(load(x + i)));
  *scale = largest(most) / LARGEST_INPUT + 1e-30f;  // a row of zeros stays one
  const float inverse = 1.0f / *scale;
  for (int64_t i = 0; i < count; i += LANES) {
    const Inputs numbers = __builtin_convertvector(nearest(load(x + i) * inverse) + OFFSET, Inputs);
    std::memcpy(values + i, &numbers, sizeof numbers);
  }
}

// How far ahead weights are asked for, in bytes: the processor itself stops at the end of a page of memory.
constexpr int64_t AHEAD = 2048, CACHE_LINE = 64;

// R rows times one tile. `add` adds to what `y` holds.
template <int R>
void multiply_tile(const Matrix& m, int64_t tile, Quantised x, int64_t first, float* y, int64_t stride, bool add) {
  Ints totals[R][VECTORS] = {};
  const int8_t* weights = m.values + tile * TILE * m.inputs;
  const Input* rows = x.values + first * m.inputs;
  for (int64_t i = 0; i < m.inputs; i += GROUP, weights += GROUP * TILE) {
    Ints w[VECTORS];
    for (int v = 0; v < VECTORS; ++v) w[v] = load_weights(weights + GROUP * LANES * v);
    for (int64_t ahead = AHEAD; ahead < AHEAD + GROUP * TILE; ahead += CACHE_LINE)
      _mm_prefetch((const char*)weights + ahead, _MM_HINT_T0);
    for (int r = 0; r < R; ++r) {
      int32_t group;
      std::memcpy(&group, rows + r * m.inputs + i, sizeof group);
      for (int v = 0; v < VECTORS; ++v) totals[r][v] = add_products(totals[r][v], all(group), w[v]);
    }
  }
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < VECTORS; ++v) {
      const int64_t column = tile * TILE + v * LANES;
      float* to = y + (first + r) * stride + column;
      const Floats exact = as_floats(totals[r][v] - load((const void*)(m.sums + column)) * OFFSET);
      const Floats product = exact * x.scales[first + r] * load(m.scales + column);
      store(to, add ? load(to) + product : product);
    }
}

inline void multiply_rows(const Matrix& m, int64_t tile, Quantised x, int64_t first, int64_t last, float* y,
                          int64_t stride, bool add) {
  for (; first + ROWS <= last; first += ROWS) multiply_tile<ROWS>(m, tile, x, first, y, stride, add);
  switch (last - first) {
    case 1: return multiply_tile<1>(m, tile, x, first, y, stride, add);
    case 2: return multiply_tile<2>(m, tile, x, first, y, stride, add);
    case 3: return multiply_tile<3>(m, tile, x, first, y, stride, add);
    case 4: return multiply_tile<4>(m, tile, x, first, y, stride, add);
    case 5: return multiply_tile<5>(m, tile, x, first, y, stride, add);
  }
}

// All rows times the matrix: y [rows, columns rounded up to tiles].
inline void multiply(Team& team, const Matrix& m, Quantised x, int64_t rows, float* y, bool add = false) {
  constexpr int64_t BLOCK = 8 * ROWS;  // rows that a thread takes at a time, so that all have about as much to do
  const int64_t tiles = (m.columns + TILE - 1) / TILE, blocks = (rows + BLOCK - 1) / BLOCK;
  team.share(tiles * blocks, [&](int64_t item) {
    const int64_t tile = item / blocks, first = item % blocks * BLOCK;
    multiply_rows(m, tile, x, first, first + BLOCK < rows ? first + BLOCK : rows, y, tiles * TILE, add);
  });
}
