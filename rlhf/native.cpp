// Row by row kernels for a CPU, where PyTorch's operators would read and write the same large tensors several times.
//
// A plain C interface over pointers: native.py compiles this file for the machine it runs on and checks every shape. Arrays are
// dense in their last dimension; strides count elements. A bfloat16 is the upper half of a float. Sums run in float.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace {

struct BFloat16 {
  uint16_t bits;
};

inline float as_float(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline float wide(float value) { return value; }
inline float wide(BFloat16 value) { return as_float(uint32_t(value.bits) << 16); }

// Not std::min and std::max, which would make 0 of NaN.
inline float at_most_0(float value) { return value > 0 ? 0 : value; }
inline float at_least_0(float value) { return value < 0 ? 0 : value; }

inline void store(float* place, float value) { *place = value; }
inline void store(BFloat16* place, float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  // To the nearest, ties to even; nothing here is NaN unless its input was, and then it stays NaN.
  place->bits = value != value ? uint16_t(0x7fc0) : uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

// e^x up to x = 87 to about 1e-7, and 0 below -87; without a branch or a call, so that compilers make vectors of the loops around it.
inline float exponential(float exponent) {
  const float x = exponent < -87.0f ? -87.0f : exponent > 87.0f ? 87.0f : exponent;
  const float shifter = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const float halvings = (x * 1.44269504f + shifter) - shifter;
  const float r = (x - halvings * 0.693145752f) - halvings * 1.42860677e-6f;  // ln 2 in two parts
  float sum = 1.0f / 5040;
  sum = sum * r + 1.0f / 720;
  sum = sum * r + 1.0f / 120;
  sum = sum * r + 1.0f / 24;
  sum = sum * r + 1.0f / 6;
  sum = sum * r + 0.5f;
  sum = sum * r + 1.0f;
  sum = sum * r + 1.0f;
  return exponent < -87.0f ? 0.0f : sum * as_float(uint32_t(int32_t(halvings) + 127) << 23);
}

struct Shape {
  int64_t rows, groups, heads_per_group, width, size;
  int64_t row_stride, group_stride, position_stride, seen_stride;
};

// Positions read ahead of their use: a cache of many rows comes from memory, and its latency would be most of the time.
constexpr int64_t AHEAD = 12;

template <typename State>
inline void fetch(const State* states, int64_t size) {
  const char* place = reinterpret_cast<const char*>(states);
  for (size_t byte = 0; byte < size * sizeof(State); byte += 64) __builtin_prefetch(place + byte);
}

// kSize is the size of a head where compilers may unroll for it, 0 = any other.
template <int64_t kSize, typename State>
void attend_row(const float* query, const State* keys, const State* values, const std::vector<int64_t>& seen, float* attended,
                const Shape& shape, float scaling, std::vector<float>& shares) {
  const int64_t heads = shape.heads_per_group, size = kSize ? kSize : shape.size, count = int64_t(seen.size());
  shares.resize(heads * count);
  for (int64_t place = 0; place < count; ++place) {
    const State* key = keys + seen[place] * shape.position_stride;
    fetch(values + seen[place] * shape.position_stride, size);
    fetch(keys + (seen[place] + AHEAD) * shape.position_stride, size);
    for (int64_t head = 0; head < heads; ++head) {
      float score = 0;
#pragma omp simd reduction(+ : score)
      for (int64_t i = 0; i < size; ++i) score += query[head * size + i] * wide(key[i]);
      shares[head * count + place] = score * scaling;
    }
  }
  for (int64_t head = 0; head < heads; ++head) {
    float* share = shares.data() + head * count;
    float largest = -INFINITY;
#pragma omp simd reduction(max : largest)
    for (int64_t place = 0; place < count; ++place) largest = std::max(largest, share[place]);
    float total = 0;
#pragma omp simd reduction(+ : total)
    for (int64_t place = 0; place < count; ++place) total += share[place] = exponential(share[place] - largest);
    for (int64_t place = 0; place < count; ++place) share[place] /= total;
  }
  std::fill(attended, attended + heads * size, 0.0f);
  for (int64_t place = 0; place < count; ++place) {
    const State* value = values + seen[place] * shape.position_stride;
    for (int64_t head = 0; head < heads; ++head) {
      const float share = shares[head * count + place];
      float* sum = attended + head * size;
#pragma omp simd
      for (int64_t i = 0; i < size; ++i) sum[i] += share * wide(value[i]);
    }
  }
}

template <int64_t kSize, typename State>
void attend_rows(const float* query, const State* keys, const State* values, const uint8_t* is_seen, float* attended,
            const Shape& shape, float scaling, int threads) {
#pragma omp parallel num_threads(threads) if (threads > 1)
  {
    std::vector<int64_t> seen;
    std::vector<float> shares;
#pragma omp for
    for (int64_t row = 0; row < shape.rows; ++row) {
      seen.clear();
      for (int64_t position = 0; position < shape.width; ++position)
        if (is_seen[row * shape.seen_stride + position]) seen.push_back(position);
      for (int64_t group = 0; group < shape.groups; ++group) {
        const int64_t head = (row * shape.groups + group) * shape.heads_per_group * shape.size;
        const int64_t states = row * shape.row_stride + group * shape.group_stride;
        attend_row<kSize>(query + head, keys + states, values + states, seen, attended + head, shape, scaling, shares);
      }
    }
  }
}

template <typename State>
void attend(const float* query, const State* keys, const State* values, const uint8_t* is_seen, float* attended,
            const Shape& shape, float scaling, int threads) {
  const auto rows = shape.size == 64 ? attend_rows<64, State> : shape.size == 128 ? attend_rows<128, State> : attend_rows<0, State>;
  rows(query, keys, values, is_seen, attended, shape, scaling, threads);
}

template <typename Logit>
void statistics(const Logit* logits, const int64_t* tokens, float* logprobs, float* entropy, float* normalizers, int64_t rows,
                int64_t vocabulary, float temperature, int threads) {
  const float sharpness = 1 / temperature;
#pragma omp parallel for num_threads(threads) if (threads > 1)
  for (int64_t row = 0; row < rows; ++row) {
    const Logit* logit = logits + row * vocabulary;
    float largest = wide(logit[0]) * sharpness, total = 0, weighted = 0;
#pragma omp simd reduction(max : largest)
    for (int64_t i = 0; i < vocabulary; ++i) largest = std::max(largest, wide(logit[i]) * sharpness);
#pragma omp simd reduction(+ : total, weighted)
    for (int64_t i = 0; i < vocabulary; ++i) {
      const float above = wide(logit[i]) * sharpness - largest, weight = exponential(above);
      total += weight;
      weighted += weight > 0 ? weight * above : 0;  // -infinity times 0 is NaN
    }
    normalizers[row] = largest + std::log(total);
    // No probability is above 1, though a product fused with the subtraction behind it is rounded less than the largest was.
    logprobs[row] = at_most_0(wide(logit[tokens[row]]) * sharpness - normalizers[row]);
    entropy[row] = at_least_0(std::log(total) - weighted / total);
  }
}

template <typename Logit>
void slopes(Logit* logits, const int64_t* tokens, const float* normalizers, const float* slope, int64_t rows,
            int64_t vocabulary, float temperature, int threads) {
  const float sharpness = 1 / temperature;
#pragma omp parallel for num_threads(threads) if (threads > 1)
  for (int64_t row = 0; row < rows; ++row) {
    Logit* logit = logits + row * vocabulary;
    const float factor = slope[row] * sharpness;
    const float taken = exponential(wide(logit[tokens[row]]) * sharpness - normalizers[row]);
#pragma omp simd
    for (int64_t i = 0; i < vocabulary; ++i)
      store(logit + i, -factor * exponential(wide(logit[i]) * sharpness - normalizers[row]));
    store(logit + tokens[row], factor * (1 - taken));
  }
}

// Tokens summed together before the place of a draw is sought among them.
constexpr int64_t BLOCK = 64;

template <typename Logit>
int64_t draw_row(const Logit* logit, int64_t vocabulary, float uniform, float temperature, std::vector<float>& weights,
                 std::vector<float>& sums, float* logprob) {
  const float sharpness = temperature == 0 ? 1 : 1 / temperature;
  float largest = -INFINITY, total = 0;
#pragma omp simd reduction(max : largest)
  for (int64_t i = 0; i < vocabulary; ++i) largest = std::max(largest, wide(logit[i]) * sharpness);
#pragma omp simd
  for (int64_t i = 0; i < vocabulary; ++i) weights[i] = exponential(wide(logit[i]) * sharpness - largest);
  for (int64_t start = 0, block = 0; start < vocabulary; start += BLOCK, ++block) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = start; i < std::min(start + BLOCK, vocabulary); ++i) sum += weights[i];
    total += sums[block] = sum;
  }
  int64_t token = 0;
  if (!(total > 0 && total <= std::numeric_limits<float>::max())) return -1;  // a logit is not a number
  if (temperature == 0) {
    while (token + 1 < vocabulary && wide(logit[token]) * sharpness != largest) ++token;
  } else {
    // The first token whose cumulative weight exceeds the threshold; where rounding leaves none, the last that has weight.
    const float threshold = std::min(uniform * total, std::nextafter(total, 0.0f));
    float before = 0;
    int64_t block = 0;
    const int64_t last = (vocabulary - 1) / BLOCK;
    while (block < last && before + sums[block] <= threshold) before += sums[block++];
    token = block * BLOCK;
    const int64_t end = std::min(token + BLOCK, vocabulary) - 1;
    while (token < end && before + weights[token] <= threshold) before += weights[token++];
    while (token > 0 && weights[token] == 0) --token;
  }
  *logprob = at_most_0(wide(logit[token]) * sharpness - largest - std::log(total));
  return token;
}

