// Shared by the fake CUDA libraries of the tests: which calls are to fail. FAKE_CUDA_FAIL is "name=code", or
// "name=code@n" for only the n-th call since the variable was set; several, parted by commas. FAKE_CUDA_DELAY is
// "name=milliseconds", for which each of these calls sleeps first. What is traced goes to the file FAKE_CUDA_TRACE, line by
// line in the order of the calls.
#pragma once
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>

inline int fakeFailure(const char* name) {
  static std::mutex mutex;
  static std::string last;
  static std::map<std::string, int> calls;
  std::lock_guard<std::mutex> lock(mutex);
  const char* wanted = getenv("FAKE_CUDA_FAIL");
  if (wanted == nullptr) wanted = "";
  if (last != wanted) {
    last = wanted;
    calls.clear();
  }
  int call = ++calls[name];
  size_t length = strlen(name);
  for (const char* at = strstr(wanted, name); at != nullptr; at = strstr(at + 1, name)) {
    bool whole = (at == wanted || at[-1] == ',') && at[length] == '=';
    if (!whole) continue;
    char* end;
    int code = static_cast<int>(strtol(at + length + 1, &end, 10));
    if (*end != '@' || strtol(end + 1, nullptr, 10) == call) return code;
  }
  return 0;
}

inline void fakeDelay(const char* name) {
  const char* wanted = getenv("FAKE_CUDA_DELAY");
  size_t length = strlen(name);
  if (wanted == nullptr || strncmp(wanted, name, length) != 0 || wanted[length] != '=') return;
  std::this_thread::sleep_for(std::chrono::milliseconds(atoi(wanted + length + 1)));
}

inline void fakeTrace(const char* what, const void* which) {
  const char* path = getenv("FAKE_CUDA_TRACE");
  if (path == nullptr) return;
  if (FILE* file = fopen(path, "a")) {
    fprintf(file, "%s %p\n", what, which);
    fclose(file);
  }
}

#define FAKE(name)                                   \
  do {                                               \
    fakeDelay(name);                                 \
    if (int failed = fakeFailure(name)) return failed; \
  } while (0)
