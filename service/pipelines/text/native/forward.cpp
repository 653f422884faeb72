// A forward pass of the Llama and Mistral family in 8-bit integers, all of it in one call.
//
// Every row is computed by itself, whether it is of a prompt or of an answer; only the weights that are read are
// shared. So a token's numbers do not depend on what shares its pass or on how its prompt was split.

#include <cmath>
#include <memory>

#include "attention.h"
#include "matrix.h"
#include "team.h"

struct Layer {
  Matrix qkv, out, gate_up, down;
};

// The norms' gains are part of the matrices. `table` [vocabulary, hidden] are the embeddings; `cosines` and `sines`
// [context, head_dim / 2]; `signs` [block] begin the turn of every block of inner states before `down`.
struct Model {
  const Layer* layers;
  Matrix head;
  const Half* table;
  const float *cosines, *sines, *signs;
  int64_t layer_count, hidden, inner, heads, kv_heads, head_dim, block, window;  // window 0: none
  float epsilon;
};

// What is computed: a token and its position for each row, and where in `pages` its page table begins; `sampled`
// are the rows whose logits are wanted, [samples, columns of the head rounded up to tiles].
struct Pass {
  const int32_t *tokens, *positions, *tables, *pages, *sampled;
  float* logits;
  int64_t rows, samples;
  int32_t threads;
};

namespace {

template <typename T>
struct Rows {
  std::unique_ptr<T[]> data;
  int64_t width;

  Rows(int64_t rows, int64_t width) : data(new T[rows * width]), width(width) {}
  T* operator[](int64_t row) const { return data.get() + row * width; }
};

// Between the matrices of a layer. All have a row for each row of the pass.
struct Buffers {
  Rows<float> stream, qkv, attended, gate_up, inner;
  Rows<Input> values;
  Rows<float> scales;

  Buffers(const Model& m, int64_t rows)
      : stream(rows, m.hidden),
        qkv(rows, (m.heads + 2 * m.kv_heads) * m.head_dim),
        attended(rows, m.heads * m.head_dim),
        gate_up(rows, 2 * m.inner),
        inner(rows, m.inner),
        values(rows, std::max({m.hidden, m.inner, m.heads * m.head_dim})),
        scales(rows, 1) {}

  Quantised quantised() const { return {values[0], scales[0]}; }
};

// Root mean square norm, then whole numbers.
void normalise(const float* x, int64_t count, float epsilon, float* normed, Input* values, float* scale) {
  Floats squares{};
  for (int64_t i = 0; i < count; i += LANES) squares += load(x + i) * load(x + i);
  const float factor = 1.0f / std::sqrt(sum(squares) / count + epsilon);
  for (int64_t i = 0; i < count; i += LANES) store(normed + i, load(x + i) * factor);
  quantise(normed, count, values, scale);
}

// Rotary positions: the two halves of a head.
void rotate(float* head, const float* cosines, const float* sines, int64_t half) {
  for (int64_t i = 0; i < half; ++i) {
    const float first = head[i], second = head[half + i];
    head[i] = first * cosines[i] - second * sines[i];
    head[half + i] = second * cosines[i] + first * sines[i];
  }
}

// Sums and differences of lanes 1, 2, 4 and so on apart.
template <int APART = 1>
Floats turn_lanes(Floats x) {
  if constexpr (APART == LANES)
    return x;
  else
    return turn_lanes<2 * APART>(swapped<APART>(x) + ((lanes() & APART) ? -x : x));
}

// x [block], a power of two and at least LANES, times a Hadamard matrix with its rows times `signs` (fast
// Walsh-Hadamard transform).
void turn_block(float* x, const float* signs, int64_t block) {
  for (int64_t i = 0; i < block; i += LANES) store(x + i, turn_lanes(load(x + i) * load(signs + i)));
  for (int64_t apart = LANES; apart < block; apart *= 2)
    for (int64_t i = 0; i < block; i += LANES)
      if (!(i & apart)) {
        const Floats first = load(x + i), second = load(x + i + apart);
        store(x + i, first + second);
        store(x + i + apart, first - second);
      }
}

// What the threads of a team do together.
class Forward {
 public:
  Forward(Team& team, const Model& m, const Cache& cache, const Pass& pass)
      : team_(team), m_(m), cache_(cache), pass_(pass), b_(m, pass.rows) {}

