// A compiled expression with its arrays, and its run over them.
#pragma once
#include <vector>

#include "operations.h"

namespace tsmpi {

// Kinds of reductions; src/linalg/expressions/program.ts has the same list.
enum class Reduction { sum, dot, min, max, argMin, argMax };
constexpr int reductionKinds = 6;

enum class Place { value, array, constant };

struct Source {
  Place place;
  uint32_t index;
};

struct Instruction {
  uint32_t operation;
  uint32_t to;
  Source from[3];
};

struct Array {
  int type;
  char* data;
};

struct Output {
  uint32_t from;  // a value
  Array to;
};

// Of values or arrays.
struct Reduced {
  Reduction kind;
  Source a, b;
};

// Elements are computed in blocks that stay in the caches nearest to the core, all instructions on one block after the
// other. Blocks make up chunks, which the threads share. Neither depends on the number of threads or the instruction
// set, and neither do the results.
constexpr size_t blockElements = 512;
constexpr size_t chunkBlocks = 32;
constexpr size_t chunkElements = chunkBlocks * blockElements;

struct Program {
  bool wide = false;  // double, not float
  uint32_t values = 0;
  size_t elements = 0;
  std::vector<Instruction> instructions;
  std::vector<double> constants;
  std::vector<Array> arrays;
  std::vector<Output> outputs;
  std::vector<Reduced> reductions;

  // Runs it on up to threadCount() threads. `results` takes one number for each reduction.
  void run(double* results) const;
  bool exceedsCaches() const;
};

// The instruction set of the loops, after changing to the one named if this machine has it.
const char* expressionLevel(const char* wanted);

}  // namespace tsmpi
