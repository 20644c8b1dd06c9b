// What the CUDA parts of the addon share.
#pragma once
#include "cuda-functions.h"

#include <functional>
#include <napi.h>

namespace tsmpi {

// 0, or the error code of the call named.
struct Outcome {
  int status = 0;
  const char* failed = "";

  bool check(int code, const char* call) {
    if (code != 0 && status == 0) {
      status = code;
      failed = call;
    }
    return code == 0;
  }
};

Handle handleOf(const Napi::Value& value);

// Runs `work` with a context current, on the thread for what waits for other processes, one call after the other. A
// promise of undefined or [call, status].
Napi::Value withOthers(Napi::Env env, Handle context, std::function<void(Outcome&)> work);

void registerCudaTransfers(Napi::Env env, Napi::Object exports);
void registerCudaNccl(Napi::Env env, Napi::Object exports);

}  // namespace tsmpi
