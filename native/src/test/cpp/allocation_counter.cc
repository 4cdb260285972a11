#include "allocation_counter.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {
thread_local int allocations = 0;
}  // namespace

void* operator new(size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace neuron_embed::testing {

int AllocationsOfThisThread() { return allocations; }

}  // namespace neuron_embed::testing
