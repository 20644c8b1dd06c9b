#include "program.h"

#include <unistd.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <initializer_list>

#include "../simd.h"
#include "../threads.h"

namespace tsmpi {
namespace {

const ExpressionLoops* loopsOf(Simd level) {
#if defined(__x86_64__)
  if (level == Simd::avx512) return &expressionLoopsAvx512;
  if (level == Simd::avx2) return &expressionLoopsAvx2;
#endif
  return &expressionLoopsBaseline;
}

std::atomic<Simd>& current() {
  static std::atomic<Simd> level{simdLevel()};
  return level;
}

size_t elementBytes(int type) {
  constexpr size_t bytes[elementTypes] = {0, 1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 2};
  return bytes[type];
}

size_t lastCache() {
  static const size_t bytes = [] {
    long found = sysconf(_SC_LEVEL3_CACHE_SIZE);
    return found > 0 ? static_cast<size_t>(found) : size_t{32} << 20;
  }();
  return bytes;
}

// Elements times instructions below which waking other threads costs more than they give.
constexpr size_t worthSharing = size_t{1} << 18;

constexpr size_t cacheLine = 64;

// The partial result of one chunk, or of more.
struct Partial {
  double value;
  double place;
};

// Of two neighbours, the left one first.
Partial combine(Reduction kind, Partial left, Partial right) {
  switch (kind) {
    case Reduction::sum:
    case Reduction::dot:
      return {left.value + right.value, 0};
    case Reduction::min:
    case Reduction::argMin:
    case Reduction::max:
    case Reduction::argMax: {
      if (std::isnan(left.value)) return left;
      if (std::isnan(right.value)) return right;
      bool least = kind == Reduction::min || kind == Reduction::argMin;
      bool better = least ? right.value < left.value : right.value > left.value;
      // -0 is less than 0, but both are as good a place.
      bool sign = right.value == left.value && std::signbit(right.value) == least;
      if (kind == Reduction::min || kind == Reduction::max) return better || sign ? right : left;
      return better ? right : left;
    }
  }
  return left;
}

// Adds neighbours, then neighbouring sums, and so on, whoever has computed them.
Partial combineAll(Reduction kind, Partial* partials, size_t count, size_t stride) {
  for (size_t width = 1; width < count; width *= 2) {
    for (size_t at = 0; at + width < count; at += 2 * width) {
      partials[at * stride] = combine(kind, partials[at * stride], partials[(at + width) * stride]);
    }
  }
  return partials[0];
}

// What one thread needs to run blocks: memory for values, constants filled to a register, and copies of inputs.
class Runner {
 public:
  Runner(const Program& program, const ExpressionLoops& loops, char* memory)
      : program_(program),
        bytes_(loops.registerBytes),
        size_(program.wide ? 8 : 4),
        loops_(loops.of[program.wide]),
        constants_(memory),
        values_(constants_ + program.constants.size() * cacheLine),
        copies_(values_ + program.values * blockElements * size_),
        past_(program.exceedsCaches()),
        direct_(writesItself()),
        directPast_(direct_ && goesPast(program.outputs[0])) {
    for (size_t i = 0; i < program.constants.size(); i++) {
      char* to = constants_ + i * cacheLine;
      for (size_t at = 0; at < bytes_; at += size_) {
        auto narrow = static_cast<float>(program.constants[i]);
        if (program.wide) std::memcpy(to + at, &program.constants[i], 8);
        else std::memcpy(to + at, &narrow, 4);
      }
    }
    if (past_) planFetches();
  }

  static size_t memoryFor(const Program& program) {
    size_t block = blockElements * (program.wide ? 8 : 4);
    return program.constants.size() * cacheLine + (program.values + program.arrays.size()) * block;
  }

  // Elements of a first block after which the others may be written past the caches: these stores are of whole lines.
  size_t head() const {
    if (!directPast_) return 0;
    return -reinterpret_cast<uintptr_t>(program_.outputs[0].to.data) % cacheLine / size_;
  }

