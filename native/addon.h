// What the parts of the addon share. One file per concern; each registers its functions on `exports`.
#pragma once
#include <napi.h>

namespace tsmpi {

void registerSegment(Napi::Env env, Napi::Object exports);
void registerDoorbell(Napi::Env env, Napi::Object exports);
void registerWait(Napi::Env env, Napi::Object exports);
void registerProcess(Napi::Env env, Napi::Object exports);
void registerFence(Napi::Env env, Napi::Object exports);
void registerCopy(Napi::Env env, Napi::Object exports);
void registerStream(Napi::Env env, Napi::Object exports);
void registerTcp(Napi::Env env, Napi::Object exports);
void registerReduce(Napi::Env env, Napi::Object exports);
void registerCuda(Napi::Env env, Napi::Object exports);
void registerWindow(Napi::Env env, Napi::Object exports);
void registerExpression(Napi::Env env, Napi::Object exports);
void registerRandom(Napi::Env env, Napi::Object exports);
void registerLinalg(Napi::Env env, Napi::Object exports);

// Start of the segment that this process has mapped; a process belongs to one job, so there is only one.
extern int32_t* segmentWords;
extern size_t segmentWordCount;

// Throws a JavaScript Error "what: strerror(errno)" with `code` set to the errno's name where it is a usual one.
void throwErrno(Napi::Env env, const char* what);

// Registers a plain Node-API function: for calls on a hot path, where the wrapper's conversions would show.
void registerRaw(Napi::Env env, Napi::Object exports, const char* name, napi_callback callback);

}  // namespace tsmpi
