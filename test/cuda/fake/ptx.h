// An interpreter of the part of PTX that tsmpi writes, for the fake driver. Arithmetic is IEEE's and rounded as the
// instruction says, so that results are those of a GPU, bit for bit.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ptx {

// Whether a kernel may read or write global memory there; the fake driver knows.
bool mayAccess(uint64_t address, size_t bytes);

struct Machine;
struct Instruction;
typedef void (*Action)(Machine&, const Instruction&);

struct Operand {
  enum { none, reg, immediate, special } kind = none;
  uint32_t number = 0;
  uint64_t bits = 0;
};

struct Instruction {
  Action action = nullptr;
  Operand operands[6];
  int guard = -1;
  bool guardNot = false;
  int type = 0, from = 0, compare = 0;
  size_t alignment = 1;
  uint32_t target = 0;
  std::string text;
};

struct Kernel {
  std::string name;
  size_t parameterBytes = 0, sharedBytes = 0;
  uint32_t registers = 0;
  std::vector<Instruction> code;
  // An error of the driver when an address was wrong, otherwise 0.
  int run(unsigned blocks, unsigned threads, const char* parameters);
};

struct Module {
  std::map<std::string, Kernel> kernels;
  // Constant memory.
  std::map<std::string, std::vector<uint64_t>> tables;
  // What is wrong, or nothing.
  std::string parse(const std::string& text);
  Kernel* find(const std::string& name);
};

}  // namespace ptx
