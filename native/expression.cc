// How JavaScript runs a compiled expression: at once, or on another thread.
#include "addon.h"
#include "expression/program.h"

#include <memory>
#include <string>

namespace tsmpi {
namespace {

constexpr const char* operationNames[] = {
#define TSMPI_NAME(name, operands) #name,
    TSMPI_OPERATIONS(TSMPI_NAME)
#undef TSMPI_NAME
};
constexpr int operandCounts[] = {
#define TSMPI_OPERANDS(name, operands) operands,
    TSMPI_OPERATIONS(TSMPI_OPERANDS)
#undef TSMPI_OPERANDS
};

// expressionOperations(): their names, in the order of their numbers.
Napi::Value expressionOperations(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env(), operationCount);
  for (uint32_t i = 0; i < operationCount; i++) names.Set(i, Napi::String::New(info.Env(), operationNames[i]));
  return names;
}

Napi::Value level(const Napi::CallbackInfo& info) {
  std::string wanted = info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : "";
  return Napi::String::New(info.Env(), expressionLevel(wanted.c_str()));
}

// Takes a program apart, and refuses what would read or write elsewhere.
class Decoder {
 public:
  Decoder(napi_env env, Program& program) : env_(env), program_(program) {}

  // code: 1 for double, the number of values, of instructions and of reductions; instructions of five words;
  // reductions of three; then the value that each output takes. Operands are 4 times an index plus a Place.
  bool decode(napi_value code, napi_value constants, napi_value arrays, napi_value targets, napi_value elements) {
    int32_t* words;
    double* numbers;
    size_t wordCount, numberCount;
    int64_t length;
    if (!typed(code, napi_int32_array, &words, &wordCount) ||
        !typed(constants, napi_float64_array, &numbers, &numberCount) ||
        napi_get_value_int64(env_, elements, &length) != napi_ok || length < 0)
      return false;
    program_.elements = static_cast<size_t>(length);
    program_.constants.assign(numbers, numbers + numberCount);
    if (!readArrays(arrays, program_.arrays)) return false;
    std::vector<Array> written;
    if (!readArrays(targets, written)) return false;

    word_ = words;
    left_ = wordCount;
    program_.wide = next() == 1;
    program_.values = next();
    uint32_t instructions = next(), reductions = next();
    if (program_.values > 4096 || instructions > left_ || reductions > left_) return false;
    for (uint32_t i = 0; i < instructions; i++) {
      Instruction instruction{next(), next(), {source(), source(), source()}};
      if (instruction.operation >= operationCount || instruction.to >= program_.values) return false;
      for (int operand = 0; operand < operandCounts[instruction.operation]; operand++) {
        if (!valid(instruction.from[operand])) return false;
      }
      for (int operand = operandCounts[instruction.operation]; operand < 3; operand++) {
        instruction.from[operand] = {Place::value, 0};
      }
      program_.instructions.push_back(instruction);
    }
    for (uint32_t i = 0; i < reductions; i++) {
      uint32_t kind = next();
      Reduced reduced{static_cast<Reduction>(kind), source(), source()};
      if (kind >= reductionKinds || !valid(reduced.a) || !valid(reduced.b)) return false;
      if (reduced.a.place == Place::constant || reduced.b.place == Place::constant) return false;
      program_.reductions.push_back(reduced);
    }
    for (const Array& array : written) {
      Output output{next(), array};
      bool taken = array.type == 2 || array.type == 8 || array.type == 9;
      if (output.from >= program_.values || !taken) return false;
      program_.outputs.push_back(output);
    }
    return !short_ && left_ == 0;
  }

 private:
  template <class T>
  bool typed(napi_value value, napi_typedarray_type wanted, T** data, size_t* length) {
    napi_typedarray_type type;
    void* start;
    if (napi_get_typedarray_info(env_, value, &type, length, &start, nullptr, nullptr) != napi_ok) return false;
    *data = static_cast<T*>(start);
    return type == wanted;
  }

