#include "addon.h"

#include <cerrno>
#include <cstring>
#include <string>

namespace tsmpi {

void throwErrno(Napi::Env env, const char* what) {
  int error = errno;
  Napi::Error failure = Napi::Error::New(env, std::string(what) + ": " + std::strerror(error));
  failure.Set("errno", Napi::Number::New(env, error));
  failure.ThrowAsJavaScriptException();
}

void registerRaw(Napi::Env env, Napi::Object exports, const char* name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  exports.Set(name, Napi::Value(env, function));
}

}  // namespace tsmpi

static Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  tsmpi::registerSegment(env, exports);
  tsmpi::registerDoorbell(env, exports);
  tsmpi::registerWait(env, exports);
  tsmpi::registerProcess(env, exports);
  tsmpi::registerFence(env, exports);
  tsmpi::registerCopy(env, exports);
  tsmpi::registerStream(env, exports);
  tsmpi::registerTcp(env, exports);
  tsmpi::registerReduce(env, exports);
  tsmpi::registerCuda(env, exports);
  tsmpi::registerWindow(env, exports);
  tsmpi::registerExpression(env, exports);
  tsmpi::registerRandom(env, exports);
  tsmpi::registerLinalg(env, exports);
  return exports;
}

NODE_API_MODULE(tsmpi, initialise)
