// Vectors of the width that this machine has, and the few operations on them that the compiler does not know.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

// LANES numbers to a vector. A tile of a matrix is VECTORS of them wide, and ROWS rows share each weight that
// is read: as many as the registers hold.
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VNNI__)
constexpr int LANES = 16, VECTORS = 4, ROWS = 6;
#elif defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
constexpr int LANES = 8, VECTORS = 2, ROWS = 6;
#else
#error "AVX2 with FMA and F16C is needed"
#endif
constexpr int TILE = VECTORS * LANES;

// What a weight is multiplied by: GROUP inputs to a lane, whole numbers up to LARGEST_INPUT, OFFSET above their value.
// Some processors multiply bytes, unsigned by signed ones. The others have no such product that does not saturate and
// take 16 bits, of which they use as many as the sums of 16,000 products have room for.
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
typedef uint8_t Input;
constexpr int GROUP = 4, OFFSET = 128, LARGEST_INPUT = 127;
#else
typedef int16_t Input;
constexpr int GROUP = 2, OFFSET = 0, LARGEST_INPUT = 1023;
#endif

typedef float Floats __attribute__((vector_size(LANES * 4)));
typedef int32_t Ints __attribute__((vector_size(LANES * 4)));
typedef Input Inputs __attribute__((vector_size(LANES * sizeof(Input))));

inline Floats load(const float* from) {
  Floats x;
  std::memcpy(&x, from, sizeof x);
  return x;
}

inline Ints load(const void* from) {
  Ints x;
  std::memcpy(&x, from, sizeof x);
  return x;
}

inline void store(float* to, Floats x) { std::memcpy(to, &x, sizeof x); }

inline Floats all(float x) { return x - Floats{}; }
inline Ints all(int32_t x) { return x - Ints{}; }

// a times b plus c, rounded once. Said where it is meant: a compiler that joins products and sums as it likes does so
// in one copy of a function and not in another, and then a row's numbers depend on how many rows there are.
inline Floats multiply_add(Floats a, Floats b, Floats c) {
#if __AVX512VNNI__
  return (Floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#else
  return (Floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#endif
}

inline Floats as_floats(Ints x) { return __builtin_convertvector(x, Floats); }

inline Floats largest(Floats a, Floats b) { return a > b ? a : b; }
inline Floats smallest(Floats a, Floats b) { return a < b ? a : b; }
inline Floats magnitude(Floats x) { return (Floats)((Ints)x & 0x7fffffff); }

constexpr int32_t NUMBERS[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

// The lanes by number. Loaded: written lane by lane, the compiler would insert them one by one.
inline Ints lanes() { return load((const void*)NUMBERS); }

// Every lane gets the number of the lane so many apart.
template <int APART>
Floats swapped(Floats x) {
  return __builtin_shuffle(x, lanes() ^ APART);
}

template <int APART = LANES / 2>
float sum(Floats x) {
  if constexpr (APART == 0)
    return x[0];
  else
    return sum<APART / 2>(x + swapped<APART>(x));
}

template <int APART = LANES / 2>
float largest(Floats x) {
  if constexpr (APART == 0)
    return x[0];
  else
    return largest<APART / 2>(largest(x, swapped<APART>(x)));
}

// The nearest integers, for numbers of at most 2^22: adding this one leaves no bits for a fraction.
inline Ints nearest(Floats x) {
  const Floats shift = all(12582912.0f);
  return (Ints)(x + shift) - (Ints)shift;
}

// e^x to within 2 units in the last place: 2^n times a polynomial (Cephes, expf), 0 below the smallest normal.
inline Floats exponential(Floats x) {
  const Floats within = largest(smallest(x, all(88.0f)), all(-87.0f));
  const Ints n = nearest(within * 1.44269504f);
  const Floats whole = as_floats(n);
  const Floats r = multiply_add(whole, all(2.12194440e-4f), multiply_add(whole, all(-0.693359375f), within));
  Floats p = all(1.9875691500e-4f);
  for (float next : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
    p = multiply_add(p, r, all(next));
  const Floats y = multiply_add(p, r * r, r) + 1.0f;
  return x < -87.0f ? Floats{} : y * (Floats)((n + 127) << 23);
}

// Numbers of 16 bits: an eleven-bit mantissa is more than keys and values need beside 8-bit products.
typedef uint16_t Half;

inline Floats load_half(const Half* from) {
#if __AVX512VNNI__
  return (Floats)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i*)from));
#else
  return (Floats)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)from));
#endif
}

inline void store_half(Half* to, Floats x) {
#if __AVX512VNNI__
  _mm256_storeu_si256((__m256i*)to, _mm512_cvtps_ph((__m512)x, 0));
#else
  _mm_storeu_si128((__m128i*)to, _mm256_cvtps_ph((__m256)x, 0));
#endif
}

// GROUP weights to a lane, as wide as the inputs.
inline Ints load_weights(const int8_t* from) {
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
  return load((const void*)from);
#else
  return (Ints)_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i*)from));
#endif
}

// To each lane of `total` the products of its GROUP inputs and weights.
inline Ints add_products(Ints total, Ints x, Ints weights) {
#if __AVX512VNNI__
  return (Ints)_mm512_dpbusd_epi32((__m512i)total, (__m512i)x, (__m512i)weights);
#elif __AVXVNNI__
  return (Ints)_mm256_dpbusd_avx_epi32((__m256i)total, (__m256i)x, (__m256i)weights);
#else
  return total + (Ints)_mm256_madd_epi16((__m256i)x, (__m256i)weights);
#endif
}