  void run() {
    embed();
    for (int64_t index = 0; index < m_.layer_count; ++index) {
      const Layer& layer = m_.layers[index];
      normalise_rows();
      multiply(team_, layer.qkv, b_.quantised(), pass_.rows, b_.qkv[0]);
      remember_rows(index);
      attend_rows(index);
      quantise_attended();
      multiply(team_, layer.out, b_.quantised(), pass_.rows, b_.stream[0], true);
      normalise_rows();
      multiply(team_, layer.gate_up, b_.quantised(), pass_.rows, b_.gate_up[0]);
      gate_rows();
      multiply(team_, layer.down, b_.quantised(), pass_.rows, b_.stream[0], true);
    }
    normalise_sampled();
    multiply(team_, m_.head, b_.quantised(), pass_.samples, pass_.logits);
  }

 private:
  void embed() {
    team_.share(pass_.rows, [&](int64_t row) {
      const Half* from = m_.table + pass_.tokens[row] * m_.hidden;
      for (int64_t i = 0; i < m_.hidden; i += LANES) store(b_.stream[row] + i, load_half(from + i));
    });
  }

  void normalise_rows() {
    team_.share(pass_.rows, [&](int64_t row) { normalise_row(row, row); });
  }

  void normalise_sampled() {
    team_.share(pass_.samples, [&](int64_t i) { normalise_row(pass_.sampled[i], i); });
  }

  void normalise_row(int64_t from, int64_t to) {
    normalise(b_.stream[from], m_.hidden, m_.epsilon, b_.inner[to], b_.values[0] + to * m_.hidden, b_.scales[to]);
  }

  void remember_rows(int64_t layer) {
    const int64_t half = m_.head_dim / 2;
    team_.share(pass_.rows, [&](int64_t row) {
      const int64_t at = pass_.positions[row], page = pass_.pages[pass_.tables[row] + at / PAGE];
      float* const heads = b_.qkv[row];
      for (int64_t head = 0; head < m_.heads + m_.kv_heads; ++head)
        rotate(heads + head * m_.head_dim, m_.cosines + at * half, m_.sines + at * half, half);
      const float *keys = heads + m_.heads * m_.head_dim, *values = keys + m_.kv_heads * m_.head_dim;
      for (int64_t head = 0; head < m_.kv_heads; ++head, keys += m_.head_dim, values += m_.head_dim)
        remember(cache_, page, at % PAGE, layer, head, keys, values);
    });
  }

  void attend_rows(int64_t layer) {
    const int64_t group = m_.heads / m_.kv_heads;
    const float scale = 1.0f / std::sqrt((float)m_.head_dim);
    std::vector<float> scratch;
    team_.share(pass_.rows * m_.kv_heads, [&](int64_t item) {
      const int64_t row = item / m_.kv_heads, head = item % m_.kv_heads, end = pass_.positions[row] + 1;
      const int64_t first = m_.window ? std::max<int64_t>(0, end - m_.window) : 0, at = head * group * m_.head_dim;
      const View view{pass_.pages + pass_.tables[row], first, end};
      attend(cache_, layer, head, view, group, b_.qkv[row] + at, scale, scratch, b_.attended[row] + at);
    });
  }

  void quantise_attended() {
    const int64_t width = b_.attended.width;
    team_.share(pass_.rows, [&](int64_t row) {
      quantise(b_.attended[row], width, b_.values[0] + row * width, b_.scales[row]);
    });
  }

  // silu(gate) times up, turned, then whole numbers.
  void gate_rows() {
    team_.share(pass_.rows, [&](int64_t row) {
      float *gate = b_.gate_up[row], *up = gate + m_.inner, *inner = b_.inner[row];
      for (int64_t i = 0; i < m_.inner; i += LANES) {
        const Floats x = load(gate + i);
        store(inner + i, x / (exponential(-x) + 1.0f) * load(up + i));
      }
      for (int64_t i = 0; i < m_.inner; i += m_.block) turn_block(inner + i, m_.signs, m_.block);
      quantise(inner, m_.inner, b_.values[0] + row * m_.inner, b_.scales[row]);
    });
  }

  Team& team_;
  const Model& m_;
  const Cache& cache_;
  const Pass& pass_;
  const Buffers b_;
};

}  // namespace

extern "C" {

// How a matrix has to be laid out, which depends on the processor: columns to a tile, inputs to a group.
int64_t tile_columns() { return TILE; }
int64_t group_inputs() { return GROUP; }

void forward(const Model* model, const Cache* cache, const Pass* pass) {
  Team team(pass->threads);
  Forward forward(team, *model, *cache, *pass);
  team.run([&] { forward.run(); });
}
}