template <typename Logit>
void draw(const Logit* logits, const float* uniforms, const float* temperature, int64_t* tokens, float* logprobs, int64_t rows,
          int64_t vocabulary, int threads) {
#pragma omp parallel num_threads(threads) if (threads > 1)
  {
    std::vector<float> weights(vocabulary), sums(vocabulary / BLOCK + 1);
#pragma omp for
    for (int64_t row = 0; row < rows; ++row)
      tokens[row] = draw_row(logits + row * vocabulary, vocabulary, uniforms[row], temperature[row], weights, sums, logprobs + row);
  }
}

}  // namespace

extern "C" {

// Copies fresh (rows, groups) states of `bytes` each to positions[row] of a cache (slots, groups, capacity); slot i is row i.
void store_states(char* cache, const char* fresh, const int64_t* positions, int64_t rows, int64_t groups, int64_t capacity,
                  int64_t bytes) {
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t group = 0; group < groups; ++group)
      std::memcpy(cache + ((row * groups + group) * capacity + positions[row]) * bytes, fresh + (row * groups + group) * bytes, bytes);
}

// hidden (rows, size) over its root mean square, times weight (size).
void rms_norm(const float* hidden, const float* weight, float* normed, int64_t rows, int64_t size, float epsilon, int threads) {
#pragma omp parallel for num_threads(threads) if (threads > 1)
  for (int64_t row = 0; row < rows; ++row) {
    const float* in = hidden + row * size;
    float squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t i = 0; i < size; ++i) squares += in[i] * in[i];
    const float scale = 1 / std::sqrt(squares / size + epsilon);
#pragma omp simd
    for (int64_t i = 0; i < size; ++i) normed[row * size + i] = weight[i] * (in[i] * scale);
  }
}

