// One piece of memory, cut into aligned arrays once.

#ifndef NEURON_EMBED_ENCODER_ARENA_H_
#define NEURON_EMBED_ENCODER_ARENA_H_

#include <cstddef>
#include <cstdint>
#include <new>

namespace neuron_embed::encoder {

// The caller makes the same calls twice: before Allocate() they only count bytes, after it they
// return arrays. Arrays begin at multiples of 64 bytes.
class Arena {
 public:
  Arena() = default;
  ~Arena() { Free(); }

  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Ends the counting and allocates the memory, filled with zeros.
  void Allocate() {
    bytes_ = end_;
    base_ = static_cast<uint8_t*>(::operator new (bytes_ + 1, std::align_val_t{kAlignment}));
    for (size_t i = 0; i < bytes_; ++i) base_[i] = 0;
    end_ = 0;
  }

  template <typename T>
  T* Take(size_t count) {
    uint8_t* taken = base_ == nullptr ? nullptr : base_ + end_;
    end_ += (count * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    return static_cast<T*>(static_cast<void*>(taken));
  }

  size_t bytes() const { return bytes_; }
  uint8_t* base() { return base_; }

 private:
  static constexpr size_t kAlignment = 64;

  void Free() {
    if (base_ != nullptr) ::operator delete (base_, std::align_val_t{kAlignment});
  }

  uint8_t* base_ = nullptr;
  size_t bytes_ = 0;
  size_t end_ = 0;
};

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_ARENA_H_
