// A fake cuBLAS for the tests: products by plain loops over column-major arrays, summed in double precision. Where
// FAKE_CUBLAS_INSTANT is n, products of n x n matrices and larger are not computed, so that it seems faster than any
// processor.
#include "control.h"
#include "half.h"

#include <cstdint>

namespace {

constexpr int notInitialized = 1, invalidValue = 7, notSupported = 15;
constexpr int real32 = 0, real64 = 1, half = 2, int8 = 3, int32 = 10, bfloat = 14;
constexpr int sum32 = 68, sum64 = 70, sumInt = 72, sumTF32 = 77;

double read(const void* data, int type, int64_t at) {
  switch (type) {
    case real64: return static_cast<const double*>(data)[at];
    case real32: return static_cast<const float*>(data)[at];
    case half: return fromHalf(static_cast<const uint16_t*>(data)[at]);
    case bfloat: return fromBfloat(static_cast<const uint16_t*>(data)[at]);
    case int8: return static_cast<const int8_t*>(data)[at];
    default: return static_cast<const int32_t*>(data)[at];
  }
}

void write(void* data, int type, int64_t at, double value) {
  switch (type) {
    case real64: static_cast<double*>(data)[at] = value; break;
    case real32: static_cast<float*>(data)[at] = static_cast<float>(value); break;
    case half: static_cast<uint16_t*>(data)[at] = toHalf(static_cast<float>(value)); break;
    case bfloat: static_cast<uint16_t*>(data)[at] = toBfloat(static_cast<float>(value)); break;
    default: static_cast<int32_t*>(data)[at] = static_cast<int32_t>(value);
  }
}

const void* shifted(const void* data, int type, int64_t elements) {
  int bytes = type == real64 ? 8 : type == real32 || type == int32 ? 4 : type == int8 ? 1 : 2;
  return static_cast<const char*>(data) + elements * bytes;
}

double factor(const void* data, int compute) {
  if (compute == sum64) return *static_cast<const double*>(data);
  if (compute == sumInt) return *static_cast<const int32_t*>(data);
  return *static_cast<const float*>(data);
}

// Which types go together; cuBLAS has more.
bool supported(int a, int b, int c, int compute, int lda, int ldb) {
  if (a != b) return false;
  if (a == real64) return c == real64 && compute == sum64;
  if (a == real32) return c == real32 && (compute == sum32 || compute == sumTF32);
  if (a == half || a == bfloat) return (c == a || c == real32) && compute == sum32;
  return a == int8 && c == int32 && compute == sumInt && lda % 4 == 0 && ldb % 4 == 0;
}

char token;

}  // namespace

#define API extern "C" __attribute__((visibility("default"))) int

API cublasCreate_v2(void** handle) {
  FAKE("cublasCreate_v2");
  *handle = &token;
  fakeTrace("made", &token);
  return 0;
}
API cublasDestroy_v2(void* handle) {
  FAKE("cublasDestroy_v2");
  if (handle != &token) return invalidValue;
  fakeTrace("ended", &token);
  return 0;
}
API cublasGetVersion_v2(void*, int* version) {
  FAKE("cublasGetVersion_v2");
  *version = 130100;
  return 0;
}
API cublasSetStream_v2(void*, void*) {
  FAKE("cublasSetStream_v2");
  return 0;
}

API cublasGemmStridedBatchedEx(void* handle, int ta, int tb, int m, int n, int k, const void* alpha, const void* a, int typeA,
                               int lda, long long stepA, const void* b, int typeB, int ldb, long long stepB,
                               const void* beta, void* c, int typeC, int ldc, long long stepC, int batch, int compute,
                               int) {
  FAKE("cublasGemmStridedBatchedEx");
  fakeTrace("product", c);
  if (handle != &token) return notInitialized;
  auto enough = [](int ld, int rows) { return ld >= (rows > 1 ? rows : 1); };
  if (m < 0 || n < 0 || k < 0 || !enough(lda, ta ? k : m) || !enough(ldb, tb ? n : k) || !enough(ldc, m))
    return invalidValue;
  if (!supported(typeA, typeB, typeC, compute, lda, ldb)) return notSupported;
  const char* instant = getenv("FAKE_CUBLAS_INSTANT");
  if (instant != nullptr && m >= atoi(instant) && n >= atoi(instant) && k >= atoi(instant)) return 0;
  double by = factor(alpha, compute), keep = factor(beta, compute);
  for (int64_t i = 0; i < batch; i++) {
    const void *left = shifted(a, typeA, i * stepA), *right = shifted(b, typeB, i * stepB);
    void* out = const_cast<void*>(shifted(c, typeC, i * stepC));
    for (int64_t column = 0; column < n; column++)
      for (int64_t row = 0; row < m; row++) {
        double sum = 0;
        for (int64_t j = 0; j < k; j++)
          sum += read(left, typeA, ta ? row * lda + j : j * lda + row) *
                 read(right, typeB, tb ? j * ldb + column : column * ldb + j);
        int64_t at = column * ldc + row;
        // What C holds does not matter when beta is 0, be it NaN.
        write(out, typeC, at, by * sum + (keep == 0 ? 0 : keep * read(out, typeC, at)));
      }
  }
  return 0;
}

API cublasGemmEx(void* handle, int ta, int tb, int m, int n, int k, const void* alpha, const void* a, int typeA, int lda,
                 const void* b, int typeB, int ldb, const void* beta, void* c, int typeC, int ldc, int compute, int algorithm) {
  FAKE("cublasGemmEx");
  return cublasGemmStridedBatchedEx(handle, ta, tb, m, n, k, alpha, a, typeA, lda, 0, b, typeB, ldb, 0, beta, c, typeC, ldc,
                                    0, 1, compute, algorithm);
}