  void block(size_t start, size_t elements, Partial* partials, size_t stride) {
    start_ = start;
    size_t perRegister = bytes_ / size_;
    size_t registers = (elements + perRegister - 1) / perRegister;
    bool whole = registers * perRegister == elements;
    readInputs(elements, whole);
    size_t count = program_.instructions.size();
    for (size_t i = 0; i < count; i++) {
      if (past_ && fetches_.empty()) fetchNext(i, count);
      const Instruction& instruction = program_.instructions[i];
      Operand from[3] = {find(instruction.from[0]), find(instruction.from[1]), find(instruction.from[2])};
      bool last = whole && direct_ && i + 1 == count;
      char* to = last ? target(program_.outputs[0]) : value(instruction.to);
      loops_.operations[instruction.operation](to, from, registers, last && directPast_, fetch(i));
    }
    for (size_t i = 0; i < program_.reductions.size(); i++) {
      partials[i * stride] = reduce(program_.reductions[i], elements);
    }
    if (whole && direct_) return;
    for (const Output& output : program_.outputs) {
      (goesPast(output) ? loops_.stream : loops_.write[output.to.type])(target(output), value(output.from), elements);
    }
  }

 private:
  int native() const { return program_.wide ? 9 : 8; }
  char* value(uint32_t index) const { return values_ + index * blockElements * size_; }
  char* copy(uint32_t index) const { return copies_ + index * blockElements * size_; }
  char* target(const Output& output) const { return output.to.data + start_ * elementBytes(output.to.type); }

  // Whether an array that is written lies where one is read: its lines are in the cache then.
  bool isRead(const Array& to) const {
    for (const Array& array : program_.arrays) {
      if (array.data == to.data) return true;
    }
    return false;
  }

  bool goesPast(const Output& output) const {
    return past_ && output.to.type == native() && !isRead(output.to);
  }

  // Whether the last instruction may write to the only output instead of a value.
  bool writesItself() const {
    if (program_.outputs.size() != 1 || !program_.reductions.empty() || program_.instructions.empty()) return false;
    const Output& output = program_.outputs[0];
    return output.to.type == native() && program_.instructions.back().to == output.from;
  }

  // Asks for a part of what the next block reads: all at its first instruction, memory would rest during the others.
  void fetchNext(size_t part, size_t parts) const {
    for (const Array& array : program_.arrays) {
      size_t bytes = blockElements * elementBytes(array.type);
      const char* next = array.data + start_ * elementBytes(array.type) + bytes;
      for (size_t at = bytes * part / parts; at < bytes * (part + 1) / parts; at += cacheLine) {
        __builtin_prefetch(next + at);
      }
    }
  }
  // Where there is much to compute for each array memory is to be busy all the time: every instruction asks for a part of
  // one array while it works.
  void planFetches() {
    size_t arrays = program_.arrays.size(), count = program_.instructions.size();
    if (arrays == 0 || arrays >= count) return;
    for (size_t i = 0; i < count; i++) {
      const Array& array = program_.arrays[i % arrays];
      size_t shares = (count - i % arrays + arrays - 1) / arrays;
      size_t bytes = elementBytes(array.type), share = blockElements * bytes / shares;
      const char* next = array.data + blockElements * bytes + share * (i / arrays);
      fetches_.push_back({next, bytes, share / (blockElements * size_ / bytes_)});
    }
  }
  Fetch fetch(size_t instruction) const {
    if (fetches_.empty()) return {constants_, 0};
    const Ahead& ahead = fetches_[instruction];
    return {ahead.next + start_ * ahead.elementBytes, ahead.step};
  }

  void readInputs(size_t elements, bool whole) {
    copied_ = !whole;
    for (uint32_t i = 0; i < program_.arrays.size(); i++) {
      const Array& array = program_.arrays[i];
      if (array.type == native() && whole) continue;
      loops_.read[array.type](copy(i), array.data + start_ * elementBytes(array.type), elements);
      // Loops work on whole registers: what follows must be numbers that cost nothing.
      size_t padded = (elements * size_ + bytes_ - 1) / bytes_ * bytes_;
      std::memset(copy(i) + elements * size_, 0, padded - elements * size_);
    }
  }

  Operand find(Source source) const {
    switch (source.place) {
      case Place::value:
        return {value(source.index), bytes_};
      case Place::array: {
        const Array& array = program_.arrays[source.index];
        if (array.type == native() && !copied_) return {array.data + start_ * size_, bytes_};
        return {copy(source.index), bytes_};
      }
      case Place::constant:
        break;
    }
    return {constants_ + source.index * cacheLine, 0};
  }

