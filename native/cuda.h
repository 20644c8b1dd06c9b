// What the CUDA parts of the addon share.
#pragma once
#include <napi.h>

namespace tsmpi {

void registerCudaTransfers(Napi::Env env, Napi::Object exports);

}  // namespace tsmpi
