// Copies into the segment by streaming stores, which write past the caches (src/transport/shared-writer.ts says when that pays).
#include "addon.h"

#ifdef __x86_64__
#include <cstring>
#include <emmintrin.h>

namespace tsmpi {

static const size_t LINE = 64;

static void stream(char* to, const char* from, size_t count) {
  // Only whole lines go past the caches well.
  size_t head = -reinterpret_cast<uintptr_t>(to) % LINE;
  if (head > count) head = count;
  memcpy(to, from, head);
  to += head, from += head, count -= head;
  for (; count >= LINE; to += LINE, from += LINE, count -= LINE) {
    const __m128i* source = reinterpret_cast<const __m128i*>(from);
    __m128i* target = reinterpret_cast<__m128i*>(to);
    __m128i a = _mm_loadu_si128(source), b = _mm_loadu_si128(source + 1);
    __m128i c = _mm_loadu_si128(source + 2), d = _mm_loadu_si128(source + 3);
    _mm_stream_si128(target, a);
    _mm_stream_si128(target + 1, b);
    _mm_stream_si128(target + 2, c);
    _mm_stream_si128(target + 3, d);
  }
  memcpy(to, from, count);
  // What says that the bytes are there must not be seen before them.
  _mm_sfence();
}

// streamInto(at, array, from, count): copies bytes from .. from + count of a typed array to byte `at` of the segment.
static napi_value streamInto(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  size_t argumentCount = 4;
  double at = 0, from = 0, count = 0;
  void* data = nullptr;
  napi_get_cb_info(env, info, &argumentCount, arguments, nullptr, nullptr);
  bool valid = napi_get_value_double(env, arguments[0], &at) == napi_ok &&
               napi_get_typedarray_info(env, arguments[1], nullptr, nullptr, &data, nullptr, nullptr) == napi_ok &&
               napi_get_value_double(env, arguments[2], &from) == napi_ok &&
               napi_get_value_double(env, arguments[3], &count) == napi_ok;
  if (!valid || at < 0 || at + count > static_cast<double>(segmentWordCount * sizeof(int32_t))) {
    napi_throw_range_error(env, nullptr, "streamInto: expected (at, array, from, count)");
    return nullptr;
  }
  stream(reinterpret_cast<char*>(segmentWords) + static_cast<size_t>(at),
         static_cast<const char*>(data) + static_cast<size_t>(from), static_cast<size_t>(count));
  return nullptr;
}

void registerStream(Napi::Env env, Napi::Object exports) { registerRaw(env, exports, "streamInto", streamInto); }

}  // namespace tsmpi
#else
namespace tsmpi {
void registerStream(Napi::Env, Napi::Object) {}
}  // namespace tsmpi
#endif
