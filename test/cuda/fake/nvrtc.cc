// A fake NVRTC for the tests. It compiles nothing: its "machine code" is what the file FAKE_NVRTC_IMAGE holds, with
// EXPRESSION for the name of the kernel in the source given; its log is that source.
#include "control.h"

#include <fstream>
#include <sstream>

#define API extern "C" __attribute__((visibility("default"))) int

namespace {
struct Program {
  std::string source, image;
};
}  // namespace

API nvrtcVersion(int* major, int* minor) {
  FAKE("nvrtcVersion");
  *major = 13;
  *minor = 0;
  return 0;
}
API nvrtcCreateProgram(void** program, const char* source, const char*, int, const char**, const char**) {
  FAKE("nvrtcCreateProgram");
  *program = new Program{source, ""};
  return 0;
}
API nvrtcCompileProgram(void* handle, int count, const char** options) {
  FAKE("nvrtcCompileProgram");
  constexpr int invalidOption = 5;
  if (count != 2 || std::string(options[0]) != "--gpu-architecture=sm_90") return invalidOption;
  Program* program = static_cast<Program*>(handle);
  size_t start = program->source.find("void expression_") + 5;
  std::string name = program->source.substr(start, program->source.find('(', start) - start);
  std::ifstream file(getenv("FAKE_NVRTC_IMAGE"));
  std::stringstream text;
  text << file.rdbuf();
  program->image = text.str();
  program->image.replace(program->image.find("EXPRESSION"), 10, name);
  return 0;
}
API nvrtcGetProgramLogSize(void* program, size_t* bytes) {
  FAKE("nvrtcGetProgramLogSize");
  *bytes = static_cast<Program*>(program)->source.size() + 1;
  return 0;
}
API nvrtcGetProgramLog(void* program, char* log) {
  FAKE("nvrtcGetProgramLog");
  strcpy(log, static_cast<Program*>(program)->source.c_str());
  return 0;
}
API nvrtcGetCUBINSize(void* program, size_t* bytes) {
  FAKE("nvrtcGetCUBINSize");
  *bytes = static_cast<Program*>(program)->image.size() + 1;
  return 0;
}
API nvrtcGetCUBIN(void* program, char* image) {
  FAKE("nvrtcGetCUBIN");
  strcpy(image, static_cast<Program*>(program)->image.c_str());
  return 0;
}
API nvrtcDestroyProgram(void** program) {
  FAKE("nvrtcDestroyProgram");
  delete static_cast<Program*>(*program);
  *program = nullptr;
  return 0;
}