// Attention of one new position a row over `width` cached ones. query, attended (rows, groups, heads_per_group, size);
// keys, values (rows, groups, width, size) with the strides of `shape`; is_seen (rows, width).
void attend_float32(const float* query, const float* keys, const float* values, const uint8_t* is_seen, float* attended,
                    const Shape* shape, float scaling, int threads) {
  attend(query, keys, values, is_seen, attended, *shape, scaling, threads);
}
void attend_bfloat16(const float* query, const BFloat16* keys, const BFloat16* values, const uint8_t* is_seen, float* attended,
                     const Shape* shape, float scaling, int threads) {
  attend(query, keys, values, is_seen, attended, *shape, scaling, threads);
}

// Of softmax(logits / temperature), logits (rows, vocabulary): log-probability of each row's token, entropy, log of the divisor.
void statistics_float32(const float* logits, const int64_t* tokens, float* logprobs, float* entropy, float* normalizers,
                        int64_t rows, int64_t vocabulary, float temperature, int threads) {
  statistics(logits, tokens, logprobs, entropy, normalizers, rows, vocabulary, temperature, threads);
}
void statistics_bfloat16(const BFloat16* logits, const int64_t* tokens, float* logprobs, float* entropy, float* normalizers,
                         int64_t rows, int64_t vocabulary, float temperature, int threads) {
  statistics(logits, tokens, logprobs, entropy, normalizers, rows, vocabulary, temperature, threads);
}

// Turns logits into slope[row] times the gradient of the row's log-probability: (one hot - softmax) / temperature.
void slopes_float32(float* logits, const int64_t* tokens, const float* normalizers, const float* slope, int64_t rows,
                    int64_t vocabulary, float temperature, int threads) {
  slopes(logits, tokens, normalizers, slope, rows, vocabulary, temperature, threads);
}
void slopes_bfloat16(BFloat16* logits, const int64_t* tokens, const float* normalizers, const float* slope, int64_t rows,
                     int64_t vocabulary, float temperature, int threads) {
  slopes(logits, tokens, normalizers, slope, rows, vocabulary, temperature, threads);
}

// One token a row from softmax(logits / temperature), by inverting its cumulative distribution; temperature 0 is greedy, the lowest
// of equal ones, with its log-probability at temperature 1. Token -1 where the logits of a row are not numbers.
void draw_float32(const float* logits, const float* uniforms, const float* temperature, int64_t* tokens, float* logprobs,
                  int64_t rows, int64_t vocabulary, int threads) {
  draw(logits, uniforms, temperature, tokens, logprobs, rows, vocabulary, threads);
}
void draw_bfloat16(const BFloat16* logits, const float* uniforms, const float* temperature, int64_t* tokens, float* logprobs,
                   int64_t rows, int64_t vocabulary, int threads) {
  draw(logits, uniforms, temperature, tokens, logprobs, rows, vocabulary, threads);
}

}