  // Each must be as long as the expression's elements.
  bool readArrays(napi_value list, std::vector<Array>& into) {
    uint32_t count = 0;
    if (napi_get_array_length(env_, list, &count) != napi_ok) return false;
    for (uint32_t i = 0; i < count; i++) {
      napi_value value;
      if (napi_get_element(env_, list, i, &value) != napi_ok) return false;
      // A type that this version of Node-API does not know leaves the variable alone: Float16Array.
      constexpr int unknown = elementTypes - 2;
      int type = unknown;
      size_t length = 0;
      void* data = nullptr;
      if (napi_get_typedarray_info(env_, value, reinterpret_cast<napi_typedarray_type*>(&type), &length, &data,
                                   nullptr, nullptr) != napi_ok)
        return false;
      if (type < 0 || type > unknown || length != program_.elements) return false;
      into.push_back({type + 1, static_cast<char*>(data)});
    }
    return true;
  }

  uint32_t next() {
    if (left_ == 0) {
      short_ = true;
      return UINT32_MAX;
    }
    left_--;
    return static_cast<uint32_t>(*word_++);
  }
  Source source() {
    uint32_t word = next();
    return {static_cast<Place>(word & 3), word >> 2};
  }
  bool valid(Source source) const {
    switch (source.place) {
      case Place::value:
        return source.index < program_.values;
      case Place::array:
        return source.index < program_.arrays.size();
      case Place::constant:
        return source.index < program_.constants.size();
    }
    return false;
  }

  napi_env env_;
  Program& program_;
  const int32_t* word_ = nullptr;
  size_t left_ = 0;
  bool short_ = false;
};

// A run on another thread.
struct Task {
  Program program;
  std::vector<double> results;
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
  // The arrays that it reads and writes, and where the results go.
  napi_ref held[3];
};

void finish(napi_env env, napi_status status, void* data) {
  std::unique_ptr<Task> task(static_cast<Task*>(data));
  napi_value results;
  napi_get_reference_value(env, task->held[2], &results);
  double* numbers = nullptr;
  size_t count = 0;
  napi_get_typedarray_info(env, results, nullptr, &count, reinterpret_cast<void**>(&numbers), nullptr, nullptr);
  for (size_t i = 0; i < task->results.size() && i < count; i++) numbers[i] = task->results[i];
  for (napi_ref reference : task->held) napi_delete_reference(env, reference);
  napi_delete_async_work(env, task->work);
  napi_resolve_deferred(env, task->deferred, results);
}

// runExpression(code, constants, arrays, targets, elements, results, later): runs it, `results` takes a number for
// each reduction. With `later`, a promise: the arrays must stay as they are until it is settled.
napi_value runExpression(napi_env env, napi_callback_info info) {
  napi_value arguments[7];
  size_t count = 7;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  auto task = std::make_unique<Task>();
  Program& program = task->program;
  napi_typedarray_type type;
  size_t places = 0;
  void* results = nullptr;
  bool later = false;
  bool valid = Decoder(env, program).decode(arguments[0], arguments[1], arguments[2], arguments[3], arguments[4]) &&
               napi_get_typedarray_info(env, arguments[5], &type, &places, &results, nullptr, nullptr) == napi_ok &&
               type == napi_float64_array && places == program.reductions.size() &&
               napi_get_value_bool(env, arguments[6], &later) == napi_ok;
  if (!valid) {
    napi_throw_type_error(env, nullptr, "runExpression: the program is not valid for these arrays");
    return nullptr;
  }
  if (!later) {
    program.run(static_cast<double*>(results));
    return nullptr;
  }
  task->results.resize(places);
  napi_value promise, name;
  napi_create_promise(env, &task->deferred, &promise);
  napi_create_string_utf8(env, "tsmpi expression", NAPI_AUTO_LENGTH, &name);
  for (int i = 0; i < 3; i++) {
    constexpr int held[] = {2, 3, 5};
    napi_create_reference(env, arguments[held[i]], 1, &task->held[i]);
  }
  auto execute = [](napi_env, void* data) {
    auto* running = static_cast<Task*>(data);
    running->program.run(running->results.data());
  };
  Task* given = task.release();
  napi_create_async_work(env, nullptr, name, execute, finish, given, &given->work);
  napi_queue_async_work(env, given->work);
  return promise;
}

}  // namespace

void registerExpression(Napi::Env env, Napi::Object exports) {
  registerRaw(env, exports, "runExpression", runExpression);
  exports.Set("expressionOperations", Napi::Function::New<expressionOperations>(env));
  exports.Set("expressionLevel", Napi::Function::New<level>(env));
}

}  // namespace tsmpi
