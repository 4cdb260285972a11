#include "storage.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "core.h"

namespace neuron_embed::emulator {

namespace {

constexpr uint8_t kUnwritten = 0xA5;               // an int32 of it is negative
constexpr size_t kFilledBytes = size_t{64} << 20;  // bytes after these stay zero
constexpr uint64_t kDeviceAlignment = 64;
constexpr size_t kExpectedUses = 8;

// Emulated physical addresses: never reused, and different on all cores.
uint64_t NextPhysicalAddress(size_t size) {
  static std::atomic<uint64_t> next{uint64_t{1} << 40};
  return next.fetch_add((size + kDeviceAlignment - 1) / kDeviceAlignment * kDeviceAlignment);
}

}  // namespace

Storage::Storage(uint8_t* data, size_t size, Core* core, bool attached)
    : data_(data),
      size_(size),
      core_(core),
      attached_(attached),
      physical_address_(core == nullptr ? 0 : NextPhysicalAddress(size)) {
  uses_.reserve(kExpectedUses);
}

std::shared_ptr<Storage> Storage::Allocate(size_t size, Core* core) {
  if (core != nullptr && !core->TakeMemory(size)) return nullptr;
  void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) {
    if (core != nullptr) core->ReturnMemory(size);
    return nullptr;
  }
  std::memset(data, kUnwritten, std::min(size, kFilledBytes));
  return std::shared_ptr<Storage>(new Storage(static_cast<uint8_t*>(data), size, core, false));
}

std::shared_ptr<Storage> Storage::Attach(void* buffer, size_t size) {
  return std::shared_ptr<Storage>(new Storage(static_cast<uint8_t*>(buffer), size, nullptr, true));
}

Storage::~Storage() {
  if (attached_) return;
  munmap(data_, size_);
  if (core_ != nullptr) core_->ReturnMemory(size_);
}

bool Storage::BeginUse(size_t begin, size_t end, Access access, bool execution, bool share_reads) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Use& use : uses_) {
    if (use.begin >= end || begin >= use.end) continue;
    const bool both_read = access == Access::kRead && use.access == Access::kRead;
    if (!both_read || (execution && use.execution && !share_reads)) return false;
  }
  uses_.push_back({begin, end, access, execution});
  return true;
}

void Storage::EndUse(size_t begin, size_t end, Access access, bool execution) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (Use& use : uses_) {
    if (use.begin == begin && use.end == end && use.access == access &&
        use.execution == execution) {
      use = uses_.back();
      uses_.pop_back();
      return;
    }
  }
}

}  // namespace neuron_embed::emulator
