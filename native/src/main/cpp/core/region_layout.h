// The offsets of a model's inputs, or of its outputs, in the host memory region of a slot.

#ifndef NEURON_EMBED_CORE_REGION_LAYOUT_H_
#define NEURON_EMBED_CORE_REGION_LAYOUT_H_

#include <cstddef>
#include <vector>

namespace neuron_embed {

// Each tensor starts at a multiple of 64 bytes (a cache line). A tensor that fits into a page does
// not extend into a second one, because the driver pins the pages of a transfer one by one.
struct RegionLayout {
  static constexpr size_t kTensorAlignment = 64;

  // `sizes` in bytes, each positive; `page_size` a power of two. Throws Error(kNeff) if the sum
  // does not fit into a size_t.
  RegionLayout(const std::vector<size_t>& sizes, size_t page_size);

  std::vector<size_t> offsets;  // bytes, in the order of `sizes`
  size_t size = 0;              // bytes, a multiple of the page size
};

// The size of a page of this machine in bytes. Every region has this alignment.
size_t PageSize();

}  // namespace neuron_embed

#endif  // NEURON_EMBED_CORE_REGION_LAYOUT_H_