  Partial reduce(const Reduced& reduced, size_t elements) const {
    const char* a = find(reduced.a).data;
    switch (reduced.kind) {
      case Reduction::sum:
        return {loops_.sum(a, a, elements), 0};
      case Reduction::dot:
        return {loops_.dot(a, find(reduced.b).data, elements), 0};
      case Reduction::min:
        return {loops_.least(a, elements), 0};
      case Reduction::max:
        return {loops_.greatest(a, elements), 0};
      case Reduction::argMin:
      case Reduction::argMax:
        break;
    }
    double best = (reduced.kind == Reduction::argMin ? loops_.least : loops_.greatest)(a, elements);
    return {best, static_cast<double>(start_ + loops_.locate(a, elements, best))};
  }

  const Program& program_;
  const size_t bytes_, size_;
  const TypeLoops& loops_;
  char* constants_;
  char* values_;
  char* copies_;
  // The arrays exceed the caches.
  const bool past_;
  const bool direct_;
  // The last instruction writes past the caches.
  const bool directPast_;
  // By instruction; empty where memory needs no such care.
  struct Ahead {
    const char* next;
    size_t elementBytes, step;
  };
  std::vector<Ahead> fetches_;
  size_t start_ = 0;
  bool copied_ = false;
};

// Stores past the caches are not in order with others.
void finishStreams() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

// Memory that a thread keeps from one call to the next.
char* scratch(size_t bytes) {
  static thread_local std::vector<char> memory;
  if (memory.size() < bytes + cacheLine) memory.resize(bytes + cacheLine);
  auto address = reinterpret_cast<uintptr_t>(memory.data());
  return memory.data() + (cacheLine - address % cacheLine) % cacheLine;
}

}  // namespace

void Program::run(double* results) const {
  const ExpressionLoops& loops = *loopsOf(current().load());
  auto runner = [&] { return Runner(*this, loops, scratch(Runner::memoryFor(*this))); };
  // There are no reductions then.
  size_t head = runner().head();
  if (head > 0) runner().block(0, head, nullptr, 0);
  size_t chunks = (elements - head + chunkElements - 1) / chunkElements;
  size_t kinds = reductions.size();
  std::vector<Partial> partials(chunks * kinds);
  auto chunk = [&](int64_t index) {
    Runner own = runner();
    std::vector<Partial> local(kinds * chunkBlocks);
    size_t start = head + index * chunkElements, end = std::min(elements, start + chunkElements);
    size_t count = 0;
    for (size_t at = start; at < end; at += blockElements, count++) {
      own.block(at, std::min(blockElements, end - at), local.data() + count, chunkBlocks);
    }
    for (size_t i = 0; i < kinds; i++) {
      partials[index * kinds + i] = combineAll(reductions[i].kind, local.data() + i * chunkBlocks, count, 1);
    }
    finishStreams();
  };
  if (elements * (instructions.size() + kinds) < worthSharing) {
    for (size_t i = 0; i < chunks; i++) chunk(static_cast<int64_t>(i));
  } else {
    parallelFor(static_cast<int64_t>(chunks), chunk);
  }
  for (size_t i = 0; i < kinds; i++) {
    if (chunks == 0) {
      results[i] = 0;
      continue;
    }
    Partial all = combineAll(reductions[i].kind, partials.data() + i, chunks, kinds);
    bool place = reductions[i].kind == Reduction::argMin || reductions[i].kind == Reduction::argMax;
    results[i] = place ? all.place : all.value;
  }
}

bool Program::exceedsCaches() const {
  size_t bytes = 0;
  for (const Array& array : arrays) bytes += elements * elementBytes(array.type);
  for (const Output& output : outputs) bytes += elements * elementBytes(output.to.type);
  return bytes > lastCache();
}

const char* expressionLevel(const char* wanted) {
  for (Simd level : {Simd::baseline, Simd::avx2, Simd::avx512}) {
    if (wanted != nullptr && level <= simdLevel() && std::strcmp(wanted, simdName(level)) == 0) current() = level;
  }
  return simdName(current());
}

}  // namespace tsmpi
